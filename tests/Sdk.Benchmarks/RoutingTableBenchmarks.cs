using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Sdk.Core.Addressing;

namespace Sdk.Benchmarks;

/// <summary>
/// The 16 nearest of a hundred thousand known peers, as every answer to a lookup and every hop of a forwarded message asks for them; each
/// call for another key. The baseline looks at every peer once and keeps the 16 best.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
public class RoutingTableBenchmarks
{
    private const int Peers = 100_000;
    private const int Keys = 4096;
    private const int Wanted = 16;

    private readonly List<Peer> _peers = [];
    private readonly OverlayAddress[] _keys = new OverlayAddress[Keys];
    private readonly Peer[] _nearest = new Peer[Wanted];
    private RoutingTable<Peer> _table = null!;
    private uint _next;

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _table = new RoutingTable<Peer>(Address(random), new RoutingTableOptions { MaxKnownPerBin = int.MaxValue });
        for (int i = 0; i < Peers; i++)
        {
            Peer peer = new(Address(random));
            _peers.Add(peer);
            _table.Add(peer, default);
        }

        for (int i = 0; i < Keys; i++)
        {
            _keys[i] = Address(random);
        }
    }

    [BenchmarkCategory("Closest"), Benchmark(Baseline = true, Description = "Scan of all")]
    public int Scan()
    {
        OverlayAddress key = NextKey();
        int count = 0;
        foreach (Peer peer in _peers)
        {
            if (count == Wanted && OverlayAddress.CompareDistance(key, peer.Address, _nearest[Wanted - 1].Address) > 0)
            {
                continue;
            }

            int place = count == Wanted ? Wanted - 1 : count++;
            for (; place > 0 && OverlayAddress.CompareDistance(key, peer.Address, _nearest[place - 1].Address) < 0; place--)
            {
                _nearest[place] = _nearest[place - 1];
            }

            _nearest[place] = peer;
        }

        return count;
    }

    [BenchmarkCategory("Closest"), Benchmark(Description = "Closest 16 of 100 000")]
    public int Closest() => _table.Closest(NextKey(), _nearest);

    [BenchmarkCategory("Change"), Benchmark(Description = "A peer connects and disconnects")]
    public int ConnectAndDisconnect()
    {
        Peer peer = _peers[(int)(_next++ % Peers)];
        _table.Connected(peer, default);
        _table.Disconnected(peer);
        return _table.Depth;
    }

    private static OverlayAddress Address(Random random)
    {
        byte[] bytes = new byte[OverlayAddress.LengthBytes];
        random.NextBytes(bytes);
        return OverlayAddress.FromBytes(bytes);
    }

    private OverlayAddress NextKey() => _keys[_next++ % Keys];

    private sealed class Peer(OverlayAddress address) : RoutingPeer(address, NetworkGroup.None);
}
