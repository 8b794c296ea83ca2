using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Interop.Libp2p;

/// <summary>What is no valid message is refused by us when js-libp2p sends it, and by js-libp2p when we do; valid ones on the same stream are taken.</summary>
[Collection(JsSuite.Name)]
public class JsInvalidGossipTests(JsPeers peers)
{
    private const string Protocol = "/meshsub/1.1.0";

    [JsTheory]
    [InlineData("forged", "forged")]
    [InlineData("unsigned", "policy")]
    public async Task We_refuse_an_invalid_message_of_js_and_take_a_valid_one(string fault, string reason)
    {
        var reasons = new ConcurrentQueue<string>();
        using var meter = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "sdk.pubsub.faults")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meter.SetMeasurementEventCallback<long>((_, _, tags, _) => reasons.Enqueue((string)tags[0].Value!));
        meter.Start();

        // Not js-libp2p's gossipsub, which would have a stream of its own; but a peer that takes no stream of ours is no peer of pubsub for long.
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519"));
        await js.AskAsync("answer", new { protocol = Protocol });
        await using var node = await LocalNode.StartAsync();
        await using var pubsub = new Gossipsub(node.Switch, node.Key);
        var topic = NewTopic();
        using var subscription = pubsub.Subscribe(topic);
        var (invalid, valid) = (RandomNumberGenerator.GetBytes(100), RandomNumberGenerator.GetBytes(100));
        byte[] sent = [.. Frame(Publish(Message(fault, topic, invalid, 1))), .. Frame(Publish(Message("valid", topic, valid, 2)))];
        var told = await js.AskAsync("raw", new { to = node.Address.ToString(), protocol = Protocol, data = Convert.ToBase64String(sent), ms = 0 });
        Assert.Equal("open", told.GetProperty("status").GetString());

        using var limit = new CancellationTokenSource(JsPeer.Limit);
        await foreach (var message in subscription.WithCancellation(limit.Token))
        {
            Assert.Equal(valid, message.Data.ToArray());
            Assert.Equal(js.PeerId, message.ReceivedFrom);
            break;
        }

        Assert.Equal([reason], reasons);
    }

    [JsTheory]
    [InlineData("oversize")]
    [InlineData("garbage")]
    public async Task We_reset_the_stream_on_which_js_sends_what_is_no_RPC(string fault)
    {
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("noise", "ed25519"));
        await js.AskAsync("answer", new { protocol = Protocol });
        await using var node = await LocalNode.StartAsync();
        await using var pubsub = new Gossipsub(node.Switch, node.Key);
        var length = new byte[Varint.MaxBytes];
        byte[] sent = fault == "oversize"
            ? [.. length.AsSpan(0, Varint.Write(length, (1 << 20) + 1)), .. new byte[1000]]
            : [3, 0xFF, 0xFF, 0xFF];
        var told = await js.AskAsync(
            "raw", new { to = node.Address.ToString(), protocol = Protocol, data = Convert.ToBase64String(sent), ms = JsPeer.Limit.TotalMilliseconds });
        Assert.Equal("reset", told.GetProperty("status").GetString());
        Assert.Single(node.Switch.Connections);
    }

    [JsTheory]
    [InlineData("forged")]
    [InlineData("unsigned")]
    public async Task Js_refuses_an_invalid_message_of_ours_and_takes_a_valid_one(string fault)
    {
        var js = await peers.GetAsync("tls", "ed25519");
        var topic = NewTopic();
        await js.AskAsync("subscribe", new { topic });
        await using var node = await LocalNode.StartAsync();
        node.Switch.Register(new Listener());
        var connection = await node.Switch.DialAsync(js.Address);
        var stream = await connection.OpenStreamAsync(Protocol);
        var (invalid, first, second) = (RandomNumberGenerator.GetBytes(100), RandomNumberGenerator.GetBytes(100), RandomNumberGenerator.GetBytes(100));
        await stream.Output.WriteAsync(Frame(RpcWriter.Subscription(topic, isSubscribed: true)));
        await stream.Output.WriteAsync(Frame(Publish(Message(fault, topic, invalid, 1))));

        // Js judges messages side by side: by the time that the second has made the whole way, the invalid one has been judged.
        foreach (var valid in new[] { first, second })
        {
            await stream.Output.WriteAsync(Frame(Publish(Message("valid", topic, valid, 2))));
            var text = Convert.ToBase64String(valid);
            await js.EventAsync("message", told => told.GetProperty("topic").GetString() == topic && told.GetProperty("data").GetString() == text);
        }

        var refused = Convert.ToBase64String(invalid);
        Assert.False(js.HasTold("message", told => told.GetProperty("data").GetString() == refused));
    }

    private static string NewTopic() => $"interop/{Guid.NewGuid():N}";

    /// <summary>A message as it travels; each has an author of its own.</summary>
    private static byte[] Message(string kind, string topic, byte[] data, ulong number)
    {
        using var author = Sdk.Core.Cryptography.KeyPair.GenerateTestOnly();
        var message = PubsubMessage.Create(topic, data, kind == "unsigned" ? null : new MessageSigner(author), number, null).Encoded.ToArray();
        if (kind == "forged")
        {
            // Its signature comes last.
            message[^1] ^= 1;
        }

        return message;
    }

    private static byte[] Publish(byte[] message)
    {
        var rpc = new byte[RpcWriter.SizeOf(message.Length)];
        RpcWriter.Write(rpc, RpcFields.Publish, message);
        return rpc;
    }

    private static byte[] Frame(byte[] rpc)
    {
        var length = new byte[Varint.MaxBytes];
        return [.. length.AsSpan(0, Varint.Write(length, (ulong)rpc.Length)), .. rpc];
    }

    /// <summary>Takes what js-libp2p sends.</summary>
    private sealed class Listener : IProtocol
    {
        public string Id => Protocol;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => stream.Input.CopyToAsync(Stream.Null, cancellationToken);
    }
}
