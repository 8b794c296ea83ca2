using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Tests.Addressing;

namespace Sdk.Core.Tests.Overlay.Routing;

public class TopologyTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Random _random = new(1);
    private readonly OverlayAddress _self;
    private readonly RoutingTable<TestPeer> _table;
    private readonly Topology<TestPeer> _topology;

    public TopologyTests()
    {
        _self = Addresses.Random(_random);
        _table = new RoutingTable<TestPeer>(_self, RoutingTableOptions.Default);
        _topology = new Topology<TestPeer>(_table, TopologyOptions.Default);
    }

    [Fact]
    public void The_neighbourhood_is_dialled_first_and_all_of_it()
    {
        ConnectEach(bin: 0, slots: [0, 2, 4, 6, 8, 10, 12, 14]);
        var shallow = Add(bin: 1, count: 20);
        var neighbours = Add(bin: 2, count: 6).Concat(Add(bin: 3, count: 3)).ToList();
        var dials = Dials(Second, places: 9);
        Assert.Equal(neighbours.ToHashSet(), dials.ToHashSet());
        dials = Dials(2 * Second);
        Assert.Equal(TopologyOptions.Default.MaxDialing - neighbours.Count, dials.Count);
        Assert.All(dials, dial => Assert.Contains(dial, shallow));
    }

    [Fact]
    public void A_node_that_joins_dials_as_many_as_its_bins_take_and_not_all_that_it_hears_of()
    {
        for (var bin = 0; bin < 4; bin++)
        {
            Add(bin, count: 60);
        }

        Add(bin: 4, count: 5);
        for (var now = Second; now < 60 * Second; now += Second)
        {
            Dials(now).ForEach(dial => _table.Connected(dial, now));
        }

        Assert.Equal([8, 8, 8, 8, 5], _table.Bins.Select(bin => bin.Connected));
        Assert.Equal(4, _table.Depth);
    }

    [Fact]
    public void Outside_the_neighbourhood_a_peer_for_an_empty_slot_comes_before_one_for_a_taken_slot()
    {
        ConnectEach(bin: 0, slots: [0, 1, 2]);
        for (var slot = 0; slot < 16; slot++)
        {
            Add(bin: 0, count: 2, slot);
        }

        MakeNeighbourhood();
        var dials = Dials(Second).Where(dial => dial.ProximityOrder == 0).ToList();
        Assert.Equal(5, dials.Count);
        Assert.Equal(8, dials.Select(Slot).Concat([0, 1, 2]).Distinct().Count());
    }

    [Fact]
    public void A_saturated_bin_outside_the_neighbourhood_is_left_as_it_is()
    {
        ConnectEach(bin: 0, slots: [0, 1, 2, 3, 4, 5, 6, 7]);
        Add(bin: 0, count: 40);
        MakeNeighbourhood();
        Assert.DoesNotContain(Dials(Second), dial => dial.ProximityOrder == 0);
    }

    [Fact]
    public void Dials_that_are_at_work_count_for_their_bin_and_against_the_limit()
    {
        MakeNeighbourhood();
        Dials(Second).ForEach(dial => _table.Connected(dial, Second));
        Add(bin: 0, count: 40);
        var first = Dials(2 * Second, places: 5);
        var second = Dials(3 * Second);
        Assert.Equal(5, first.Count);
        Assert.Equal(3, second.Count);
        Assert.Empty(first.Intersect(second));
        Assert.Empty(Dials(4 * Second));

        // One fails: another takes its place, and no more than one.
        _table.Failed(first[0], 4 * Second);
        var third = Assert.Single(Dials(4 * Second));
        Assert.NotEqual(first[0], third);
    }

    [Fact]
    public void No_more_are_dialled_at_a_time_than_may_be()
    {
        Add(bin: 0, count: 4);
        Add(bin: 1, count: 4);
        Add(bin: 2, count: 4);
        Add(bin: 3, count: 7);
        Assert.Equal(16, Dials(Second, places: 100).Count);
        Assert.Empty(Dials(2 * Second, places: 100));
        Assert.Equal(3, Dials(31 * Second, places: 100).Count);
    }

    [Fact]
    public void A_peer_that_failed_is_dialled_again_only_after_a_pause_that_doubles()
    {
        var peer = Add(bin: 0, count: 1)[0];
        ConnectEach(bin: 1, slots: [0]);
        var dialledAt = new List<TimeSpan>();
        for (var now = Second; _table.Contains(peer); now += Second)
        {
            if (Dials(now).Contains(peer))
            {
                dialledAt.Add(now);
                _table.Failed(peer, now);
            }
        }

        Assert.Equal([1 * Second, 6 * Second, 16 * Second], dialledAt);
    }

    [Fact]
    public void A_peer_that_was_once_connected_is_tried_for_half_an_hour_and_then_forgotten()
    {
        var peer = Add(bin: 0, count: 1)[0];
        ConnectEach(bin: 1, slots: [0]);
        _table.Connected(peer, Second);
        _table.Disconnected(peer);
        var dialledAt = new List<TimeSpan>();
        for (var now = Second; _table.Contains(peer); now += Second)
        {
            Assert.True(now < TimeSpan.FromMinutes(33));
            if (Dials(now).Contains(peer))
            {
                dialledAt.Add(now);
                _table.Failed(peer, now);
            }
        }

        Assert.Equal([1 * Second, 6 * Second, 16 * Second, 36 * Second, 76 * Second, 156 * Second, 276 * Second], dialledAt.Take(7));
        Assert.InRange(dialledAt[^1], TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(33));
    }

    [Fact]
    public void A_node_that_has_lost_all_connections_tries_everybody_every_few_seconds()
    {
        var peers = Add(bin: 0, count: 3);
        for (var i = 0; i < 20; i++)
        {
            peers.ForEach(peer => _table.Failed(peer, Second));
        }

        Assert.Empty(Dials(5 * Second));
        Assert.Equal(3, Dials(6 * Second).Count);
    }

    [Fact]
    public void A_peer_that_lets_go_of_us_is_not_dialled_again_at_once()
    {
        var peer = Add(bin: 0, count: 1)[0];
        Assert.Single(Dials(Second));
        _table.Connected(peer, 2 * Second);
        _table.Disconnected(peer);
        Assert.Empty(Dials(3 * Second));
        Assert.Empty(Dials(60 * Second));
        Assert.Single(Dials(61 * Second));
    }

    [Fact]
    public void A_dial_whose_peer_was_forgotten_is_over()
    {
        Add(bin: 3, count: 16);
        var dials = Dials(Second);
        Assert.Equal(16, dials.Count);
        dials.ForEach(_table.Remove);
        Add(bin: 3, count: 16);
        Assert.Equal(16, Dials(2 * Second).Count);
    }

    [Fact]
    public void News_of_the_table_are_noticed_when_there_was_nobody_to_dial_before()
    {
        Assert.Empty(Dials(Second));
        var peer = Add(bin: 0, count: 1)[0];
        Assert.Equal([peer], Dials(Second));
        _table.Failed(peer, Second);
        Assert.Empty(Dials(2 * Second));
        _table.Used(peer, 2 * Second);
        Assert.Empty(Dials(3 * Second));
        Assert.Equal([peer], Dials(61 * Second));
    }

    [Fact]
    public void Pruning_leaves_what_oversaturation_allows_and_never_empties_a_slot() => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var random = new Random(seed);
        var self = Addresses.Random(random);
        var table = new RoutingTable<TestPeer>(self, RoutingTableOptions.Default);
        var topology = new Topology<TestPeer>(table, TopologyOptions.Default);
        for (var bin = 0; bin < 4; bin++)
        {
            for (var count = random.Next(5, 40); count > 0; count--)
            {
                var peer = new TestPeer(Addresses.At(self, bin, random));
                table.Add(peer, default);
                table.Connected(peer, random.Next(100) * Second);
            }
        }

        var slots = Enumerable.Range(0, 4).Select(bin => table.Connected(bin).ToArray().Select(Slot).ToHashSet()).ToList();
        var (depth, before) = (table.Depth, table.Bins);
        var prunes = new TestPeer[100];
        var pruned = prunes[..topology.Prunes(100 * Second, prunes)];
        foreach (var peer in pruned)
        {
            table.Disconnected(peer);
        }

        return pruned.Distinct().Count() == pruned.Length
            && table.Bins.Zip(before).All(of => of.First.Connected
                == (of.Second.ProximityOrder < depth ? Math.Min(of.Second.Connected, RoutingTableOptions.Default.Oversaturation) : of.Second.Connected))
            && slots.Select((set, bin) => table.Connected(bin).ToArray().Select(Slot).ToHashSet().SetEquals(set)).All(equal => equal)
            && topology.Prunes(101 * Second, prunes) == 0;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_a_bin_that_is_pruned_the_unhealthy_go_first_and_then_the_young()
    {
        var peers = new List<TestPeer>();
        for (var i = 0; i < 22; i++)
        {
            peers.AddRange(Add(bin: 0, count: 1, slot: i % 2));
            _table.Connected(peers[i], i * Second);
        }

        MakeNeighbourhood();
        peers.ForEach(peer => _table.Used(peer, 100 * Second));
        _table.Failed(peers[3], 100 * Second);
        Assert.Equal([peers[3], peers[20], peers[21], peers[18]], Prunes(101 * Second));
    }

    [Fact]
    public void Bins_are_pruned_every_five_minutes_and_all_of_what_there_is_too_much()
    {
        for (var i = 0; i < 30; i++)
        {
            _table.Connected(Add(bin: 0, count: 1)[0], default);
        }

        MakeNeighbourhood();
        var now = Second;
        var pruned = Prunes(now, places: 8);
        Assert.Equal(8, pruned.Count);
        pruned.ForEach(_table.Disconnected);
        pruned = Prunes(now, places: 8);
        Assert.Equal(4, pruned.Count);
        Assert.Empty(Prunes(now, places: 8));
        Assert.Empty(Prunes(now + (299 * Second), places: 8));
        Assert.Equal(4, Prunes(now + (300 * Second), places: 8).Count);
    }

    [Fact]
    public void Connected_peers_that_are_silent_are_named_and_again_while_they_stay_so()
    {
        var peers = Add(bin: 0, count: 3);
        peers.ForEach(peer => _table.Connected(peer, default));
        Assert.Empty(Pings(12 * Second));
        _table.Used(peers[1], 14 * Second);
        Assert.Equal([peers[0], peers[2]], Pings(15 * Second));
        _table.Used(peers[0], 16 * Second);
        Assert.Empty(Pings(19 * Second));
        Assert.Equal([peers[2]], Pings(20 * Second));
        Assert.Equal([peers[1], peers[2]], Pings(29 * Second));
    }

    [Fact]
    public void When_more_are_silent_than_there_is_place_for_the_others_come_next()
    {
        var peers = Add(bin: 0, count: 5).Concat(Add(bin: 1, count: 5)).Concat(Add(bin: 2, count: 5)).ToList();
        peers.ForEach(peer => _table.Connected(peer, default));
        var first = Pings(25 * Second, places: 5);
        var second = Pings(25 * Second, places: 5);
        var third = Pings(25 * Second, places: 5);
        Assert.Equal(peers.ToHashSet(), first.Concat(second).Concat(third).ToHashSet());
    }

    [Fact]
    public void Of_two_silent_peers_the_one_with_the_lower_address_asks_first()
    {
        var peers = Add(bin: 0, count: 7).Concat(Add(bin: 1, count: 8)).ToList();
        peers.ForEach(peer => _table.Connected(peer, default));
        Assert.Equal(peers.Where(peer => peer.Address > _table.Self).ToHashSet(), Pings(15 * Second, places: 16).ToHashSet());
        Assert.Equal(peers.ToHashSet(), Pings(25 * Second, places: 16).ToHashSet());
    }

    [Fact]
    public void While_all_is_calm_peers_outside_the_neighbourhood_are_asked_less_often()
    {
        var (far, neighbours) = ConnectFarAndNear();
        Assert.Equal(neighbours, Pings(25 * Second, places: 32).ToHashSet());
        neighbours.ToList().ForEach(peer => _table.Used(peer, 54 * Second));
        Assert.Equal(far, Pings(55 * Second, places: 32).ToHashSet());
    }

    [Fact]
    public void When_two_miss_an_answer_in_a_short_time_all_are_asked_soon_and_one_alone_is_no_alarm()
    {
        var (far, neighbours) = ConnectFarAndNear();
        _topology.Missed(5 * Second);
        Assert.Equal(neighbours, Pings(25 * Second, places: 32).ToHashSet());
        neighbours.ToList().ForEach(peer => _table.Used(peer, 25 * Second));
        _topology.Missed(26 * Second);
        _topology.Missed(27 * Second);
        Assert.Equal(far, Pings(27 * Second, places: 32).ToHashSet());
    }

    [Fact]
    public void Vacancies_are_addresses_in_the_slots_in_which_nobody_lives_and_in_no_others() => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var random = new Random(seed);
        var self = Addresses.Random(random);
        var table = new RoutingTable<TestPeer>(self, RoutingTableOptions.Default);
        var topology = new Topology<TestPeer>(table, TopologyOptions.Default);
        for (var i = 0; i < 60; i++)
        {
            var peer = new TestPeer(Addresses.At(self, random.Next(3), random));
            table.Add(peer, default);
            if (i % 3 == 0)
            {
                table.Failed(peer, default);
            }
            else
            {
                table.Connected(peer, default);
            }
        }

        var expected =
            from bin in Enumerable.Range(0, table.Depth + 1)
            from slot in Enumerable.Range(0, 16)
            where !table.Known(bin).ToArray().Any(peer => peer.Failures == 0 && Slot(peer) == slot)
            select (bin, slot);
        var places = new OverlayAddress[random.Next(1, 60)];
        var vacancies = places[..topology.Vacancies(random, places)]
            .Select(address => (self.Proximity(address), RoutingTable<TestPeer>.SlotOf(address, self.Proximity(address)))).ToList();
        return vacancies.ToHashSet().IsSubsetOf(expected)
            && vacancies.Distinct().Count() == Math.Min(places.Length, expected.Count());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Asking_a_table_that_rests_allocates_nothing()
    {
        for (var bin = 0; bin < 4; bin++)
        {
            ConnectEach(bin, [0, 1, 2, 3, 4, 5, 6, 7]);
        }

        var places = new TestPeer[16];
        _topology.NextDials(Second, places);
        _topology.Pings(Second, places);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 2; i < 100; i++)
        {
            _topology.NextDials(i * Second, places);
            _topology.Pings(i * Second, places);
            _topology.Prunes(i * Second, places);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private (HashSet<TestPeer> Far, HashSet<TestPeer> Neighbours) ConnectFarAndNear()
    {
        var (far, neighbours) = (Add(bin: 0, count: 8), Add(bin: 1, count: 7));
        far.Concat(neighbours).ToList().ForEach(peer => _table.Connected(peer, default));
        Assert.Equal(1, _table.Depth);
        return ([.. far], [.. neighbours]);
    }

    private static int Slot(TestPeer peer) => RoutingTable<TestPeer>.SlotOf(peer.Address, peer.ProximityOrder);

    private List<TestPeer> Dials(TimeSpan now, int places = 16)
    {
        var dials = new TestPeer[places];
        return [.. dials.Take(_topology.NextDials(now, dials))];
    }

    private List<TestPeer> Prunes(TimeSpan now, int places = 16)
    {
        var prunes = new TestPeer[places];
        return [.. prunes.Take(_topology.Prunes(now, prunes))];
    }

    private List<TestPeer> Pings(TimeSpan now, int places = 16)
    {
        var pings = new TestPeer[places];
        return [.. pings.Take(_topology.Pings(now, pings))];
    }

    private List<TestPeer> Add(int bin, int count, int? slot = null)
    {
        var peers = new List<TestPeer>();
        while (peers.Count < count)
        {
            var address = Addresses.At(_self, bin, _random);
            if (slot is null || RoutingTable<TestPeer>.SlotOf(address, bin) == slot)
            {
                peers.Add(new TestPeer(address));
                Assert.Equal(RoutingOutcome.Added, _table.Add(peers[^1], default));
            }
        }

        return peers;
    }

    private void ConnectEach(int bin, int[] slots)
    {
        foreach (var slot in slots)
        {
            _table.Connected(Add(bin, count: 1, slot)[0], default);
        }
    }

    /// <summary>Nine connected peers in bin 1 and three in bin 9: bin 0 is outside the neighbourhood.</summary>
    private void MakeNeighbourhood()
    {
        ConnectEach(bin: 1, slots: [0, 1, 2, 3, 4, 5, 6, 7]);
        ConnectEach(bin: 9, slots: [0, 1, 2]);
    }
}
