using System.Buffers;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// An RPC at a router that has subscribed to a topic, with its messages verified. What the router keeps for a peer is limited in topics;
/// a topic is a set of peers or three. A signature costs what <see cref="IdentitySignatureTarget"/> says, for every message that has one.
/// </summary>
internal sealed class GossipTarget : FuzzTarget
{
    private const string Topic = "topic";
    private const int BytesPerMessage = 2 * 1024;
    private const int BytesPerVerification = 256 * 1024;
    private readonly GossipParameters _parameters = new();
    private readonly MessageVerifier _verifier = new();
    private readonly ArrayBufferWriter<byte> _output = new(1 << 16);
    private int _verified;
    private int _messages;

    public override string Name => "gossip-rpc";

    public override long ConstantBytes => 256 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        RpcWriter.Subscription("a", true), RpcWriter.Subscription("", true), RpcWriter.Subscription(Topic, false), InControl(RpcWriter.Graft(Topic)),
        InControl(RpcWriter.Prune(Topic, TimeSpan.FromDays(9999))), InControl(RpcWriter.IWant([[1]])), [0x12, 0x00], [0x1A, 0x00],
    ];

    public override long AllowedBytes(byte[] input) =>
        base.AllowedBytes(input) + ((long)_verified * BytesPerVerification) + ((long)_messages * BytesPerMessage);

    public override object Prepare(byte[] input)
    {
        var router = new GossipRouter(Samples.PeerOf(3), _parameters, TimeProvider.System, new Random(1));
        router.Subscribe(Topic);
        return (router, router.Connected(Samples.Peer, GossipVersion.Meshsub12, isOutbound: false), input);
    }

    public override bool Decode(object input)
    {
        var (router, peer, rpc) = ((GossipRouter, GossipPeer, byte[]))input;
        (_verified, _messages) = (0, 0);
        RpcLimits.Check(rpc);
        router.Receive(peer, rpc);
        while (router.TryTakeEffect(out var effect))
        {
            if (effect is { Kind: GossipEffectKind.Validate, Message: { } message })
            {
                _messages++;
                _verified += message.Signature.IsEmpty ? 0 : 1;
                router.Validated(message, _verifier.Verify(message) ? MessageVerdict.Accept : MessageVerdict.Forged);
            }
        }

        return true;
    }

    public override void Check(object input)
    {
        var (router, peer, _) = ((GossipRouter, GossipPeer, byte[]))input;
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
        var unsigned = PubsubMessage.Create(Topic, new byte[200], null, 0, null);
        byte[] id = message.MessageId.ToArray();
        yield return [.. RpcWriter.Subscription(Topic, true), .. RpcWriter.Subscription("other", true)];
        yield return [.. RpcWriter.Subscription(Topic, true), .. InControl(RpcWriter.Graft(Topic)), .. Publish(message)];
        yield return [.. Publish(message), .. Publish(unsigned)];
        yield return InControl([.. RpcWriter.IHave(Topic, [id, [1, 2, 3]]), .. RpcWriter.IWant([id]), .. RpcWriter.IDontWant([id])]);
        yield return InControl([.. RpcWriter.Prune(Topic, TimeSpan.FromMinutes(1)), .. RpcWriter.Prune("x", TimeSpan.Zero)]);
        yield return [.. RpcWriter.Subscription(Topic, false), .. InControl(RpcWriter.Graft("nobody's"))];
    }

    private static byte[] InControl(byte[] entries) => Field(RpcFields.Control, entries);

    private static byte[] Publish(PubsubMessage message) => Field(RpcFields.Publish, message.Encoded.ToArray());

    private static byte[] Field(int field, byte[] content)
    {
        var whole = new byte[RpcWriter.SizeOf(content.Length)];
        RpcWriter.Write(whole, field, content);
        return whole;
    }
}
