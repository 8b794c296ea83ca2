using Sdk.Core.Addressing;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>
/// The routing tables of a network that is whole, as numbers only: of each bin sixteen nodes, one for each way in which its addresses go on, and
/// everybody of the neighbourhood.
/// </summary>
internal sealed class LightTables
{
    /// <summary>Nodes of a bin, and of an answer.</summary>
    public const int Width = 16;

    private const int SlotBits = 4;

    private readonly OverlayMap _map;
    private readonly SimRandom _random;
    private readonly List<int>[] _tables;

    public LightTables(OverlayMap map, SimRandom random)
    {
        (_map, _random) = (map, random);
        _tables = new List<int>[map.Count];
        for (int place = 0; place < _tables.Length; place++)
        {
            _tables[place] = [];
        }

        Fill(0, map.Count, bit: 0);
    }

    /// <summary>Whom a node names: the nearest to the target that it knows.</summary>
    public int[] Nearest(int place, OverlayAddress target)
    {
        UInt128 key = OverlayMap.Key(target);
        int[] table = [.. _tables[place]];
        UInt128[] distances = new UInt128[table.Length];
        for (int i = 0; i < table.Length; i++)
        {
            distances[i] = _map.KeyAt(table[i]) ^ key;
        }

        Array.Sort(distances, table);
        return table[..Math.Min(table.Length, Width)];
    }

    /// <summary>The nodes of [low, high) share all bits before <paramref name="bit"/>: who differs in it stands in the other's bin.</summary>
    private void Fill(int low, int high, int bit)
    {
        if (high - low <= Width)
        {
            for (int place = low; place < high; place++)
            {
                _tables[place].AddRange(Enumerable.Range(low, high - low).Where(other => other != place));
            }

            return;
        }

        int split = _map.Split(low, high, bit);
        AddBin(low, split, Slots(split, high, bit + 1));
        AddBin(split, high, Slots(low, split, bit + 1));
        Fill(low, split, bit + 1);
        Fill(split, high, bit + 1);
    }

    private void AddBin(int low, int high, List<(int Low, int High)> slots)
    {
        for (int place = low; place < high; place++)
        {
            foreach ((int slotLow, int slotHigh) in slots)
            {
                _tables[place].Add(_random.Between(slotLow, slotHigh - 1));
            }
        }
    }

    /// <summary>The parts of a bin that have nodes in them; each node is a part of its own where there are few.</summary>
    private List<(int Low, int High)> Slots(int low, int high, int bit)
    {
        if (high - low <= Width)
        {
            return [.. Enumerable.Range(low, high - low).Select(place => (place, place + 1))];
        }

        List<(int Low, int High)> slots = [(low, high)];
        for (int i = 0; i < SlotBits; i++)
        {
            slots = [.. slots.SelectMany(slot => Halves(slot.Low, slot.High, bit + i)).Where(half => half.Low < half.High)];
        }

        return slots;
    }

    private (int Low, int High)[] Halves(int low, int high, int bit)
    {
        int split = _map.Split(low, high, bit);
        return [(low, split), (split, high)];
    }
}
