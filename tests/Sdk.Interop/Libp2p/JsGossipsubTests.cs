using System.Security.Cryptography;
using System.Text.Json;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Interop.Libp2p;

/// <summary>Gossipsub with js-libp2p: signed messages (StrictSign on both sides), published, received and passed on by either.</summary>
[Collection(JsSuite.Name)]
public class JsGossipsubTests(JsPeers peers)
{
    public static TheoryData<string, string> Kinds => JsConnectionTests.Kinds;

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Signed_messages_go_both_ways_where_we_dial(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        await using var pubsub = new Gossipsub(node.Switch, node.Key);
        await node.Switch.DialAsync(js.Address);
        await AssertMessagesGoBothWaysAsync(js, node, pubsub);
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Signed_messages_go_both_ways_where_js_dials(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        await using var pubsub = new Gossipsub(node.Switch, node.Key);
        await js.AskAsync("dial", new { to = node.Address.ToString() });
        await AssertMessagesGoBothWaysAsync(js, node, pubsub);
    }

    [JsFact]
    public async Task We_pass_the_messages_of_one_js_peer_on_to_another()
    {
        var first = await peers.GetAsync("tls", "ed25519");
        var second = await peers.GetAsync("noise", "rsa");
        await using var node = await LocalNode.StartAsync();
        await using var pubsub = new Gossipsub(node.Switch, node.Key);
        var topic = NewTopic();
        using var subscription = pubsub.Subscribe(topic);
        await node.Switch.DialAsync(first.Address);
        await node.Switch.DialAsync(second.Address);
        foreach (var js in new[] { first, second })
        {
            await js.AskAsync("subscribe", new { topic });
            await HeardOfAsync(js, node.PeerId, topic);
        }

        // A peer's own message comes after its subscription, so when we have it we pass on to that peer.
        foreach (var js in new[] { first, second })
        {
            var hello = RandomNumberGenerator.GetBytes(10);
            await PublishAsync(js, topic, hello);
            Assert.Equal(hello, (await NextAsync(subscription)).Data.ToArray());
        }

        // Neither is connected to the other, so what arrives came through us, and its signature held.
        var (there, back) = (RandomNumberGenerator.GetBytes(500), RandomNumberGenerator.GetBytes(500));
        await PublishAsync(first, topic, there);
        AssertMessage(await MessageAsync(second, topic, there), first.PeerId);
        await PublishAsync(second, topic, back);
        AssertMessage(await MessageAsync(first, topic, back), second.PeerId);
    }

    [JsFact]
    public async Task Js_passes_our_messages_on_to_another_of_us()
    {
        var js = await peers.GetAsync("tls", "secp256k1");
        var topic = NewTopic();
        await using var first = await LocalNode.StartAsync();
        await using var second = await LocalNode.StartAsync();
        await using var firstPubsub = new Gossipsub(first.Switch, first.Key);
        await using var secondPubsub = new Gossipsub(second.Switch, second.Key);
        using var firstSubscription = firstPubsub.Subscribe(topic);
        using var secondSubscription = secondPubsub.Subscribe(topic);
        await js.AskAsync("subscribe", new { topic });
        await first.Switch.DialAsync(js.Address);
        await second.Switch.DialAsync(js.Address);
        await HeardOfAsync(js, first.PeerId, topic);
        await HeardOfAsync(js, second.PeerId, topic);

        // Js's own message comes after its subscription, so who has it knows that js wants the topic's messages.
        var hello = RandomNumberGenerator.GetBytes(10);
        await PublishAsync(js, topic, hello);
        Assert.Equal(hello, (await NextAsync(firstSubscription)).Data.ToArray());
        Assert.Equal(hello, (await NextAsync(secondSubscription)).Data.ToArray());

        var sent = RandomNumberGenerator.GetBytes(500);
        await firstPubsub.PublishAsync(topic, sent);
        var received = await NextAsync(secondSubscription);
        Assert.Equal(sent, received.Data.ToArray());
        Assert.Equal(first.PeerId, received.From);
        Assert.Equal(js.PeerId, received.ReceivedFrom);
    }

    [JsFact]
    public async Task A_hundred_messages_each_way_arrive_once_each()
    {
        const int Count = 100;
        var js = await peers.GetAsync("tls", "ed25519");
        var topic = NewTopic();
        await using var node = await LocalNode.StartAsync();
        await using var pubsub = new Gossipsub(node.Switch, node.Key);
        using var subscription = pubsub.Subscribe(topic);
        await js.AskAsync("subscribe", new { topic });
        await node.Switch.DialAsync(js.Address);
        await HeardOfAsync(js, node.PeerId, topic);

        var sent = Enumerable.Range(0, Count).Select(_ => RandomNumberGenerator.GetBytes(1000)).ToArray();
        foreach (var data in sent)
        {
            await PublishAsync(js, topic, data);
        }

        var received = new HashSet<string>();
        for (var i = 0; i < Count; i++)
        {
            Assert.True(received.Add(Convert.ToBase64String((await NextAsync(subscription)).Data.Span)));
        }

        Assert.Equal(sent.Select(Convert.ToBase64String).Order(StringComparer.Ordinal), received.Order(StringComparer.Ordinal));
        foreach (var data in sent.Select(data => data.Reverse().ToArray()))
        {
            await pubsub.PublishAsync(topic, data);
        }

        foreach (var data in sent)
        {
            AssertMessage(await MessageAsync(js, topic, data.Reverse().ToArray()), node.PeerId);
        }
    }

    private static async Task AssertMessagesGoBothWaysAsync(JsPeer js, LocalNode node, Gossipsub pubsub)
    {
        var topic = NewTopic();
        using var subscription = pubsub.Subscribe(topic);
        await js.AskAsync("subscribe", new { topic });
        await HeardOfAsync(js, node.PeerId, topic);

        var theirs = RandomNumberGenerator.GetBytes(200);
        await PublishAsync(js, topic, theirs);
        var received = await NextAsync(subscription);
        Assert.Equal(theirs, received.Data.ToArray());
        Assert.Equal(topic, received.Topic);
        Assert.Equal(js.PeerId, received.From);
        Assert.NotNull(received.SequenceNumber);

        // Its subscription came before its message, so we know of it.
        var ours = RandomNumberGenerator.GetBytes(200);
        await pubsub.PublishAsync(topic, ours);
        AssertMessage(await MessageAsync(js, topic, ours), node.PeerId);
    }

    private static string NewTopic() => $"interop/{Guid.NewGuid():N}";

    // js hears of a subscription on our stream. Its own stream to us may open a little later, and what it publishes before that it sends to nobody:
    // only members of its mesh are sure to get it.
    private static async Task HeardOfAsync(JsPeer js, PeerId peer, string topic)
    {
        await js.EventAsync(
            "subscription",
            told => told.GetProperty("peer").GetString() == peer.ToString() && told.GetProperty("topics").EnumerateArray().Any(each => each.GetString() == topic));
        using var limit = new CancellationTokenSource(JsPeer.Limit);
        while (!Names((await js.AskAsync("topic", new { topic })).GetProperty("mesh"), peer))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    private static Task<JsonElement> PublishAsync(JsPeer js, string topic, byte[] data) =>
        js.AskAsync("publish", new { topic, data = Convert.ToBase64String(data) });

    private static bool Names(JsonElement peers, PeerId peer) => peers.EnumerateArray().Any(each => each.GetString() == peer.ToString());

    private static Task<JsonElement> MessageAsync(JsPeer js, string topic, byte[] data)
    {
        var text = Convert.ToBase64String(data);
        return js.EventAsync("message", told => told.GetProperty("topic").GetString() == topic && told.GetProperty("data").GetString() == text);
    }

    private static void AssertMessage(JsonElement told, PeerId from)
    {
        Assert.Equal("signed", told.GetProperty("type").GetString());
        Assert.Equal(from.ToString(), told.GetProperty("from").GetString());
    }

    private static async Task<PubsubMessage> NextAsync(PubsubSubscription subscription)
    {
        using var limit = new CancellationTokenSource(JsPeer.Limit);
        await foreach (var message in subscription.WithCancellation(limit.Token))
        {
            return message;
        }

        throw new InvalidOperationException("The subscription ended.");
    }
}
