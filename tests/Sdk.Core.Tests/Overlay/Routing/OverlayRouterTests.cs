using System.Net;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Tests.Overlay.Routing;

/// <summary>What the router does with what peers say, the false and the hostile above all.</summary>
public sealed class OverlayRouterTests : IDisposable
{
    private readonly RouterWorld _world = new();

    private static NetworkGroup Group => NetworkGroup.Of(IPAddress.Parse("198.51.100.1"));

    private OverlayRouter Router => _world.Router;

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_greeting_names_nodes_and_those_are_dialled()
    {
        var peer = _world.Connect(_world.Record(1));
        _ = _world.Effects;
        var named = _world.Record(2);
        Router.Receive(peer, 0, isAnswer: false, new NodesMessage([named]));
        Assert.Contains(_world.Effects.OfType<DialEffect>(), dial => dial.Record == named);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("old")]
    [InlineData("future")]
    [InlineData("forged")]
    [InlineData("private")]
    [InlineData("loopback")]
    public void What_is_false_about_a_node_moves_nothing_and_is_held_against_who_named_it(string lie)
    {
        var peer = _world.Connect(_world.Record(1));
        _ = _world.Effects;
        var known = Router.Table.KnownCount;
        for (var i = 0; i < OverlayParameters.Default.MaxFaults; i++)
        {
            Assert.True(peer.IsLinked);
            Router.Receive(peer, 0, isAnswer: false, new NodesMessage([Lie(lie, i)]));
        }

        Assert.False(peer.IsLinked);
        Assert.Equal(known - 1, Router.Table.KnownCount);
        var effects = _world.Effects;
        Assert.Empty(effects.OfType<DialEffect>());
        Assert.Equal(OverlayCloseReason.Faulty, Assert.Single(effects.OfType<CloseEffect>()).Reason);
        Assert.Throws<PeerRefusedException>(() => _world.Connect(peer.Record));
        _world.Clock.Advance(OverlayParameters.Default.Ban);
        Assert.True(_world.Connect(peer.Record).IsLinked);
    }

    [Fact]
    public void Nobody_is_sent_where_he_may_not_dial()
    {
        Router.Connected(_world.RecordAt(IPAddress.Loopback), AddressReach.Machine, NetworkGroup.None);
        var near = _world.Connect(_world.Record(1));
        var asker = _world.Connect(_world.Record(2));
        _ = _world.Effects;
        Router.Receive(asker, 1, isAnswer: false, new FindNodesMessage(asker.Address, 16));
        var answer = Assert.IsType<NodesMessage>(Assert.Single(_world.Effects.OfType<SendEffect>(), send => send.IsAnswer).Message);
        Assert.Equal([near.Record], answer.Nodes);
    }

    [Fact]
    public void Who_cannot_be_dialled_stands_in_no_table()
    {
        var peer = Router.Connected(_world.RecordAt(IPAddress.Parse("192.168.1.7")), AddressReach.World, NetworkGroup.None);
        Assert.Equal(OverlayStanding.Visiting, peer.Standing);
        Assert.Equal(0, Router.Table.KnownCount);
    }

    [Fact]
    public void Who_becomes_light_leaves_the_table_whichever_way_it_says_so()
    {
        var peer = _world.Connect(_world.Record(1));
        _world.Clock.Advance(TimeSpan.FromSeconds(1));
        var light = Router.Connected(_world.LightTwinOf(peer.Record), AddressReach.World, NetworkGroup.None);
        Assert.False(peer.IsLinked);
        Assert.Equal(OverlayStanding.Light, light.Standing);
        Assert.Equal(0, Router.Table.KnownCount);
    }

    [Fact]
    public void A_peer_on_this_machine_may_name_nodes_on_this_machine()
    {
        var record = _world.RecordAt(IPAddress.Loopback);
        var peer = Router.Connected(record, AddressReach.Machine, NetworkGroup.None);
        _ = _world.Effects;
        var named = _world.RecordAt(IPAddress.Loopback);
        Router.Receive(peer, 0, isAnswer: false, new NodesMessage([named]));
        Assert.Contains(_world.Effects.OfType<DialEffect>(), dial => dial.Record == named);
        Assert.Equal(0, peer.Faults);
    }

    [Fact]
    public void Thousands_of_nodes_of_one_network_get_few_places()
    {
        for (var i = 0; i < 400; i++)
        {
            Assert.True(Router.Connected(_world.RecordAt(IPAddress.Parse($"198.51.100.{i % 250}")), AddressReach.World, NetworkGroup.Of(IPAddress.Parse("198.51.100.1"))).IsLinked);
            _ = _world.Effects;
            _world.Tick(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(Router.Table.KnownCount, 1, RoutingTableOptions.Default.MaxPerGroup);
        Assert.InRange(Router.Linked.Count, 1, OverlayParameters.Default.MaxVisitors + RoutingTableOptions.Default.MaxPerGroup);
    }

    [Fact]
    public void Whom_a_lookup_dialled_makes_room_for_others_once_it_has_answered()
    {
        // Of one network, which has its places by then: the node that the lookup finds is a visitor.
        Crowd(32);
        var found = InCrowdedBin(200);
        _ = _world.Effects;
        Router.BeginLookup(found.Address, 16);
        var questions = new Queue<SendEffect>();
        while (true)
        {
            var effects = _world.Effects;
            if (effects.OfType<DialEffect>().Any(dial => dial.Record == found))
            {
                break;
            }

            effects.OfType<SendEffect>().Where(send => send.Message is FindNodesMessage).ToList().ForEach(questions.Enqueue);
            var question = questions.Dequeue();
            Router.Receive(question.Peer, question.Request, isAnswer: true, new NodesMessage([found]));
        }

        var visitor = Router.Connected(found, AddressReach.World, Group);
        Assert.Equal(OverlayStanding.Visiting, visitor.Standing);
        Crowd(OverlayParameters.Default.MaxVisitors - Router.Linked.Count(peer => peer.Standing == OverlayStanding.Visiting));
        Assert.Throws<PeerRefusedException>(() => Crowd(1));
        Assert.True(visitor.IsLinked);

        _world.Clock.Advance(TimeSpan.FromMilliseconds(200));
        foreach (var asked in _world.Effects.OfType<SendEffect>().Where(send => send.Peer == visitor && send.Message is FindNodesMessage))
        {
            Router.Receive(visitor, asked.Request, isAnswer: true, new NodesMessage([]));
        }

        Crowd(1);
        Assert.False(visitor.IsLinked);
        Assert.Throws<PeerRefusedException>(() => Crowd(1));
    }

    [Fact]
    public void More_questions_than_a_peer_may_ask_are_not_answered()
    {
        var peer = _world.Connect(_world.Record(1));
        _ = _world.Effects;
        for (ulong i = 1; i <= 1000; i++)
        {
            Router.Receive(peer, i, isAnswer: false, new FindNodesMessage(peer.Address, 16));
        }

        var answers = _world.Effects.OfType<SendEffect>().Where(send => send.IsAnswer).ToList();
        Assert.Equal(1000, answers.Count);
        Assert.Equal(OverlayParameters.Default.Questions.Burst, answers.Count(send => send.Message is NodesMessage));
    }

    [Fact]
    public void A_peer_that_does_not_answer_is_asked_again_and_then_let_go()
    {
        var other = _world.Connect(_world.Record(2));
        var peer = _world.Connect(_world.Record(1));
        for (var second = 0; second < 40 && peer.IsLinked; second++)
        {
            foreach (var send in _world.Effects.OfType<SendEffect>().Where(send => send.Peer == other && send is { IsAnswer: false, Request: > 0 }))
            {
                Router.Receive(other, send.Request, isAnswer: true, send.Message is PingMessage ? PongMessage.Instance : new NodesMessage([]));
            }

            _world.Tick(TimeSpan.FromSeconds(1));
        }

        Assert.False(peer.IsLinked);
        Assert.True(other.IsLinked);
        Assert.False(peer.IsConnected);
        Assert.Equal(1, Router.Table.ConnectedCount);
    }

    [Fact]
    public void The_last_peer_that_does_not_answer_is_let_go_but_not_forgotten()
    {
        var peer = _world.Connect(_world.Record(1));
        for (var second = 0; second < 40 && peer.IsLinked; second++)
        {
            _ = _world.Effects;
            _world.Tick(TimeSpan.FromSeconds(1));
        }

        Assert.False(peer.IsLinked);
        Assert.True(Router.Table.TryFind(peer.Address, out _));
    }

    [Fact]
    public void An_answer_of_another_kind_than_asked_is_a_fault()
    {
        var peer = _world.Connect(_world.Record(1));
        var question = _world.Effects.OfType<SendEffect>().First(send => send is { IsAnswer: false, Request: > 0 });
        Router.Receive(peer, question.Request, isAnswer: true, new RenewalMessage(peer.Record));
        Assert.Equal(1, peer.Faults);
    }

    [Fact]
    public void An_answer_to_no_question_changes_nothing()
    {
        var peer = _world.Connect(_world.Record(1));
        _ = _world.Effects;
        Router.Receive(peer, 99, isAnswer: true, new NodesMessage([_world.Record(2)]));
        Assert.Empty(_world.Effects);
        Assert.Equal(0, peer.Faults);
    }

    [Fact]
    public void Nobody_renews_the_record_of_another()
    {
        var peer = _world.Connect(_world.Record(1));
        var other = _world.Connect(_world.Record(2));
        Router.Receive(peer, 0, isAnswer: false, new RenewalMessage(other.Record));
        Assert.Equal(1, peer.Faults);
        Assert.NotEqual(other.Record, peer.Record);
    }

    [Fact]
    public void This_nodes_own_address_at_somebody_else_is_refused() =>
        Assert.Throws<PeerRefusedException>(() => _world.Connect(Router.Record));

    [Fact]
    public void A_lookup_that_cannot_reach_anybody_ends()
    {
        var peer = _world.Connect(_world.Record(1));
        _ = _world.Effects;
        var lookup = Router.BeginLookup(OverlayAddress.FromBytes(new byte[32]), 4);
        Router.Disconnected(peer);
        foreach (var dial in _world.Effects.OfType<DialEffect>())
        {
            Router.DialFailed(dial.Record.Address);
        }

        Assert.True(lookup.HasEnded);
        Assert.Empty(lookup.Steps.Nearest);
    }

    private NodeRecord InCrowdedBin(int host)
    {
        while (true)
        {
            if (_world.RecordAt(IPAddress.Parse($"198.51.100.{host}")) is var record && Router.Address.Proximity(record.Address) == 0)
            {
                return record;
            }
        }
    }

    /// <summary>Nodes of one network come, all of one bin: two of them find a place.</summary>
    private void Crowd(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Router.Connected(InCrowdedBin(i % 250), AddressReach.World, Group);
        }
    }

    private NodeRecord Lie(string kind, int number) => kind switch
    {
        "network" => _world.RecordAt(RouterWorld.IpOf(number), network: 77),
        "old" => _world.RecordAt(RouterWorld.IpOf(number), age: NodeRecord.Lifetime),
        "future" => _world.RecordAt(RouterWorld.IpOf(number), age: -TimeSpan.FromHours(1)),
        "forged" => Forged(_world.RecordAt(RouterWorld.IpOf(number))),
        "private" => _world.RecordAt(new IPAddress([192, 168, 1, (byte)number])),
        _ => _world.RecordAt(new IPAddress([127, 0, 0, (byte)(1 + number)])),
    };

    private static NodeRecord Forged(NodeRecord record)
    {
        var encoded = record.Encoded.ToArray();
        encoded[^70] ^= 1; // in the last address
        Assert.True(NodeRecord.TryDecode(encoded, out var forged));
        return forged;
    }
}
