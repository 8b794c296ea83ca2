using System.Net;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

/// <summary>A routing table beside a naive one: sets of peers, over which everything is computed anew at every question.</summary>
internal sealed class RoutingTableModel
{
    private static readonly RoutingTableOptions Options = new()
    {
        Saturation = 3,
        Oversaturation = 5,
        LowWater = 2,
        MaxKnownPerBin = 6,
        MaxPerGroupInBin = 2,
        MaxPerGroup = 5,
        StaleAfter = TimeSpan.FromSeconds(90),
        ForgetAfter = TimeSpan.FromSeconds(60),
    };

    private readonly Random _random;
    private readonly OverlayAddress _self;
    private readonly RoutingTable<TestPeer> _table;
    private readonly List<TestPeer> _known = [];
    private readonly HashSet<TestPeer> _connected = [];
    private readonly HashSet<TestPeer> _everConnected = [];
    private TimeSpan _now;

    public RoutingTableModel(int seed)
    {
        _random = new Random(seed);
        _self = Addresses.Random(_random);
        _table = new RoutingTable<TestPeer>(_self, Options);
    }

    public bool Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            _now += TimeSpan.FromSeconds(_random.Next(3));
            if (!Step() || !Agrees())
            {
                return false;
            }
        }

        return true;
    }

    private bool Step()
    {
        var peer = _known.Count > 0 ? _known[_random.Next(_known.Count)] : null;
        switch (peer is null ? 0 : _random.Next(10))
        {
            case < 4:
                return Add();
            case < 7:
                _table.Connected(peer!, _now);
                _connected.Add(peer!);
                _everConnected.Add(peer!);
                return true;
            case 7:
                _table.Disconnected(peer!);
                _connected.Remove(peer!);
                return true;
            case 8:
                _table.Used(peer!, _now);
                return peer!.Failures == 0 && peer.LastUsed == _now;
            default:
                return Fail(peer!);
        }
    }

    private bool Add()
    {
        var bin = _random.Next(6);
        var group = NetworkGroup.Of(new IPAddress([198, 51, (byte)_random.Next(8), 1]));
        var peer = new TestPeer(Addresses.At(_self, bin, _random), group);
        var before = _known.Where(MayGo).ToHashSet();
        var (inBin, inGroup) = (_known.Where(each => each.ProximityOrder == bin).ToList(), _known.Where(each => each.Group == group).ToList());
        var crowdedBy = inBin.Count(each => each.Group == group) >= Options.MaxPerGroupInBin ? inBin.Where(each => each.Group == group)
            : inGroup.Count >= Options.MaxPerGroup ? inGroup
            : null;
        var outcome = _table.Add(peer, _now);
        var gone = _known.Where(each => !_table.TryFind(each.Address, out _)).ToList();
        gone.ForEach(each => Forget(each));
        var isAsExpected = outcome switch
        {
            RoutingOutcome.Crowded => crowdedBy is not null && !crowdedBy.Any(before.Contains) && gone.Count == 0,
            RoutingOutcome.Full => inBin.Count >= Options.MaxKnownPerBin && gone.Count == 0 && !inBin.Any(before.Contains),
            RoutingOutcome.Added => gone.TrueForAll(before.Contains) && gone.Count <= 2
                && (crowdedBy is null || gone.Exists(each => each.Group == group))
                && (gone.Count == 0 || crowdedBy is not null || inBin.Count == Options.MaxKnownPerBin),
            _ => false,
        };
        if (outcome == RoutingOutcome.Added)
        {
            _known.Add(peer);
        }

        return isAsExpected;
    }

    private bool Fail(TestPeer peer)
    {
        var isGivenUp = peer.Failures + 1 >= Options.MaxFailures && _connected.Any(each => each != peer);
        var staysKnown = _everConnected.Contains(peer) && _now - peer.LastUsed < Options.ForgetAfter;
        if (_table.Failed(peer, _now) != isGivenUp)
        {
            return false;
        }

        if (isGivenUp && staysKnown)
        {
            _connected.Remove(peer);
        }
        else if (isGivenUp)
        {
            Forget(peer);
        }

        return true;
    }

    private bool MayGo(TestPeer peer) => !_connected.Contains(peer) && (peer.Failures > 0 || _now - peer.LastUsed > Options.StaleAfter);

    private bool Forget(TestPeer peer)
    {
        _connected.Remove(peer);
        return _known.Remove(peer);
    }

    private bool Agrees()
    {
        var key = Addresses.Random(_random);
        return _table.KnownCount == _known.Count
            && _table.ConnectedCount == _connected.Count
            && _known.TrueForAll(peer => peer.IsConnected == _connected.Contains(peer))
            && Nearest(key, connectedOnly: false).SequenceEqual(_known.OrderBy(peer => Addresses.Distance(key, peer.Address)).Take(5))
            && Nearest(key, connectedOnly: true).SequenceEqual(_connected.OrderBy(peer => Addresses.Distance(key, peer.Address)).Take(5))
            && Enumerable.Range(0, 8).All(bin =>
                _table.Known(bin).ToArray().ToHashSet().SetEquals(_known.Where(peer => _self.Proximity(peer.Address) == bin))
                && _table.Connected(bin).ToArray().ToHashSet().SetEquals(_connected.Where(peer => _self.Proximity(peer.Address) == bin)))
            && _table.Bins.SequenceEqual(
                from peer in _known
                group peer by _self.Proximity(peer.Address) into bin
                orderby bin.Key
                select new OverlayBin(bin.Key, bin.Count(_connected.Contains), bin.Count()))
            && _known.GroupBy(peer => peer.Group).All(group => group.Count() <= Options.MaxPerGroup)
            && _table.Depth == NaiveDepth();
    }

    private TestPeer[] Nearest(OverlayAddress key, bool connectedOnly)
    {
        var nearest = new TestPeer[5];
        return nearest[.._table.Closest(key, nearest, connectedOnly)];
    }

    /// <summary>The three terms as they are written down, each on its own.</summary>
    private int NaiveDepth()
    {
        var orders = _connected.Select(peer => _self.Proximity(peer.Address)).OrderDescending().ToList();
        if (orders.Count < Options.LowWater)
        {
            return 0;
        }

        var bins = Enumerable.Range(0, 257).ToList();
        var unsaturated = bins.First(bin => orders.Count(order => order == bin) < Options.Saturation);
        var empty = bins.First(bin => !orders.Contains(bin));
        return Math.Min(Math.Min(unsaturated, empty), orders[Options.LowWater - 1]);
    }
}
