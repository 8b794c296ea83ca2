using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

public class RoutingTableTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly Random _random = new(1);
    private readonly OverlayAddress _self;

    public RoutingTableTests() => _self = Addresses.Random(_random);

    [Fact]
    public void Whatever_happens_bins_depth_and_the_nearest_are_those_of_a_naive_table() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => new RoutingTableModel(seed).Run(steps: 400)).QuickCheckThrowOnFailure();

    [Fact]
    public void A_table_refuses_its_own_address_and_keeps_the_first_of_two_with_one_address()
    {
        var table = Table();
        var first = new TestPeer(Addresses.Random(_random));
        Assert.Equal(RoutingOutcome.Self, table.Add(new TestPeer(_self), default));
        Assert.Equal(RoutingOutcome.Added, table.Add(first, default));
        Assert.Equal(RoutingOutcome.Known, table.Add(new TestPeer(first.Address), default));
        Assert.True(table.TryFind(first.Address, out var found));
        Assert.Same(first, found);
    }

    [Fact]
    public void Depth_is_the_first_bin_that_is_not_saturated_but_never_deeper_than_three_peers_reach()
    {
        var table = Table();
        Connect(table, bin: 0, count: 8);
        Assert.Equal(0, table.Depth);
        Connect(table, bin: 1, count: 8);
        Assert.Equal(1, table.Depth);
        Connect(table, bin: 2, count: 7);
        Assert.Equal(2, table.Depth);
        Connect(table, bin: 2, count: 1);
        Assert.Equal(2, table.Depth);
        Connect(table, bin: 9, count: 2);
        Assert.Equal(2, table.Depth);
        Connect(table, bin: 9, count: 1);
        Assert.Equal(3, table.Depth);
        Connect(table, bin: 3, count: 8);
        Assert.Equal(4, table.Depth);
        table.Disconnected(table.Connected(1)[0]);
        Assert.Equal(1, table.Depth);
    }

    [Fact]
    public void Known_peers_that_are_not_connected_do_not_deepen_the_neighbourhood()
    {
        var table = Table();
        for (var bin = 0; bin < 10; bin++)
        {
            Add(table, bin, count: 20);
        }

        Assert.Equal(0, table.Depth);
    }

    [Fact]
    public void A_full_bin_of_live_peers_takes_no_newcomer()
    {
        var table = Table(new() { MaxKnownPerBin = 20 });
        var old = Add(table, bin: 3, count: 20);
        Assert.Equal(RoutingOutcome.Full, table.Add(Peer(3), Minute));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(4), Minute));
        Assert.All(old, peer => Assert.True(table.TryFind(peer.Address, out _)));
    }

    [Fact]
    public void In_a_full_bin_the_peer_that_failed_most_gives_way_then_the_one_silent_for_longest()
    {
        var table = Table(new() { MaxKnownPerBin = 20, StaleAfter = 60 * Minute });
        var old = Add(table, bin: 3, count: 20);
        table.Failed(old[4], Minute);
        table.Failed(old[5], Minute);
        table.Failed(old[5], Minute);
        table.Connected(old[6], Minute);
        table.Failed(old[6], Minute);
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(3), 2 * Minute));
        Assert.False(table.TryFind(old[5].Address, out _));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(3), 2 * Minute));
        Assert.False(table.TryFind(old[4].Address, out _));

        // The connected one has failed too, and stays.
        Assert.Equal(RoutingOutcome.Full, table.Add(Peer(3), 2 * Minute));

        foreach (var peer in old.Where(peer => table.TryFind(peer.Address, out _) && peer != old[9]))
        {
            table.Used(peer, 10 * Minute);
        }

        Assert.Equal(RoutingOutcome.Full, table.Add(Peer(3), 60 * Minute));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(3), 61 * Minute));
        Assert.False(table.TryFind(old[9].Address, out _));
    }

    [Fact]
    public void A_sign_of_life_clears_failures()
    {
        var table = Table();
        var (peer, _) = (Add(table, bin: 0, count: 1)[0], Connect(table, bin: 1, count: 1));
        Assert.False(table.Failed(peer, Minute));
        Assert.False(table.Failed(peer, Minute));
        table.Used(peer, Minute);
        Assert.Equal(0, peer.Failures);
        Assert.False(table.Failed(peer, Minute));
        Assert.False(table.Failed(peer, Minute));
        Assert.True(table.Failed(peer, Minute));
        Assert.False(table.TryFind(peer.Address, out _));
        Assert.Throws<InvalidOperationException>(() => table.Used(peer, Minute));
    }

    [Fact]
    public void A_node_without_any_connection_blames_itself_and_forgets_nobody()
    {
        var table = Table();
        var known = Add(table, bin: 0, count: 5);
        foreach (var peer in known.Concat(known).Concat(known).Concat(known))
        {
            Assert.False(table.Failed(peer, Minute));
        }

        Assert.Equal(5, table.KnownCount);

        // Its only connection failing is no news of others either.
        table.Connected(known[0], Minute);
        Assert.False(table.Failed(known[0], Minute));
        Assert.False(table.Failed(known[0], Minute));
        Assert.False(table.Failed(known[0], Minute));
        Assert.True(table.Failed(known[1], Minute));
    }

    [Fact]
    public void A_peer_that_is_given_up_stays_known_for_half_an_hour_if_it_once_was_connected()
    {
        var table = Table(new() { MaxKnownPerBin = 18 });
        var peer = Connect(table, bin: 3, count: 1)[0];
        Connect(table, bin: 1, count: 1);
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(_ => table.Failed(peer, Minute)));
        Assert.False(peer.IsConnected);
        Assert.Empty(table.Connected(3).ToArray());
        Assert.True(table.Contains(peer));
        Assert.True(table.Failed(peer, 29 * Minute));
        Assert.True(table.Contains(peer));

        // It keeps nobody out.
        Add(table, bin: 3, count: 17);
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(3), 29 * Minute));
        Assert.False(table.Contains(peer));

        var other = Connect(table, bin: 4, count: 1)[0];
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(_ => table.Failed(other, 30 * Minute)));
        Assert.False(table.Contains(other));
    }

    [Fact]
    public void A_bin_takes_two_peers_of_a_network_group_and_any_number_without_one()
    {
        var table = Table();
        var group = Group("198.51.100.1");
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(2, group), default));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(2, group), default));
        Assert.Equal(RoutingOutcome.Crowded, table.Add(Peer(2, group), default));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(3, group), default));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(2, Group("198.51.101.1")), default));
        Assert.Equal(10, Add(table, bin: 2, count: 10).Count);
    }

    [Fact]
    public void A_thousand_peers_of_one_network_get_ten_places_in_all()
    {
        var table = Table();
        var group = Group("2001:db8::1");
        var outcomes = Enumerable.Range(0, 1000).Select(i => table.Add(Peer(i % 40, group), default)).ToList();
        Assert.Equal(10, outcomes.Count(outcome => outcome == RoutingOutcome.Added));
        Assert.Equal(10, table.KnownCount);
        table.Remove(table.Known(0)[0]);
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(39, group), default));
    }

    [Fact]
    public void In_a_crowded_group_a_peer_that_fails_gives_way_to_another_of_its_group_and_to_nobody_else()
    {
        var table = Table(new() { MaxKnownPerBin = 18 });
        var group = Group("198.51.100.1");
        var (live, failing) = (Peer(2, group), Peer(2, group));
        table.Add(live, default);
        table.Add(failing, default);
        var others = Add(table, bin: 2, count: 16);
        table.Failed(others[0], Minute);
        table.Failed(failing, Minute);
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(2, group), Minute));
        Assert.False(table.TryFind(failing.Address, out _));
        Assert.True(table.TryFind(others[0].Address, out _));
        Assert.Equal(RoutingOutcome.Crowded, table.Add(Peer(2, group), Minute));
    }

    [Fact]
    public void A_peer_that_is_refused_for_a_full_bin_costs_nobody_of_its_group_a_place()
    {
        var table = Table(new() { MaxKnownPerBin = 18, Oversaturation = 18, MaxPerGroup = 2 });
        var group = Group("198.51.100.1");
        var failing = Peer(5, group);
        table.Add(failing, default);
        table.Add(Peer(5, group), default);
        table.Failed(failing, Minute);
        Add(table, bin: 2, count: 18);
        Assert.Equal(RoutingOutcome.Full, table.Add(Peer(2, group), Minute));
        Assert.True(table.TryFind(failing.Address, out _));
    }

    [Fact]
    public void A_peer_that_moves_counts_in_its_new_group_if_there_is_room()
    {
        var table = Table();
        var (crowded, free) = (Group("198.51.100.1"), Group("203.0.113.1"));
        table.Add(Peer(2, crowded), default);
        table.Add(Peer(2, crowded), default);
        var mover = Peer(2, free);
        table.Add(mover, default);
        Assert.False(table.TryRegroup(mover, crowded));
        Assert.Equal(free, mover.Group);
        Assert.True(table.TryRegroup(mover, NetworkGroup.None));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(2, free), default));
        Assert.Equal(RoutingOutcome.Added, table.Add(Peer(2, free), default));
        Assert.Equal(RoutingOutcome.Crowded, table.Add(Peer(2, free), default));
        table.Remove(table.Known(2)[0]);
        Assert.True(table.TryRegroup(mover, crowded));
    }

    [Fact]
    public void The_slots_of_a_bin_are_told_apart_by_the_four_bits_after_the_one_that_differs()
    {
        var address = OverlayAddress.FromBytes([0b0001_0110, .. new byte[31]]);
        Assert.Equal(0b0110, RoutingTable<TestPeer>.SlotOf(address, 3));
        Assert.Equal(0b1000, RoutingTable<TestPeer>.SlotOf(OverlayAddress.FromBytes([.. new byte[31], 1]), 254));
    }

    [Fact]
    public void A_peer_of_another_table_is_no_peer_of_this_one()
    {
        var (table, other) = (Table(), Table());
        var peer = Add(other, bin: 0, count: 1)[0];
        Add(table, bin: 0, count: 1);
        Assert.Throws<InvalidOperationException>(() => table.Connected(peer, default));
        Assert.Throws<InvalidOperationException>(() => table.Remove(peer));
        Assert.Equal(1, other.KnownCount);
    }

    [Fact]
    public void The_nearest_of_all_and_the_nearest_that_are_connected_are_told_apart()
    {
        var table = Table(new() { MaxKnownPerBin = int.MaxValue });
        var known = Enumerable.Range(0, 1000).Select(_ => new TestPeer(Addresses.Random(_random))).ToList();
        known.ForEach(peer => table.Add(peer, default));
        known.Where((_, i) => i % 3 == 0).ToList().ForEach(peer => table.Connected(peer, default));
        var key = Addresses.Random(_random);
        var nearest = new TestPeer[16];
        Assert.Equal(16, table.Closest(key, nearest));
        Assert.Equal(known.OrderBy(peer => Addresses.Distance(key, peer.Address)).Take(16), nearest);
        Assert.Equal(16, table.Closest(key, nearest, connectedOnly: true));
        Assert.Equal(known.Where(peer => peer.IsConnected).OrderBy(peer => Addresses.Distance(key, peer.Address)).Take(16), nearest);
    }

    [Fact]
    public void A_table_of_300_peers_is_small_enough_to_have_ten_thousand_of_them()
    {
        var peers = Enumerable.Range(0, 300).Select(_ => new TestPeer(Addresses.Random(_random))).ToList();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var table = Table(new() { MaxKnownPerBin = 150 });
        foreach (var peer in peers)
        {
            table.Add(peer, default);
            table.Connected(peer, default);
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / peers.Count, 1, 256);
    }

    [Fact]
    public void Options_that_contradict_each_other_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Table(new() { MaxKnownPerBin = 17 }));

    private RoutingTable<TestPeer> Table(RoutingTableOptions? options = null) => new(_self, options ?? RoutingTableOptions.Default);

    private TestPeer Peer(int bin, NetworkGroup group = default) => new(Addresses.At(_self, bin, _random), group);

    private static NetworkGroup Group(string ip) => NetworkGroup.Of(IPAddress.Parse(ip));

    private List<TestPeer> Add(RoutingTable<TestPeer> table, int bin, int count)
    {
        var peers = Enumerable.Range(0, count).Select(_ => Peer(bin)).ToList();
        Assert.All(peers, peer => Assert.Equal(RoutingOutcome.Added, table.Add(peer, default)));
        return peers;
    }

    private List<TestPeer> Connect(RoutingTable<TestPeer> table, int bin, int count)
    {
        var peers = Add(table, bin, count);
        peers.ForEach(peer => table.Connected(peer, default));
        return peers;
    }
}
