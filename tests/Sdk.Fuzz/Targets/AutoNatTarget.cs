using System.Buffers;
using Google.Protobuf;
using Sdk.Core.Networking;
using Sdk.Core.Networking.AutoNat;
using Sdk.Core.Networking.AutoNat.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// AutoNAT's question, put to a server that knows no way to anybody, and its answer. Up to 64 addresses of a question are looked at, of which
/// eight are dialled: a dial that fails at once is an exception through a few asynchronous methods.
/// </summary>
internal sealed class AutoNatTarget : MessageTarget
{
    private static readonly Multiaddr Place = Multiaddr.Parse("/ip4/1.2.3.4/tcp/5");
    private readonly ScriptedPeer _peer = new(Place.ToString());
    private readonly ScriptedPeer _privatePeer = new("/ip4/10.1.2.3/tcp/5");
    private readonly ScriptedPeer _relayedPeer = new($"/ip4/1.2.3.4/tcp/5/p2p/{Samples.PeerOf(1)}/p2p-circuit");
    private readonly AutoNatServer _server = AutoNatServer.Start(
        new Switch(new SwitchOptions { NodeKey = Samples.Key, Transports = [new MemoryTransport()] }),
        new AutoNatServerOptions { MaxRequests = int.MaxValue, MaxRequestsPerAddress = int.MaxValue });

    private readonly AutoNatServer _busyServer = AutoNatServer.Start(
        new Switch(new SwitchOptions { NodeKey = Samples.Key, Transports = [new MemoryTransport()] }), new AutoNatServerOptions { MaxRequests = 1, MaxRequestsPerAddress = 1 });

    private DialMessage? _message;

    public override string Name => "autonat";

    // Addresses, and eight dials that fail: each a few exceptions through four asynchronous methods, with clocks and tasks.
    public override long ConstantBytes => base.ConstantBytes + (64 * 1536) + (8 * 72 * 1024);

    // It is read five times.
    public override long AllowedBytes(byte[] input) => (5 * 4L * input.Length) + ConstantBytes;

    public override bool Decode(object input)
    {
        var bytes = (ReadOnlySequence<byte>)input;
        Exception? refusal = null;
        foreach (var (server, peer) in new[] { (_server, _peer), (_server, _privatePeer), (_server, _relayedPeer), (_busyServer, _peer) })
        {
            var serving = server.HandleAsync(peer.Open(bytes, AutoNatWire.Protocol), default);
            Require(serving.IsCompleted, "Who cannot be dialled is not waited for.");
            refusal = serving.Exception?.InnerException;
            Require(refusal is null or ProtocolViolationException, $"A question is answered, or refused by name and not by {refusal}.");
        }

        _message = Read(input, DialMessage.Parser, AutoNatWire.MaxMessageBytes);
        Require(refusal is null, "What can be read is answered.");
        var answer = AutoNatAnswer.Read(Samples.Peer, _message, [Place]);
        Require(answer?.Reached is null || answer.Reached == Place, "Nobody was reached where nobody was asked to dial.");
        return true;
    }

    public override void Check(object input) => RequireSame(_message!, DialMessage.Parser);

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var (place, other, own) = (Encoded("/ip4/1.2.3.4/tcp/5"), Encoded("/ip4/5.6.7.8/tcp/5"), Encoded($"/ip6/::ffff:1.2.3.4/tcp/7/p2p/{Samples.Peer}"));
        var id = ByteString.CopyFrom(Samples.Peer.Bytes.Span);
        yield return Question(id, place, place, other, own, Encoded("/ip4/1.2.3.4/tcp/0"), Encoded("/ip4/1.2.3.4/udp/5"));
        yield return Question(ByteString.Empty, [.. Enumerable.Range(1, 12).Select(port => Encoded($"/ip4/1.2.3.4/tcp/{port}"))]);
        yield return Question(id, other, Encoded($"/ip4/1.2.3.4/tcp/5/p2p/{Samples.PeerOf(1)}"), Encoded("/dns/x/tcp/5"));
        yield return Question(ByteString.CopyFrom(Samples.PeerOf(1).Bytes.Span), place);
        yield return Frame(new DialMessage { Type = DialMessage.Types.MessageType.Dial });
        yield return Answer(DialMessage.Types.ResponseStatus.EDialError, "no", place);
        yield return Answer(DialMessage.Types.ResponseStatus.Ok, "", place);
        yield return Answer(DialMessage.Types.ResponseStatus.Ok, "", other);
        yield return Answer(DialMessage.Types.ResponseStatus.Ok, "", ByteString.Empty);
        yield return Answer(DialMessage.Types.ResponseStatus.EInternalError, "?", ByteString.Empty);
        yield return Frame(new DialMessage { Type = DialMessage.Types.MessageType.DialResponse, DialResponse = new DialMessage.Types.DialResponse() });
        yield return Frame(new DialMessage { Type = DialMessage.Types.MessageType.DialResponse });
    }

    // Groups in groups, which the parser would go down into.
    protected override IEnumerable<byte[]> MakeRefused() => [[100, .. Enumerable.Repeat((byte)0x73, 100)], [4, 0x12, 2, 0x0B, 0x0C], [42, 0x12, 0x73, .. Enumerable.Repeat((byte)0x73, 40)]];

    private static ByteString Encoded(string address) => ByteString.CopyFrom(Multiaddr.Parse(address).Bytes.Span);

    private static byte[] Question(ByteString id, params ByteString[] addresses) => Frame(new DialMessage
    {
        Type = DialMessage.Types.MessageType.Dial,
        Dial = new DialMessage.Types.Dial { Peer = new DialMessage.Types.PeerInfo { Id = id, Addrs = { addresses } } },
    });

    private static byte[] Answer(DialMessage.Types.ResponseStatus status, string text, ByteString address) => Frame(new DialMessage
    {
        Type = DialMessage.Types.MessageType.DialResponse,
        DialResponse = new DialMessage.Types.DialResponse { Status = status, StatusText = text, Addr = address },
    });
}
