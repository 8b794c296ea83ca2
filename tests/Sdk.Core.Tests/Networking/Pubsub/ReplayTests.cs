using Sdk.Core.Networking.Pubsub;

namespace Sdk.Core.Tests.Networking.Pubsub;

/// <summary>Old messages that somebody kept and brings back.</summary>
public sealed class ReplayTests
{
    private const int SeenSeconds = 120;

    [Fact]
    public void A_message_that_was_seen_once_is_never_delivered_again_and_who_brings_it_back_is_not_blamed()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(2);
        var old = bench.NewMessage();
        bench.Send(peers[0], RouterBench.Publish(old));
        Assert.Single(bench.Take(peers[1]).Publish);
        bench.Beat(SeenSeconds + 1);
        Assert.Equal(0, bench.Router.SeenCount);
        var score = bench.Router.ScoreOf(peers[1]);

        bench.Send(peers[1], RouterBench.Publish(old));
        Assert.Single(bench.Delivered);
        Assert.Empty(bench.Take(peers[0]).Publish);
        Assert.Equal([(peers[1], PubsubFault.Replayed)], bench.Faults);
        Assert.Equal(score, bench.Router.ScoreOf(peers[1]));
    }

    [Fact]
    public void A_message_that_a_newer_one_overtook_is_taken_until_the_newer_one_is_forgotten()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        var author = RouterBench.Author();
        PubsubMessage first = bench.NewMessage("1", author), second = bench.NewMessage("2", author), third = bench.NewMessage("3", author);
        bench.Send(peer, RouterBench.Publish(third));
        bench.Beat(SeenSeconds - 1);
        bench.Send(peer, RouterBench.Publish(second));
        Assert.Equal([third.Id, second.Id], bench.Delivered.Select(message => message.Id));
        bench.Beat(2);
        bench.Send(peer, RouterBench.Publish(first));
        Assert.Equal(2, bench.Delivered.Count);
        Assert.Equal([(peer, PubsubFault.Replayed)], bench.Faults);
    }

    [Fact]
    public void A_publishers_numbers_say_nothing_of_anothers()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        var others = bench.NewMessage();
        bench.Send(peer, RouterBench.Publish(bench.NewMessage()));
        bench.Beat(SeenSeconds + 1);
        bench.Send(peer, RouterBench.Publish(others));
        Assert.Equal(2, bench.Delivered.Count);
    }

    [Fact]
    public void A_forged_number_does_not_silence_its_publisher()
    {
        var bench = new RouterBench();
        var peer = bench.Mesh(1)[0];
        var author = RouterBench.Author();
        PubsubMessage one = bench.NewMessage("1", author), high = PubsubMessage.Create(RouterBench.Topic, "2"u8, author, ulong.MaxValue, null);
        var forged = RouterBench.Publish(high);
        forged.Publish[0].Data = Google.Protobuf.ByteString.CopyFromUtf8("3");
        bench.Send(peer, forged);
        bench.Beat(SeenSeconds + 1);
        bench.Send(peer, RouterBench.Publish(one));
        Assert.Single(bench.Delivered);
    }

    [Fact]
    public void Where_numbers_are_random_the_option_keeps_to_ids_alone()
    {
        var bench = new RouterBench(new GossipParameters { IgnoresReplays = false });
        var peer = bench.Mesh(1)[0];
        var author = RouterBench.Author();
        foreach (var number in (ulong[])[ulong.MaxValue, 5, 77])
        {
            bench.Send(peer, RouterBench.Publish(PubsubMessage.Create(RouterBench.Topic, "x"u8, author, number, null)));
            bench.Beat(SeenSeconds + 1);
        }

        Assert.Equal(3, bench.Delivered.Count);
        Assert.Equal(0, bench.Router.PublisherCount);
    }

    [Fact]
    public void Who_announces_an_old_message_and_sends_it_has_kept_its_promise()
    {
        var bench = new RouterBench();
        var peers = bench.Mesh(2);
        var old = bench.NewMessage();
        bench.Send(peers[0], RouterBench.Publish(old));
        bench.Beat(SeenSeconds + 1);
        bench.Send(peers[1], RouterBench.IHave(RouterBench.Topic, old.Id));
        Assert.Single(bench.Take(peers[1]).Control.Iwant);
        bench.Send(peers[1], RouterBench.Publish(old));
        bench.Beat(5);
        Assert.Equal(0, peers[1].Score.Behaviour);
        Assert.DoesNotContain(bench.Faults, fault => fault.Fault == PubsubFault.Promise);
    }

    [Fact]
    public void Publishers_are_remembered_within_bounds_and_not_for_ever()
    {
        var bench = new RouterBench(new GossipParameters { MaxPublishers = 3, PublisherLifetime = TimeSpan.FromSeconds(300) });
        var peer = bench.Mesh(1)[0];
        var first = bench.NewMessage();
        bench.Send(peer, RouterBench.Publish(first));
        for (var i = 0; i < 3; i++)
        {
            bench.Beat();
            bench.Send(peer, RouterBench.Publish(bench.NewMessage()));
            Assert.Equal(Math.Min(i + 2, 3), bench.Router.PublisherCount);
        }

        bench.Beat(296);
        Assert.Equal(3, bench.Router.PublisherCount);
        bench.Beat(10);
        Assert.Equal(0, bench.Router.PublisherCount);
    }
}
