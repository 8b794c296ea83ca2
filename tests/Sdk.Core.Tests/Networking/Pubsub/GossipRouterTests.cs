using Google.Protobuf;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Core.Tests.Networking.Pubsub;

/// <summary>Each rule of gossipsub at one router, with peers that the test plays.</summary>
public sealed class GossipRouterTests
{
    private const string Topic = RouterBench.Topic;

    [Fact]
    public void A_new_peer_hears_what_we_subscribe_to_and_others_hear_of_changes()
    {
        var bench = new RouterBench();
        bench.Router.Subscribe(Topic);
        var peer = bench.Connect(topic: null);
        Assert.Equal([(Topic, true)], bench.Take(peer).Subscriptions.Select(s => (s.Topicid, s.Subscribe)));
        bench.Router.Subscribe("more");
        bench.Router.Unsubscribe(Topic);
        Assert.Equal([("more", true), (Topic, false)], bench.Take(peer).Subscriptions.Select(s => (s.Topicid, s.Subscribe)));
    }

    [Fact]
    public void A_mesh_fills_to_D_and_later_peers_stay_outside_until_it_is_low()
    {
        var bench = new RouterBench();
        GossipPeer[] peers = [.. Enumerable.Range(0, 20).Select(_ => bench.Connect())];
        bench.Router.Subscribe(Topic);
        Assert.Equal(6, bench.Router.MeshOf(Topic).Count);
        Assert.Equal(6, peers.Count(peer => bench.Take(peer).Control.Graft.Count == 1));
        foreach (var id in bench.Router.MeshOf(Topic).Take(3))
        {
            bench.Router.Disconnected(bench.Router.Find(id)!);
        }

        Assert.Equal(3, bench.Router.MeshOf(Topic).Count);
        bench.Beat();
        Assert.Equal(6, bench.Router.MeshOf(Topic).Count);
    }

    [Fact]
    public void A_mesh_above_D_high_shrinks_to_D_keeps_two_that_we_dialled_and_tells_the_others_to_stay_away_a_minute()
    {
        var bench = new RouterBench();
        bench.Router.Subscribe(Topic);
        GossipPeer[] inbound = [.. Enumerable.Range(0, 12).Select(_ => bench.Connect())];
        GossipPeer[] outbound = [.. Enumerable.Range(0, 3).Select(_ => bench.Connect(isOutbound: true))];
        foreach (var peer in inbound.Concat(outbound))
        {
            bench.Send(peer, RouterBench.Graft(Topic));
            bench.Take(peer);
        }

        Assert.Equal(15, bench.Router.MeshOf(Topic).Count);
        bench.Beat();
        var mesh = bench.Router.MeshOf(Topic);
        Assert.Equal(6, mesh.Count);
        Assert.InRange(outbound.Count(peer => mesh.Contains(peer.Id)), 2, 3);
        ControlPrune[] prunes = [.. inbound.Concat(outbound).SelectMany(peer => bench.Take(peer).Control.Prune)];
        Assert.Equal(9, prunes.Length);
        Assert.All(prunes, prune => Assert.Equal((Topic, 60ul, 0), (prune.TopicId, prune.Backoff, prune.Peers.Count)));
    }

    [Fact]
    public void A_full_mesh_refuses_a_graft_but_takes_one_of_a_peer_that_we_dialled()
    {
        var bench = new RouterBench();
        bench.Mesh(12);
        var inbound = bench.Connect();
        bench.Send(inbound, RouterBench.Graft(Topic));
        Assert.Single(bench.Take(inbound).Control.Prune);
        var outbound = bench.Connect(isOutbound: true);
        bench.Send(outbound, RouterBench.Graft(Topic));
        Assert.Empty(bench.Take(outbound).Control.Prune);
        Assert.Contains(outbound.Id, bench.Router.MeshOf(Topic));
    }

    [Fact]
    public void A_graft_for_a_topic_that_is_not_ours_is_not_answered()
    {
        var bench = new RouterBench();
        var peer = bench.Connect();
        bench.Send(peer, RouterBench.Graft(Topic));
        var said = bench.Take(peer);
        Assert.Empty(said.Control.Prune);
        Assert.Equal(0, bench.Router.ScoreOf(peer));
    }

    [Fact]
    public void Whoever_pruned_us_is_not_grafted_before_its_backoff_has_passed()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        bench.Send(peer, RouterBench.Prune(Topic, 20));
        Assert.Empty(bench.Router.MeshOf(Topic));
        bench.Beat(20);
        Assert.Empty(bench.Take(peer).Control.Graft);
        bench.Beat(3);
        Assert.Single(bench.Take(peer).Control.Graft);
        Assert.Contains(peer.Id, bench.Router.MeshOf(Topic));
    }

    [Fact]
    public void A_graft_that_still_waits_when_a_prune_comes_does_not_leave()
    {
        var bench = new RouterBench();
        bench.Router.Subscribe(Topic);
        var peer = bench.Connect();
        bench.Send(peer, RouterBench.Prune(Topic, 20));
        var said = bench.Take(peer);
        Assert.Single(said.Subscriptions);
        Assert.Empty(said.Control.Graft);
    }

    [Fact]
    public void A_prune_that_crosses_our_leaving_is_kept_to_when_we_come_back()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        bench.Router.Unsubscribe(Topic);
        bench.Send(peer, RouterBench.Prune(Topic, 30));
        bench.Router.Subscribe(Topic);
        bench.Beat(25);
        Assert.Empty(bench.Take(peer).Control.Graft);
    }

    [Fact]
    public void A_backoff_outlives_the_connection()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        bench.Send(peer, RouterBench.Prune(Topic, 30));
        bench.Router.Disconnected(peer);
        var again = bench.Connect(id: peer.Id);
        bench.Beat(10);
        Assert.Empty(bench.Take(again).Control.Graft);
    }

    [Fact]
    public void Leaving_prunes_the_mesh_for_ten_seconds_and_coming_back_keeps_to_it()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        bench.Router.Unsubscribe(Topic);
        Assert.Equal(10ul, Assert.Single(bench.Take(peer).Control.Prune).Backoff);
        bench.Router.Subscribe(Topic);
        bench.Beat(9);
        Assert.Empty(bench.Take(peer).Control.Graft);
        bench.Beat(4);
        Assert.Single(bench.Take(peer).Control.Graft);
    }

    [Fact]
    public void Grafting_again_and_again_within_the_backoff_ends_on_the_graylist()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(12);
        bench.Send(bench.Connect(isOutbound: true), RouterBench.Graft(Topic));
        bench.Beat();
        var pruned = peers.First(peer => !bench.Router.MeshOf(Topic).Contains(peer.Id));
        for (var i = 0; i < 5; i++)
        {
            bench.Send(pruned, RouterBench.Graft(Topic));
            Assert.DoesNotContain(pruned.Id, bench.Router.MeshOf(Topic));
        }

        Assert.True(bench.Router.IsGraylisted(pruned), $"{bench.Router.ScoreOf(pruned)}");
        bench.Send(pruned, RouterBench.Publish(bench.NewMessage()));
        Assert.Empty(bench.Delivered);
    }

    [Fact]
    public void A_message_is_delivered_once_and_passed_to_the_mesh_but_neither_back_nor_to_its_author()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(4);
        var author = RouterBench.Author();
        var alsoAuthor = bench.Connect(id: author.Peer);
        bench.Send(alsoAuthor, RouterBench.Graft(Topic));
        bench.Take(alsoAuthor);
        var message = bench.NewMessage(by: author);
        bench.Send(peers[0], RouterBench.Publish(message));
        bench.Send(peers[1], RouterBench.Publish(message));

        Assert.Equal(message.Encoded.ToArray(), Assert.Single(bench.Delivered).Encoded.ToArray());
        Assert.Equal((author.Peer, peers[0].Id), (bench.Delivered[0].From!, bench.Delivered[0].ReceivedFrom!));
        Assert.Equal("hello"u8.ToArray(), bench.Delivered[0].Data.ToArray());
        Assert.Empty(bench.Take(peers[0]).Publish);
        Assert.Empty(bench.Take(alsoAuthor).Publish);
        Assert.Equal(message.Encoded.ToArray(), Assert.Single(bench.Take(peers[2]).Publish).ToByteArray());
        Assert.Single(bench.Take(peers[3]).Publish);
    }

    [Fact]
    public void Own_messages_flood_to_every_subscriber_or_only_to_the_mesh_as_the_options_say()
    {
        foreach (var floods in new[] { true, false })
        {
            var bench = new RouterBench(new GossipParameters { FloodsOwn = floods });
            GossipPeer[] peers = [.. Enumerable.Range(0, 10).Select(_ => bench.Connect())];
            bench.Router.Subscribe(Topic);
            Assert.Equal(floods ? 10 : 6, bench.Router.Publish(bench.NewMessage()));
            Assert.Equal(floods ? 10 : 6, peers.Count(peer => bench.Take(peer).Publish.Count == 1));
        }
    }

    [Fact]
    public void Who_publishes_without_subscribing_keeps_a_fanout_for_a_minute()
    {
        var bench = new RouterBench(new GossipParameters { FloodsOwn = false });
        GossipPeer[] peers = [.. Enumerable.Range(0, 10).Select(_ => bench.Connect())];
        Assert.Equal(6, bench.Router.Publish(bench.NewMessage()));
        GossipPeer[] Receivers() => [.. peers.Where(peer => bench.Take(peer).Publish.Count > 0)];
        var first = Receivers();
        bench.Beat(59);
        bench.Router.Publish(bench.NewMessage());
        Assert.Equal(first, Receivers());
        bench.Beat(60);
        bench.Router.Publish(bench.NewMessage());
        Assert.NotEqual(first, Receivers());
        Assert.Equal(1, bench.Router.TopicCount);
    }

    [Fact]
    public void Floodsub_peers_get_everything_of_their_topics_and_no_control()
    {
        var bench = new RouterBench();
        var mesh = bench.Mesh(2);
        var old = bench.Connect(GossipVersion.Floodsub);
        bench.Send(mesh[0], RouterBench.Publish(bench.NewMessage()));
        bench.Beat(2);
        var said = bench.Take(old);
        Assert.Single(said.Publish);
        Assert.Equal(0, said.Control.CalculateSize());
        Assert.DoesNotContain(old.Id, bench.Router.MeshOf(Topic));
    }

    [Fact]
    public void Peers_outside_the_mesh_hear_of_a_message_for_three_heartbeats_and_can_ask_for_it_during_five()
    {
        var bench = new RouterBench();
        var mesh = bench.Mesh(6);
        var outside = bench.Connect();
        bench.Take(outside);
        var message = bench.NewMessage();
        bench.Send(mesh[0], RouterBench.Publish(message));
        for (var i = 0; i < 3; i++)
        {
            bench.Beat();
            var ihave = Assert.Single(bench.Take(outside).Control.Ihave);
            Assert.Equal(Topic, ihave.TopicId);
            Assert.Equal(message.Id, Assert.Single(ihave.MessageIds).ToByteArray());
        }

        bench.Beat();
        Assert.Empty(bench.Take(outside).Control.Ihave);
        bench.Send(outside, RouterBench.IWant(message.Id));
        Assert.Single(bench.Take(outside).Publish);
        bench.Beat();
        bench.Send(outside, RouterBench.IWant(message.Id));
        Assert.Empty(bench.Take(outside).Publish);
    }

    [Fact]
    public void A_message_is_given_three_times_to_one_peer_that_asks()
    {
        var bench = new RouterBench();
        var mesh = bench.Mesh(2);
        var message = bench.NewMessage();
        bench.Send(mesh[0], RouterBench.Publish(message));
        bench.Take(mesh[1]);
        for (var i = 0; i < 5; i++)
        {
            bench.Send(mesh[1], RouterBench.IWant(message.Id));
        }

        Assert.Equal(3, bench.Take(mesh[1]).Publish.Count);
    }

    [Fact]
    public void What_is_announced_and_not_known_is_asked_for_and_what_is_known_is_not()
    {
        var bench = new RouterBench();
        var mesh = bench.Mesh(2);
        PubsubMessage known = bench.NewMessage(), news = bench.NewMessage();
        bench.Send(mesh[0], RouterBench.Publish(known));
        bench.Send(mesh[1], RouterBench.IHave(Topic, known.Id, news.Id));
        Assert.Equal(news.Id, Assert.Single(Assert.Single(bench.Take(mesh[1]).Control.Iwant).MessageIds).ToByteArray());
        bench.Send(mesh[1], RouterBench.IHave("another topic", bench.NewMessage().Id));
        Assert.Empty(bench.Take(mesh[1]).Control.Iwant);
    }

    [Fact]
    public void Announcing_without_end_is_not_heard_and_costs_standing()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        byte[] Id(int i) => [1, 2, 3, .. BitConverter.GetBytes(i)];
        bench.Send(peer, RouterBench.IHave(Topic, [.. Enumerable.Range(0, 6000).Select(Id)]));
        Assert.Equal(5000, bench.Take(peer).Control.Iwant.Sum(iwant => iwant.MessageIds.Count));
        bench.Send(peer, RouterBench.IHave(Topic, Id(10_000)));
        Assert.Empty(bench.Take(peer).Control.Iwant);

        bench.Beat();
        for (var i = 0; i < 10; i++)
        {
            bench.Send(peer, RouterBench.IHave(Topic, Id(20_000 + i)));
        }

        Assert.Equal(10, bench.Take(peer).Control.Iwant.Count);
        for (var i = 0; i < 9; i++)
        {
            bench.Send(peer, RouterBench.IHave(Topic, Id(30_000 + i)));
        }

        Assert.Empty(bench.Take(peer).Control.Iwant);
        Assert.True(bench.Router.ScoreOf(peer) < 0);
        bench.Beat();
        Assert.DoesNotContain(peer.Id, bench.Router.MeshOf(Topic));
    }

    [Fact]
    public void Promises_that_are_not_kept_cost_standing_and_promises_that_are_do_not()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(2);
        for (var i = 0; i < 9; i++)
        {
            var true_ = bench.NewMessage($"true {i}");
            bench.Send(peers[0], RouterBench.IHave(Topic, true_.Id));
            bench.Send(peers[0], RouterBench.Publish(true_));
            bench.Send(peers[1], RouterBench.IHave(Topic, bench.NewMessage($"false {i}").Id));
        }

        bench.Beat(3);
        Assert.True(bench.Router.ScoreOf(peers[0]) > 0);
        Assert.True(bench.Router.ScoreOf(peers[1]) < 0);
    }

    [Fact]
    public void A_tampered_message_is_not_delivered_costs_its_sender_and_the_true_one_still_arrives()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(3);
        var message = bench.NewMessage("pay 1");
        var forged = RouterBench.Publish(message);
        forged.Publish[0].Data = ByteString.CopyFromUtf8("pay 9");
        bench.Send(peers[0], forged);
        Assert.Empty(bench.Delivered);
        Assert.True(bench.Router.ScoreOf(peers[0]) < 0);
        bench.Send(peers[1], RouterBench.Publish(message));
        Assert.Equal("pay 1"u8.ToArray(), Assert.Single(bench.Delivered).Data.ToArray());
        bench.Beat();
        Assert.DoesNotContain(peers[0].Id, bench.Router.MeshOf(Topic));
    }

    [Fact]
    public void A_forged_copy_that_comes_first_does_not_keep_out_the_true_one_that_waits_behind_it()
    {
        var bench = new RouterBench { IsSlow = true };
        var peers = bench.Mesh(2);
        var message = bench.NewMessage();
        var forged = RouterBench.Publish(message);
        forged.Publish[0].Data = ByteString.CopyFromUtf8("lie");
        bench.Send(peers[0], forged);
        bench.Send(peers[1], RouterBench.Publish(message));
        Assert.Single(bench.Waiting);
        bench.Conclude();
        Assert.Equal("hello"u8.ToArray(), Assert.Single(bench.Delivered).Data.ToArray());
        Assert.True(bench.Router.ScoreOf(peers[0]) < 0);
        Assert.True(bench.Router.ScoreOf(peers[1]) > 0);
        Assert.Equal(0, bench.Router.PendingCount);
    }

    [Fact]
    public void Copies_that_arrive_during_the_verdict_are_not_judged_again()
    {
        var bench = new RouterBench { IsSlow = true };
        var peers = bench.Mesh(4);
        var message = bench.NewMessage();
        Array.ForEach(peers, peer => bench.Send(peer, RouterBench.Publish(message)));
        Assert.Single(bench.Waiting);
        bench.Conclude();
        Assert.Single(bench.Delivered);
        Assert.All(peers, peer => Assert.Empty(bench.Take(peer).Publish));
    }

    [Fact]
    public void A_message_that_a_validator_rejects_costs_everybody_who_sends_it_and_an_ignored_one_costs_nobody()
    {
        var bench = new RouterBench { Judge = message => message.Data.Length == 3 ? MessageVerdict.Reject : MessageVerdict.Ignore };
        var peers = bench.Mesh(3);
        PubsubMessage bad = bench.NewMessage("bad"), odd = bench.NewMessage("oddity");
        bench.Send(peers[0], RouterBench.Publish(bad));
        bench.Send(peers[1], RouterBench.Publish(bad));
        bench.Send(peers[2], RouterBench.Publish(odd));
        Assert.Empty(bench.Delivered);
        Assert.Equal([true, true, false], peers.Select(peer => bench.Router.ScoreOf(peer) < 0));
        Assert.Equal(2, bench.Router.SeenCount);
    }

    [Theory]
    [InlineData("signature")]
    [InlineData("seqno")]
    [InlineData("from")]
    [InlineData("short seqno")]
    public void Under_StrictSign_a_message_without_its_proof_is_invalid(string missing)
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        var rpc = RouterBench.Publish(bench.NewMessage());
        var message = rpc.Publish[0];
        switch (missing)
        {
            case "signature":
                message.ClearSignature();
                break;
            case "seqno":
                message.ClearSeqno();
                break;
            case "from":
                message.ClearFrom();
                break;
            default:
                message.Seqno = ByteString.CopyFrom(1, 2, 3);
                break;
        }

        bench.Send(peer, rpc);
        Assert.Empty(bench.Delivered);
        Assert.True(bench.Router.ScoreOf(peer) < 0);
    }

    [Fact]
    public void Under_StrictNoSign_messages_go_by_the_hash_of_their_data_and_signed_ones_are_invalid()
    {
        var bench = new RouterBench(new GossipParameters { IsSigned = false });
        var peers = bench.Mesh(2);
        var rpc = new Rpc { Publish = { new Message { Topic = Topic, Data = ByteString.CopyFromUtf8("plain") } } };
        bench.Send(peers[0], rpc);
        bench.Send(peers[1], rpc);
        var delivered = Assert.Single(bench.Delivered);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData("plain"u8), delivered.MessageId.ToArray());
        Assert.Null(delivered.From);
        bench.Send(peers[1], RouterBench.Publish(bench.NewMessage()));
        Assert.Single(bench.Delivered);
        Assert.True(bench.Router.ScoreOf(peers[1]) < 0);
    }

    [Fact]
    public void A_message_that_peers_do_not_want_is_not_sent_to_them()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(3);
        PubsubMessage first = bench.NewMessage("first"), second = bench.NewMessage("second");
        bench.Send(peers[1], RouterBench.IDontWant(first.Id));
        bench.Send(peers[0], RouterBench.Publish(first, second));
        bench.Send(peers[2], RouterBench.IDontWant(second.Id));
        Assert.Equal("second", Assert.Single(bench.Take(peers[1]).Publish).Data.ToStringUtf8());
        Assert.Equal("first", Assert.Single(bench.Take(peers[2]).Publish).Data.ToStringUtf8());
    }

    [Fact]
    public void Peers_that_understand_it_are_told_at_once_that_a_large_message_is_here()
    {
        var bench = new RouterBench { IsSlow = true };
        var sender = bench.Mesh(2)[0];
        var modern = bench.Connect(GossipVersion.Meshsub12);
        bench.Send(modern, RouterBench.Graft(Topic));
        bench.Take(modern);
        var large = bench.NewMessage(new string('x', 2000));
        bench.Send(sender, RouterBench.Publish(large, bench.NewMessage("small")));
        Assert.Equal(large.Id, Assert.Single(Assert.Single(bench.Take(modern).Control.Idontwant).MessageIds).ToByteArray());
        Assert.Empty(bench.Take(sender).Control.Idontwant);
    }

    [Fact]
    public void More_than_ten_peers_at_one_address_lose_their_places()
    {
        var bench = new RouterBench();
        bench.Router.Subscribe(Topic);
        GossipPeer[] crowd = [.. Enumerable.Range(0, 11).Select(_ => bench.Connect(address: "203.0.113.7"))];
        var other = bench.Connect(address: "203.0.113.8");
        bench.Beat();
        Assert.All(crowd, peer => Assert.Equal(-5, bench.Router.ScoreOf(peer)));
        Assert.Equal([other.Id], bench.Router.MeshOf(Topic));
        bench.Router.Disconnected(crowd[0]);
        Assert.Equal(0, bench.Router.ScoreOf(crowd[1]));
    }

    [Fact]
    public void Bad_standing_is_not_washed_off_by_a_new_connection_but_fades_with_time()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        for (var i = 0; i < 3; i++)
        {
            var forged = RouterBench.Publish(bench.NewMessage($"{i}"));
            forged.Publish[0].Data = ByteString.CopyFromUtf8("lie");
            bench.Send(peer, forged);
        }

        Assert.True(bench.Router.IsGraylisted(peer));
        bench.Router.Disconnected(peer);
        var again = bench.Connect(id: peer.Id);
        Assert.True(bench.Router.IsGraylisted(again));
        bench.Beat(600);
        Assert.Equal(0, bench.Router.ScoreOf(again), 0.1);
    }

    [Fact]
    public void A_queue_that_is_full_drops_gossip_first_then_forwarded_messages_and_tells_the_publisher()
    {
        var bench = new RouterBench(new GossipParameters { MaxQueuedMessages = 10 });
        var peers = bench.Mesh(2);
        PubsubMessage[] messages = [.. Enumerable.Range(0, 20).Select(i => bench.NewMessage($"{i}"))];
        bench.Send(peers[0], RouterBench.Publish(messages[..5]));
        bench.Send(peers[1], RouterBench.IHave(Topic, [1, 2, 3]));
        Assert.False(bench.Router.IsCongested(Topic));
        bench.Send(peers[0], RouterBench.Publish(messages[5..]));
        Assert.True(bench.Router.IsCongested(Topic));
        Assert.Equal(10, bench.Router.DroppedMessages);
        var said = bench.Take(peers[1]);
        Assert.Equal((10, 0), (said.Publish.Count, said.Control.Iwant.Count));
        Assert.False(bench.Router.IsCongested(Topic));
    }

    [Fact]
    public void A_publisher_does_not_wait_for_a_peer_that_takes_nothing_and_its_stream_is_reset()
    {
        var bench = new RouterBench(new GossipParameters { MaxQueuedMessages = 2 });
        var peer = bench.Mesh(1)[0];
        bench.Router.Publish(bench.NewMessage("1"));
        bench.Router.Publish(bench.NewMessage("2"));
        Assert.True(bench.Router.IsCongested(Topic));
        bench.Beat();
        Assert.False(bench.Router.IsCongested(Topic));
        Assert.Equal(0, bench.Router.Publish(bench.NewMessage("3")));
        bench.Beat(8);
        Assert.Empty(bench.ResetPeers);
        bench.Beat();
        Assert.Equal([peer], bench.ResetPeers);
        bench.Router.Reopened(peer);
        var said = bench.Take(peer);
        Assert.Equal((Topic, Topic, 0), (said.Subscriptions.Single().Topicid, said.Control.Graft.Single().TopicId, said.Publish.Count));
    }

    [Fact]
    public void Topics_of_a_peer_are_bounded_in_number_and_length_and_forgotten_with_it()
    {
        var bench = new RouterBench(new GossipParameters { MaxTopicsPerPeer = 5 });
        var peer = bench.Connect(topic: new string('x', 257));
        Assert.Equal(0, bench.Router.TopicCount);
        for (var i = 0; i < 10; i++)
        {
            bench.Send(peer, RouterBench.Subscription($"topic {i}"));
        }

        Assert.Equal(5, bench.Router.TopicCount);
        bench.Send(peer, RouterBench.Subscription("topic 1", isSubscribed: false));
        Assert.Equal(4, bench.Router.TopicCount);
        bench.Router.Disconnected(peer);
        Assert.Equal(0, bench.Router.TopicCount);
    }

    [Fact]
    public void What_is_seen_is_forgotten_after_its_time_and_never_more_than_the_bound()
    {
        var bench = new RouterBench(new GossipParameters { MaxSeen = 10, MaxCacheBytes = 1000 });
        var peer = bench.Mesh(1)[0];
        bench.Send(peer, RouterBench.Publish([.. Enumerable.Range(0, 30).Select(i => bench.NewMessage($"{i}"))]));
        Assert.Equal((30, 10), (bench.Delivered.Count, bench.Router.SeenCount));
        Assert.InRange(bench.Router.CacheBytes, 1, 1000);
        bench.Beat(119);
        Assert.Equal(10, bench.Router.SeenCount);
        bench.Beat();
        Assert.Equal((0, 0, 0), (bench.Router.SeenCount, bench.Router.CacheCount, bench.Router.CacheBytes));
    }

    [Fact]
    public void Own_messages_that_come_back_are_no_news()
    {
        var self = RouterBench.Author();
        var bench = new RouterBench();
        var router = new GossipRouter(self.Peer, bench.Parameters, bench.Time, new Random(1));
        router.Subscribe(Topic);
        var peer = router.Connected(RouterBench.Author().Peer, GossipVersion.Meshsub11, isOutbound: false);
        router.Receive(peer, RouterBench.Publish(bench.NewMessage(by: self)).ToByteArray());
        Assert.Equal(0, router.PendingCount);
    }

    [Fact]
    public void A_large_backlog_leaves_in_frames_below_the_limit()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(2);
        bench.Send(peers[0], RouterBench.Publish([.. Enumerable.Range(0, 30).Select(i => bench.NewMessage(new string('x', 60_000)))]));
        var frames = 0;
        for (var output = new System.Buffers.ArrayBufferWriter<byte>(); bench.Router.TryTakeFrame(peers[1], output); output.Clear())
        {
            Assert.InRange(output.WrittenCount, 60_000, 130 * 1024);
            frames++;
        }

        Assert.Equal(15, frames);
    }

    [Fact]
    public void Mutated_RPCs_are_read_or_refused_by_name_and_leave_nothing_behind()
    {
        // Nobody is shut out, or only the first mutants would reach the router.
        var patient = new ScoreParameters { GossipThreshold = double.MinValue, GraylistThreshold = double.MinValue };
        var bench = new RouterBench(new GossipParameters { Score = patient });
        var peers = bench.Mesh(3);
        var whole = RouterBench.Publish(bench.NewMessage("seed"));
        whole.MergeFrom(RouterBench.IHave(Topic, [1, 2, 3], [4]));
        whole.MergeFrom(RouterBench.IWant([5, 6]));
        whole.MergeFrom(RouterBench.IDontWant([7]));
        whole.MergeFrom(RouterBench.Graft(Topic));
        whole.MergeFrom(RouterBench.Prune("other", 10));
        whole.MergeFrom(RouterBench.Subscription("more"));
        var corpus = whole.ToByteArray();
        var random = new Random(7);
        int read = 0, refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            byte[] mutant = [.. corpus.AsSpan(0, random.Next(10) == 0 ? random.Next(corpus.Length) : corpus.Length)];
            for (var flips = random.Next(1, 4); flips > 0 && mutant.Length > 0; flips--)
            {
                mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            }

            try
            {
                bench.SendBytes(peers[random.Next(3)], mutant);
                read++;
            }
            catch (ProtocolViolationException)
            {
                refused++;
            }

            if (i % 100 == 0)
            {
                bench.Beat();
                Array.ForEach(peers, peer => bench.Take(peer));
            }
        }

        Assert.True(read > 1000 && refused > 1000, $"{read} read, {refused} refused");
        Assert.All(bench.Delivered, message => Assert.Equal("seed"u8.ToArray(), message.Data.ToArray()));
        Assert.Equal(0, bench.Router.PendingCount);
        Array.ForEach(peers, bench.Router.Disconnected);
        bench.Beat(130);
        Assert.InRange(bench.Router.TopicCount, 0, 1);
        Assert.Equal(0, bench.Router.SeenCount);
    }
}
