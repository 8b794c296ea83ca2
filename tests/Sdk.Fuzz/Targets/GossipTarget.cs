using System.Buffers;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// An RPC at a router that has subscribed to a topic, with its messages verified. The first two bytes say in which situation. What the router keeps for a peer is limited in topics;
/// a topic is a set of peers or three. A signature costs what <see cref="IdentitySignatureTarget"/> says, for every message that has one.
/// </summary>
internal sealed class GossipTarget : FuzzTarget
{
    private const string Topic = "topic";
    private static readonly KeyPair Self = KeyPair.FromPrivateKey([.. Enumerable.Repeat((byte)9, 32)]);
    private const int BytesPerMessage = 2 * 1024;
    private const int BytesPerVerification = 256 * 1024;
    private readonly GossipParameters _parameters = new();
    private readonly MessageVerifier _verifier = new();
    private readonly ArrayBufferWriter<byte> _output = new(1 << 16);
    private readonly PubsubMessage _known = PubsubMessage.Create(Topic, "known"u8, new MessageSigner(Samples.Key), 9, null);
    private int _verified;
    private int _messages;

    public override string Name => "gossip-rpc";

    public override long ConstantBytes => 32 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        RpcWriter.Subscription("a", true), RpcWriter.Subscription("", true), RpcWriter.Subscription(Topic, false), InControl(RpcWriter.Graft(Topic)),
        InControl(RpcWriter.Prune(Topic, TimeSpan.FromDays(9999))), InControl(RpcWriter.IWant([[1]])), [0x12, 0x00], [0x1A, 0x00],
    ];

    public override long AllowedBytes(byte[] input) =>
        base.AllowedBytes(input) + ((long)_verified * BytesPerVerification) + ((long)_messages * BytesPerMessage);

    public override object Prepare(byte[] input)
    {
        var (first, second) = (input.Length > 0 ? input[0] : (byte)0, input.Length > 1 ? input[1] : (byte)0);
        return new Scene((Situation)(first | (second << 8)), _parameters, input[Math.Min(2, input.Length)..], _known);
    }

    public override bool Decode(object input)
    {
        var scene = (Scene)input;
        (_verified, _messages) = (0, 0);
        RpcLimits.Check(scene.Rpc);
        scene.Router.Receive(scene.Peer, scene.Rpc);
        if (scene.Is(Situation.Copied))
        {
            // Another peer sends the same before there is a verdict.
            scene.Router.Receive(scene.Other, scene.Rpc);
        }

        while (scene.Router.TryTakeEffect(out var effect))
        {
            if (effect is { Kind: GossipEffectKind.Validate, Message: { } message })
            {
                _messages++;
                _verified += message.Signature.IsEmpty ? 0 : 1;
                var isTrue = scene.Is(Situation.Unsigned) || _verifier.Verify(message);
                scene.Router.Validated(message, isTrue ? scene.Verdict(message) : MessageVerdict.Forged);
            }
        }

        return true;
    }

    public override void Check(object input)
    {
        var scene = (Scene)input;
        var (router, peer) = (scene.Router, scene.Peer);
        Require(router.PendingCount == 0, "What was validated is done with.");
        Require(router.TopicCount <= _parameters.MaxTopicsPerPeer + 1, "A peer brings as many topics as it may.");
        router.Heartbeat();
        _output.Clear();
        while (router.TryTakeFrame(peer, _output))
        {
            // What it answers is well-formed: the frame is a length, then an RPC.
            Varint.TryRead(_output.WrittenSpan, out var length, out var consumed);
            RpcLimits.Check(_output.WrittenSpan.Slice(consumed, (int)length));
            _output.Clear();
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var signer = new MessageSigner(Samples.Key);
        var message = PubsubMessage.Create(Topic, "data"u8, signer, 1, null);
        var large = PubsubMessage.Create(Topic, new byte[1100], signer, 2, null);
        var unsigned = PubsubMessage.Create(Topic, new byte[200], null, 0, null);
        byte[] id = message.MessageId.ToArray();
        byte[][] rpcs =
        [
            [.. RpcWriter.Subscription(Topic, true), .. RpcWriter.Subscription("other", true)],
            [.. RpcWriter.Subscription(Topic, true), .. InControl(RpcWriter.Graft(Topic)), .. Publish(message)],
            [.. Publish(message), .. Publish(unsigned), .. Publish(_known)],
            Publish(PubsubMessage.Create(Topic, "own"u8, new MessageSigner(Self), 3, null)),
            InControl([.. RpcWriter.IHave(Topic, [id, [1, 2, 3]]), .. RpcWriter.IWant([id, _known.Id]), .. RpcWriter.IDontWant([id])]),
            InControl([.. RpcWriter.Prune(Topic, TimeSpan.FromMinutes(1)), .. RpcWriter.Prune("x", TimeSpan.Zero)]),
            [.. RpcWriter.Subscription(Topic, false), .. InControl(RpcWriter.Graft("nobody's"))],
        ];
        foreach (var rpc in rpcs)
        {
            yield return [0, 0, .. rpc];
        }

        foreach (var situation in Enum.GetValues<Situation>())
        {
            yield return [(byte)situation, (byte)((int)situation >> 8), .. rpcs[1], .. rpcs[2], .. rpcs[4]];
            yield return [(byte)situation, (byte)((int)situation >> 8), .. InControl(RpcWriter.Graft(Topic)), .. Publish(large), .. rpcs[5]];
        }

        var seenAnew = Situation.CustomIds | Situation.Old;
        yield return [(byte)seenAnew, (byte)((int)seenAnew >> 8), .. Publish(_known), .. InControl(RpcWriter.IHave(Topic, [_known.Id]))];
        var rejectedTwice = Situation.Copied | Situation.Rejected;
        yield return [(byte)rejectedTwice, (byte)((int)rejectedTwice >> 8), .. Publish(message), .. Publish(message)];
        var unsignedByContent = Situation.Unsigned | Situation.CustomIds;
        yield return [(byte)unsignedByContent, (byte)((int)unsignedByContent >> 8), .. Publish(unsigned), .. Publish(PubsubMessage.Create(Topic, new byte[300], null, 0, null))];
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        yield return [0, 0, .. Enumerable.Repeat<byte[]>([0x12, 0x00], RpcLimits.MaxMessages + 1).SelectMany(entry => entry)];
        yield return [0, 0, .. Enumerable.Repeat<byte[]>([0x0A, 0x00], RpcLimits.MaxSubscriptions + 1).SelectMany(entry => entry)];
        yield return [0, 0, .. InControl([.. Enumerable.Repeat<byte[]>([0x1A, 0x00], RpcLimits.MaxControlEntries + 1).SelectMany(entry => entry)])];
        yield return [0, 0, .. InControl(Field(RpcFields.IWant, [.. Enumerable.Repeat<byte[]>([0x0A, 0x00], RpcLimits.MaxIds + 1).SelectMany(entry => entry)]))];
    }

    private static byte[] InControl(byte[] entries) => Field(RpcFields.Control, entries);

    private static byte[] Publish(PubsubMessage message) => Field(RpcFields.Publish, message.Encoded.ToArray());

    private static byte[] Field(int field, byte[] content)
    {
        var whole = new byte[RpcWriter.SizeOf(content.Length)];
        RpcWriter.Write(whole, field, content);
        return whole;
    }

    /// <summary>What the router and the peer have behind them.</summary>
    [Flags]
    private enum Situation
    {
        None = 0,

        /// <summary>Messages are not signed.</summary>
        Unsigned = 1,

        /// <summary>Ids are the first bytes of the data: any length.</summary>
        CustomIds = 2,

        /// <summary>The peer and others are in the mesh.</summary>
        Meshed = 4,

        /// <summary>The peer was pruned, by both sides.</summary>
        Pruned = 8,

        /// <summary>The peer speaks floodsub.</summary>
        Floodsub = 16,

        /// <summary>A message was heard and long since forgotten.</summary>
        Old = 32,

        /// <summary>A message is known here.</summary>
        Known = 64,

        /// <summary>Another peer sends the same at once.</summary>
        Copied = 128,

        /// <summary>Nothing that the peer says counts.</summary>
        Graylisted = 256,

        /// <summary>The peer's gossip does not count.</summary>
        Disliked = 512,

        /// <summary>The mesh is full.</summary>
        Full = 1024,

        /// <summary>The peer has announced all that it may.</summary>
        Announced = 2048,

        /// <summary>The validator rejects what it is asked about.</summary>
        Rejected = 4096,

        /// <summary>The validator ignores what it is asked about.</summary>
        Ignored = 8192,

        /// <summary>The node does not subscribe, but did a moment ago.</summary>
        Left = 16384,

        /// <summary>The peer has as many topics as it may.</summary>
        Topical = 32768,
    }

    /// <summary>A router in a situation, made outside the measurement.</summary>
    private sealed class Scene
    {
        private readonly Situation _situation;

        public Scene(Situation situation, GossipParameters parameters, byte[] rpc, PubsubMessage known)
        {
            (_situation, Rpc) = (situation, rpc);
            var time = new SetTime();
            var isSigned = !Is(Situation.Unsigned);
            Router = new GossipRouter(
                PeerId.FromPublicKey(Self.PublicKey),
                parameters with { IsSigned = isSigned, MessageId = Is(Situation.CustomIds) ? message => message.Data.ToArray() : null },
                time,
                new Random(1));
            Router.Subscribe(Topic);
            Peer = Router.Connected(Samples.Peer, Is(Situation.Floodsub) ? GossipVersion.Floodsub : GossipVersion.Meshsub12, isOutbound: false);
            Other = Router.Connected(PeerOf(0), GossipVersion.Meshsub12, isOutbound: false);
            Router.Receive(Other, RpcWriter.Subscription(Topic, true));
            if (isSigned && (Is(Situation.Old) || Is(Situation.Known)))
            {
                Router.Receive(Other, Publish(known));
                TakeAll(MessageVerdict.Accept);
            }

            if (isSigned && Is(Situation.Old))
            {
                time.Now += 2 * parameters.SeenLifetime;
                Router.Heartbeat();
            }

            Join(parameters);
            Judge(parameters);
            TakeAll(MessageVerdict.Accept);
        }

        public GossipRouter Router { get; }

        public GossipPeer Peer { get; }

        public GossipPeer Other { get; }

        public byte[] Rpc { get; }

        public bool Is(Situation situation) => (_situation & situation) != 0;

        public MessageVerdict Verdict(PubsubMessage message) =>
            Is(Situation.Rejected) ? MessageVerdict.Reject
            : !Is(Situation.Ignored) ? MessageVerdict.Accept
            : message.Data.Length % 2 == 0 ? MessageVerdict.Ignore : MessageVerdict.Unjudged;

        /// <summary>An id that is a hash, of which nobody knows the key.</summary>
        private static PeerId PeerOf(byte number) =>
            PeerId.TryFromBytes([0x12, 0x20, .. Enumerable.Repeat(number, 32)], out var id) ? id : throw new InvalidOperationException("The sample is no id.");

        private void Join(GossipParameters parameters)
        {
            byte[] join = [.. RpcWriter.Subscription(Topic, true), .. InControl(RpcWriter.Graft(Topic))];
            var members = Is(Situation.Full) ? parameters.MeshHigh : Is(Situation.Meshed) ? 2 : 0;
            for (var i = 0; i < members; i++)
            {
                Router.Receive(Router.Connected(PeerOf((byte)(i + 1)), GossipVersion.Meshsub12, isOutbound: false), join);
            }

            if (Is(Situation.Meshed))
            {
                Router.Receive(Peer, join);
            }

            if (Is(Situation.Pruned))
            {
                Router.Receive(Peer, [.. join, .. InControl(RpcWriter.Prune(Topic, TimeSpan.FromMinutes(1)))]);
            }

            if (Is(Situation.Left))
            {
                Router.Unsubscribe(Topic);
            }
        }

        private void Judge(GossipParameters parameters)
        {
            Peer.Score.Invalid = Is(Situation.Graylisted) ? 10 : Is(Situation.Disliked) ? 1.5 : 0;
            Peer.IHaveMessages = Is(Situation.Announced) ? parameters.MaxIHaveMessages : 0;
            for (var i = 0; Is(Situation.Topical) && i < parameters.MaxTopicsPerPeer; i++)
            {
                Router.Receive(Peer, RpcWriter.Subscription($"{i}", true));
            }
        }

        private void TakeAll(MessageVerdict verdict)
        {
            while (Router.TryTakeEffect(out var effect))
            {
                if (effect is { Kind: GossipEffectKind.Validate, Message: { } message })
                {
                    Router.Validated(message, verdict);
                }
            }
        }
    }

    /// <summary>A clock that stands where it is put.</summary>
    private sealed class SetTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
