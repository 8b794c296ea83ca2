using Sdk.Core.Addressing;
using Sdk.Core.Overlay;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>Nodes that name each other only, and never an honest one; or others that do not exist.</summary>
internal sealed class Liars
{
    private const int Named = 16;

    private readonly Dictionary<OverlayAddress, NodeRecord> _records = [];
    private readonly OverlayMap _colluders;
    private readonly OverlayMap _forged;

    /// <param name="liars">Who lies from now on.</param>
    /// <param name="forgers">How many of them name forged records.</param>
    /// <param name="forgeries">Of how many to choose.</param>
    /// <param name="random">Draws the addresses that the forged records claim.</param>
    public Liars(IReadOnlyList<SimOverlayNode> liars, int forgers, int forgeries, SimRandom random)
    {
        _colluders = Register(liars.Select(liar => liar.Record));
        _forged = Register(Enumerable.Range(0, forgeries).Select(i => OverlayKeys.Forge(liars[i % liars.Count].Record, OverlayKeys.Nonce(random))));
        for (int i = 0; i < liars.Count; i++)
        {
            OverlayMap named = i < forgers ? _forged : _colluders;
            liars[i].Lie = target => Name(named, target);
        }
    }

    private OverlayMap Register(IEnumerable<NodeRecord> records)
    {
        List<OverlayAddress> addresses = [];
        foreach (NodeRecord record in records)
        {
            _records.Add(record.Address, record);
            addresses.Add(record.Address);
        }

        return new OverlayMap(addresses);
    }

    private NodeRecord[] Name(OverlayMap map, OverlayAddress target) => [.. map.Nearest(target, Named, static _ => true).Select(place => _records[map[place]])];
}
