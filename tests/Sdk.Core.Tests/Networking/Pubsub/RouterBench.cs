using System.Buffers;
using System.Text;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Core.Tests.Networking.Pubsub;

/// <summary>A clock that a test moves.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _now;

    public void Advance(TimeSpan by) => _now += by;
}

/// <summary>One router and the peers that a test plays: what goes in and out are RPCs as generated code reads them.</summary>
internal sealed class RouterBench
{
    public const string Topic = "news";

    private readonly MessageVerifier _verifier = new();
    private ulong _sequence;

    public RouterBench(GossipParameters? parameters = null)
    {
        Parameters = parameters ?? new GossipParameters();
        Router = new GossipRouter(Author().Peer, Parameters, Time, new Random(1));
    }

    public ManualTime Time { get; } = new();

    public GossipParameters Parameters { get; }

    public GossipRouter Router { get; }

    public List<PubsubMessage> Delivered { get; } = [];

    public List<GossipPeer> ResetPeers { get; } = [];

    /// <summary>What peers did against the rules, as often as it was told.</summary>
    public List<(GossipPeer Peer, PubsubFault Fault)> Faults { get; } = [];

    /// <summary>What to say of messages whose signature is right.</summary>
    public Func<PubsubMessage, MessageVerdict> Judge { get; set; } = _ => MessageVerdict.Accept;

    /// <summary>Messages that wait for a verdict while <see cref="IsSlow"/>.</summary>
    public Queue<PubsubMessage> Waiting { get; } = [];

    public bool IsSlow { get; set; }

    public static MessageSigner Author() => new(KeyPair.GenerateTestOnly());

    public GossipPeer Connect(
        GossipVersion version = GossipVersion.Meshsub11, bool isOutbound = false, string? address = null, PeerId? id = null, string? topic = Topic)
    {
        var peer = Router.Connected(id ?? Author().Peer, version, isOutbound, address);
        if (topic is not null)
        {
            Send(peer, Subscription(topic));
        }

        return peer;
    }

    /// <summary>Peers that are in the mesh, their greetings taken.</summary>
    public GossipPeer[] Mesh(int count)
    {
        Router.Subscribe(Topic);
        GossipPeer[] peers = [.. Enumerable.Range(0, count).Select(_ => Connect())];
        foreach (var peer in peers)
        {
            Send(peer, Graft(Topic));
            Take(peer);
        }

        Assert.All(peers, peer => Assert.Contains(peer.Id, Router.MeshOf(Topic)));
        return peers;
    }

    public void Send(GossipPeer peer, Rpc rpc) => SendBytes(peer, rpc.ToByteArray());

    public void SendBytes(GossipPeer peer, byte[] rpc)
    {
        RpcLimits.Check(rpc);
        Router.Receive(peer, rpc);
        Settle();
    }

    public void Beat(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            Router.Heartbeat();
            Settle();
        }
    }

    /// <summary>All that waits for the peer, as one RPC.</summary>
    public Rpc Take(GossipPeer peer)
    {
        Settle();
        var all = new Rpc { Control = new ControlMessage() };
        while (true)
        {
            var output = new ArrayBufferWriter<byte>();
            if (!Router.TryTakeFrame(peer, output))
            {
                return all;
            }

            Assert.Equal(OperationStatus.Done, Varint.TryRead(output.WrittenSpan, out var length, out var consumed));
            Assert.Equal(length, (ulong)(output.WrittenCount - consumed));
            all.MergeFrom(output.WrittenSpan[consumed..].ToArray());
        }
    }

    public void Conclude()
    {
        while (Waiting.TryDequeue(out var message))
        {
            Router.Validated(message, _verifier.Verify(message) || !Parameters.IsSigned ? Judge(message) : MessageVerdict.Forged);
            Settle();
        }
    }

    public PubsubMessage NewMessage(string data = "hello", MessageSigner? by = null, string topic = Topic) =>
        PubsubMessage.Create(topic, Encoding.UTF8.GetBytes(data), by ?? Author(), ++_sequence, null);

    public static Rpc Publish(params PubsubMessage[] messages)
    {
        var rpc = new Rpc();
        rpc.Publish.AddRange(messages.Select(message => Message.Parser.ParseFrom(message.Encoded.ToArray())));
        return rpc;
    }

    public static Rpc Subscription(string topic, bool isSubscribed = true) =>
        new() { Subscriptions = { new Rpc.Types.SubOpts { Subscribe = isSubscribed, Topicid = topic } } };

    public static Rpc Graft(string topic) => new() { Control = new ControlMessage { Graft = { new ControlGraft { TopicId = topic } } } };

    public static Rpc Prune(string topic, ulong backoffSeconds) =>
        new() { Control = new ControlMessage { Prune = { new ControlPrune { TopicId = topic, Backoff = backoffSeconds } } } };

    public static Rpc IHave(string topic, params byte[][] ids) =>
        new() { Control = new ControlMessage { Ihave = { new ControlIHave { TopicId = topic, MessageIds = { ids.Select(ByteString.CopyFrom) } } } } };

    public static Rpc IWant(params byte[][] ids) =>
        new() { Control = new ControlMessage { Iwant = { new ControlIWant { MessageIds = { ids.Select(ByteString.CopyFrom) } } } } };

    public static Rpc IDontWant(params byte[][] ids) =>
        new() { Control = new ControlMessage { Idontwant = { new ControlIDontWant { MessageIds = { ids.Select(ByteString.CopyFrom) } } } } };

    private void Settle()
    {
        while (Router.TryTakeEffect(out var effect))
        {
            switch (effect.Kind)
            {
                case GossipEffectKind.Deliver:
                    Delivered.Add(effect.Message!);
                    break;
                case GossipEffectKind.Reset:
                    ResetPeers.Add(effect.Peer!);
                    break;
                case GossipEffectKind.Fault:
                    Faults.AddRange(Enumerable.Repeat((effect.Peer!, effect.Fault), effect.Peer!.TakeFaults(effect.Fault)));
                    break;
                case GossipEffectKind.Validate:
                    Waiting.Enqueue(effect.Message!);
                    break;
            }
        }

        if (!IsSlow && Waiting.Count > 0)
        {
            Conclude();
        }
    }
}
