using Sdk.Core.Addressing;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Forwarding;
using Sdk.Core.Tests.Addressing;

namespace Sdk.Core.Tests.Overlay.Forwarding;

public class PacketForwarderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Random _random = new(1);
    private RoutingTable<TestPeer>? _table;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(300)]
    public void A_packet_for_an_address_is_delivered_once_at_the_node_nearest_to_it(int nodes)
    {
        var world = new ForwardingWorld(seed: 1, nodes);
        for (var i = 0; i < 200; i++)
        {
            var target = Addresses.Random(_random);
            var packet = world.PacketTo(target);
            var sender = world.Any();
            world.Send(sender, packet);
            world.Run();
            Assert.Equal((packet, RouteOutcome.Accepted), sender.Settled[^1]);
            var receiver = Assert.Single(world.Nodes, node => node.Delivered.Exists(each => each.Id == packet.Id));
            Assert.Same(world.NearestTo(target), receiver);
            Assert.Single(receiver.Delivered, each => each.Id == packet.Id);
        }

        // Greedy ways are short: half of log2(n) and less.
        Assert.InRange(world.Hops / 200.0, 0, Math.Log2(nodes) / 2);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(256)]
    public void A_packet_for_a_prefix_is_delivered_once_at_everybody_inside_and_at_nobody_else(int lengthBits)
    {
        var world = new ForwardingWorld(seed: 2, nodes: 300);
        for (var i = 0; i < 50; i++)
        {
            var prefix = AddressPrefix.Create(world.Any().Address, lengthBits);
            var packet = world.PacketToAll(prefix);
            var sender = world.Any();
            world.Send(sender, packet);
            world.Run();
            Assert.Equal((packet, RouteOutcome.Accepted), sender.Settled[^1]);
            foreach (var node in world.Nodes)
            {
                Assert.Equal(prefix.Contains(node.Address) ? 1 : 0, node.Delivered.Count(each => each.Id == packet.Id));
            }
        }
    }

    [Fact]
    public void A_packet_for_a_prefix_in_which_nobody_is_ends_at_the_node_nearest_to_it_and_has_no_route_there()
    {
        var world = new ForwardingWorld(seed: 2, nodes: 50);
        var empty = AddressPrefix.Create(Addresses.Random(_random), 30);
        var last = world.NearestTo(empty.First);
        foreach (var node in world.Nodes)
        {
            world.Send(node, world.PacketToAll(empty));
        }

        world.Run();
        Assert.All(world.Nodes, node => Assert.Empty(node.Delivered));
        Assert.Equal(RouteOutcome.NoRoute, Assert.Single(last.Settled).Outcome);
    }

    [Fact]
    public void A_prefix_that_holds_too_many_is_refused_by_whoever_is_asked()
    {
        var world = new ForwardingWorld(seed: 3, nodes: 300, new ForwardingOptions { MaxSpreadBits = 1 });
        var node = world.Nodes.First(each => each.Table.Depth >= 3);
        var prefix = AddressPrefix.Create(node.Address, node.Table.Depth - 2);
        Assert.Equal(RouteOutcome.TooWide, node.Forwarder.Originate(world.PacketToAll(prefix), default));
        Assert.Equal(RouteOutcome.TooWide, node.Forwarder.Receive(node.Table.Connected(0)[0], world.PacketToAll(prefix), default));
        Assert.False(node.Forwarder.TryTakeEffect(out _));
    }

    [Fact]
    public void A_packet_that_comes_again_is_taken_and_dropped()
    {
        var (forwarder, peers) = Alone();
        var packet = Packet(peers[0].Address);
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[1], packet, default));
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[2], packet, default));
        Assert.True(forwarder.TryTakePacket(peers[0], default, out var sent));
        Assert.Equal(packet.Id, sent.Id);
        Assert.False(forwarder.TryTakePacket(peers[0], default, out _));
    }

    [Fact]
    public void A_packet_is_not_sent_back_to_where_it_came_from()
    {
        var (forwarder, peers) = Alone(count: 1);
        Assert.Equal(RouteOutcome.NoRoute, forwarder.Receive(peers[0], Packet(peers[0].Address), default));
    }

    [Fact]
    public void Each_hop_costs_one_of_those_that_are_left_and_with_none_left_a_packet_goes_no_further()
    {
        var (forwarder, peers) = Alone();
        forwarder.Receive(peers[1], Packet(peers[0].Address) with { HopsLeft = 2 }, default);
        Assert.True(forwarder.TryTakePacket(peers[0], default, out var sent));
        Assert.Equal(1, sent.HopsLeft);
        Assert.Equal(RouteOutcome.NoRoute, forwarder.Receive(peers[1], Packet(peers[0].Address) with { HopsLeft = 0 }, default));
        forwarder.Receive(peers[1], Packet(peers[0].Address) with { HopsLeft = int.MaxValue }, default);
        Assert.True(forwarder.TryTakePacket(peers[0], default, out sent));
        Assert.Equal(RoutedPacket.MaxHops - 1, sent.HopsLeft);
    }

    [Fact]
    public void When_the_best_node_has_a_full_queue_the_second_is_taken_and_when_all_have_the_sender_is_told()
    {
        var (forwarder, peers) = Alone(count: 2, options: new() { MaxWaiting = 3, MaxCarried = 100 });
        var target = peers[0].Address;
        var second = OverlayAddress.CompareDistance(target, peers[1].Address, Self) < 0;
        Assert.True(second);
        for (var i = 0; i < 6; i++)
        {
            Assert.Null(forwarder.Originate(Packet(target), default));
        }

        Assert.Equal(RouteOutcome.Busy, forwarder.Originate(Packet(target), default));
        Assert.Equal(3, Take(forwarder, peers[0]).Count);
        Assert.Equal(3, Take(forwarder, peers[1]).Count);
        Assert.Null(forwarder.Originate(Packet(target), default));
    }

    [Fact]
    public void When_the_best_node_says_that_it_is_busy_the_packet_goes_to_the_second_and_then_the_third()
    {
        var (forwarder, peers) = Alone(count: 4);
        var target = peers[0].Address;
        TestPeer[] order = [.. peers.OrderBy(peer => Addresses.Distance(target, peer.Address))];
        var packet = Packet(target);
        Assert.Null(forwarder.Originate(packet, default));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(packet.Id, Assert.Single(Take(forwarder, order[i])).Id);
            Assert.Empty(Settled(forwarder));
            forwarder.Answered(order[i], packet.Id, RouteOutcome.Busy, default);
        }

        Assert.Empty(Take(forwarder, order[3]));
        Assert.Equal([(packet.Id, RouteOutcome.Busy)], Settled(forwarder));
    }

    [Fact]
    public void What_a_peer_took_is_settled_and_what_it_answers_unasked_is_not_heard()
    {
        var (forwarder, peers) = Alone();
        var packet = Packet(peers[0].Address);
        forwarder.Originate(packet, default);
        forwarder.Answered(peers[0], packet.Id, RouteOutcome.Accepted, default);
        Assert.Empty(Settled(forwarder));
        Take(forwarder, peers[0]);
        forwarder.Answered(peers[1], packet.Id, RouteOutcome.Busy, default);
        Assert.Empty(Settled(forwarder));
        forwarder.Answered(peers[0], packet.Id, RouteOutcome.Accepted, default);
        forwarder.Answered(peers[0], packet.Id, RouteOutcome.Busy, default);
        Assert.Equal([(packet.Id, RouteOutcome.Accepted)], Settled(forwarder));
    }

    [Fact]
    public void Only_so_many_packets_are_sent_to_a_peer_before_it_answers()
    {
        var (forwarder, peers) = Alone(options: new() { Window = 2 });
        for (var i = 0; i < 5; i++)
        {
            forwarder.Originate(Packet(peers[0].Address), default);
        }

        var sent = Take(forwarder, peers[0]);
        Assert.Equal(2, sent.Count);
        forwarder.Answered(peers[0], sent[0].Id, RouteOutcome.Accepted, default);
        Assert.Single(Take(forwarder, peers[0]));
    }

    [Fact]
    public void Nobody_gets_more_packets_carried_at_a_time_than_one_may_and_others_are_served()
    {
        var (forwarder, peers) = Alone(options: new() { MaxCarried = 4 });
        var outcomes = Enumerable.Range(0, 6).Select(_ => forwarder.Receive(peers[1], Packet(peers[0].Address), default)).ToList();
        Assert.Equal(4, outcomes.Count(outcome => outcome == RouteOutcome.Accepted));
        Assert.Equal(2, outcomes.Count(outcome => outcome == RouteOutcome.Busy));
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[2], Packet(peers[0].Address), default));
        forwarder.Answered(peers[0], Take(forwarder, peers[0])[0].Id, RouteOutcome.Accepted, default);
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[1], Packet(peers[0].Address), default));
        Assert.Equal(RouteOutcome.Busy, forwarder.Receive(peers[1], Packet(peers[0].Address), default));
    }

    [Fact]
    public void When_a_peer_goes_what_waits_for_it_and_what_it_did_not_answer_goes_another_way()
    {
        var (forwarder, peers) = Alone(count: 2, options: new() { Window = 2 });
        for (var i = 0; i < 5; i++)
        {
            forwarder.Originate(Packet(peers[0].Address), default);
        }

        Assert.Equal(2, Take(forwarder, peers[0]).Count);
        _table!.Disconnected(peers[0]);
        forwarder.Disconnected(peers[0], Second);
        Assert.Equal(2, Take(forwarder, peers[1]).Count);
        _table.Disconnected(peers[1]);
        forwarder.Disconnected(peers[1], Second);

        // This node is the nearest now.
        Assert.Equal(5, Settled(forwarder).Count(of => of.Outcome == RouteOutcome.Accepted));
    }

    [Fact]
    public void A_peer_that_takes_packets_and_says_nothing_is_passed_over_after_a_while()
    {
        var (forwarder, peers) = Alone(count: 2, options: new() { Window = 1 });
        forwarder.Originate(Packet(peers[0].Address), default);
        forwarder.Originate(Packet(peers[0].Address), default);
        Assert.Single(Take(forwarder, peers[0]));
        forwarder.Tick(4 * Second);
        Assert.Empty(Take(forwarder, peers[1]));
        forwarder.Tick(5 * Second);
        var first = Assert.Single(Take(forwarder, peers[1]));
        forwarder.Answered(peers[1], first.Id, RouteOutcome.Accepted, 5 * Second);
        var second = Assert.Single(Take(forwarder, peers[1]));
        forwarder.Answered(peers[1], second.Id, RouteOutcome.Accepted, 5 * Second);
        Assert.Equal(2, Settled(forwarder).Count(of => of.Outcome == RouteOutcome.Accepted));
    }

    [Fact]
    public void A_node_takes_no_more_than_its_handlers_can_and_tells_so()
    {
        var (forwarder, peers) = Alone(options: new() { MaxDelivering = 2 });
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[0], Packet(Self), default));
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[0], Packet(Self), default));
        var packet = Packet(Self);
        Assert.Equal(RouteOutcome.Busy, forwarder.Receive(peers[0], packet, default));
        forwarder.Delivered();

        // What was refused may come again.
        Assert.Equal(RouteOutcome.Accepted, forwarder.Receive(peers[0], packet, default));
    }

    [Fact]
    public void A_light_node_sends_through_its_peers_whatever_stands_nearer_and_carries_nothing()
    {
        var (forwarder, peers) = Alone(isLight: true);
        var packet = Packet(Self);
        Assert.Null(forwarder.Originate(packet, default));
        var nearest = peers.MinBy(peer => Addresses.Distance(Self, peer.Address))!;
        Assert.Equal(packet.Id, Assert.Single(Take(forwarder, nearest)).Id);
        Assert.Equal(RouteOutcome.NoRoute, forwarder.Receive(peers[0], Packet(peers[1].Address), default));
    }

    [Fact]
    public void Under_more_load_than_all_can_carry_nothing_stands_still_and_every_packet_is_accounted_for()
    {
        var options = new ForwardingOptions { MaxWaiting = 2, Window = 1, MaxCarried = 3 };
        var world = new ForwardingWorld(seed: 4, nodes: 100, options);
        var sent = new List<(ForwardingWorld.Node Node, RoutedPacket Packet)>();
        for (var i = 0; i < 5000; i++)
        {
            sent.Add((world.Any(), world.PacketTo(Addresses.Random(_random))));
            world.Send(sent[^1].Node, sent[^1].Packet);
        }

        world.Run();
        var settled = world.Nodes.SelectMany(node => node.Settled).ToList();
        Assert.Equal(sent.Count, settled.Count);
        var accepted = settled.Count(of => of.Outcome == RouteOutcome.Accepted);
        var delivered = world.Nodes.Sum(node => node.Delivered.Count);
        Assert.Equal(accepted, delivered + world.Nodes.Sum(node => node.Forwarder.DroppedPackets));
        Assert.InRange(delivered, 100, accepted);
        Assert.Contains(settled, of => of.Outcome == RouteOutcome.Busy);

        // And when the load is gone all is as before.
        var packet = world.PacketTo(Addresses.Random(_random));
        world.Send(world.Nodes[0], packet);
        world.Run();
        Assert.Contains(world.NearestTo(packet.Target.First).Delivered, each => each.Id == packet.Id);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("mail", true)]
    [InlineData("dark-route-2", true)]
    [InlineData("Mail", false)]
    [InlineData("mail/1", false)]
    [InlineData("ü", false)]
    [InlineData("abcdefghijklmnopqrstuvwxyz012345", true)]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456", false)]
    public void Kinds_are_short_plain_names(string text, bool isKind) => Assert.Equal(isKind, RoutedPacket.IsKind(text));

    private OverlayAddress Self => _table!.Self;

    /// <summary>One node with peers that are all nearer to each other than to it.</summary>
    private (PacketForwarder<TestPeer> Forwarder, List<TestPeer> Peers) Alone(int count = 4, ForwardingOptions? options = null, bool isLight = false)
    {
        _table = new RoutingTable<TestPeer>(Addresses.Random(_random), RoutingTableOptions.Default);
        var peers = Enumerable.Range(0, count).Select(_ => new TestPeer(Addresses.At(Self, 0, _random))).ToList();
        foreach (var peer in peers)
        {
            _table.Add(peer, default);
            _table.Connected(peer, default);
        }

        return (new PacketForwarder<TestPeer>(_table, options ?? ForwardingOptions.Default) { IsLight = isLight }, peers);
    }

    private RoutedPacket Packet(OverlayAddress target) => new(
        new UInt128((ulong)_random.NextInt64(), (ulong)_random.NextInt64()),
        AddressPrefix.Create(target, AddressPrefix.LengthBitsMax), false, RoutedPacket.MaxHops, "test", new byte[] { 1 });

    private static List<RoutedPacket> Take(PacketForwarder<TestPeer> forwarder, TestPeer peer)
    {
        var taken = new List<RoutedPacket>();
        while (forwarder.TryTakePacket(peer, default, out var packet))
        {
            taken.Add(packet);
        }

        return taken;
    }

    private static List<(UInt128 Id, RouteOutcome Outcome)> Settled(PacketForwarder<TestPeer> forwarder)
    {
        var settled = new List<(UInt128, RouteOutcome)>();
        while (forwarder.TryTakeEffect(out var effect))
        {
            if (effect.Kind == ForwardEffectKind.Settled)
            {
                settled.Add((effect.Packet!.Id, effect.Outcome));
            }
        }

        return settled;
    }
}
