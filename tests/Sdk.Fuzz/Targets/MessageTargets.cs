using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Networking;
using Sdk.Core.Networking.AutoNat;
using Sdk.Core.Networking.AutoNat.Wire;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Muxing;
using Sdk.Core.Networking.Records;
using Sdk.Core.Networking.Relay;
using Sdk.Core.Networking.Security;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// Messages behind their length. Beyond one part for 32 bytes, a message may have 512 parts, of some 128 bytes in memory each
/// (<see cref="ProtobufShape"/>); an exception and a reader come to that.
/// </summary>
internal abstract class MessageTarget : FuzzTarget
{
    public override long ConstantBytes => (512 * 128) + (24 * 1024);

    /// <summary>The bytes in segments of a few, as a network may bring them.</summary>
    public override object Prepare(byte[] input)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, null);
        var last = first;
        for (var at = 0; at < input.Length; at += 61)
        {
            last = new Segment(input.AsMemory(at, Math.Min(61, input.Length - at)), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    protected static T Read<T>(object input, MessageParser<T> parser, int maxBytes)
        where T : class, IMessage<T>
    {
        var reading = ProtobufFrame.ReadAsync(PipeReader.Create((ReadOnlySequence<byte>)input), parser, maxBytes);
        Require(reading.IsCompleted, "Nothing is waited for that has come.");
        return reading.GetAwaiter().GetResult() ?? throw new ProtocolViolationException("Nothing came.");
    }

    protected static byte[] Frame(IMessage message)
    {
        var writer = new ArrayBufferWriter<byte>();
        ProtobufFrame.Write(writer, message);
        return writer.WrittenSpan.ToArray();
    }

    protected static void RequireSame<T>(T message, MessageParser<T> parser)
        where T : class, IMessage<T> =>
        Require(Read(new ReadOnlySequence<byte>(Frame(message)), parser, int.MaxValue).Equals(message), "What is written is read again.");

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}

/// <summary>What a peer says of itself. An address costs what <see cref="MultiaddrBinaryTarget"/> says, of those that it is written with; a record has at most 128.</summary>
internal sealed class IdentifyTarget : MessageTarget
{
    private readonly Connection _connection;
    private Identification? _message;

    public IdentifyTarget()
    {
        var stream = new ScriptedStream(default);
        var address = Multiaddr.Parse("/ip4/1.2.3.4/tcp/5");
        var key = IdentityKey.From(Samples.Key.PublicKey);
        _connection = new Connection(
            new SecuredConnection(stream, key, Samples.Peer, null), new TransportConnection(stream, address, address), isDialer: false,
            new ConcurrentDictionary<string, IProtocol>(), new YamuxLimits(), TimeProvider.System, NullLogger.Instance);
    }

    public override string Name => "identify";

    public override long ConstantBytes => base.ConstantBytes + (128 * 1024);

    public override IReadOnlyList<byte[]> Words { get; } = [[0x12, 0x00], [0x1A, 0x00], [0x1A, 0x01, (byte)'a'], [0x42, 0x00], [0x0A, 0x00], [0x80, 0x40]];

    public override bool Decode(object input)
    {
        _message = Read(input, Identification.Parser, IdentifyService.MaxMessageBytes);
        return PeerIdentity.From(_connection, _message, null) is not null;
    }

    public override void Check(object input)
    {
        RequireSame(_message!, Identification.Parser);
        var identity = PeerIdentity.From(_connection, _message!, null);
        Require(identity.Addresses.All(address => address.Peer == Samples.Peer), "Addresses are the peer's.");
        Require(identity.Protocols.Count <= PeerIdentity.MaxProtocols && identity.AgentVersion.Length <= PeerIdentity.MaxTextLength, "Limits hold.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var addresses = Samples.Addresses.Select(Multiaddr.Parse).ToList();
        var whole = new Identification
        {
            PublicKey = ByteString.CopyFrom(Samples.Identities[0]),
            ObservedAddr = ByteString.CopyFrom(addresses[0].Bytes.Span),
            ProtocolVersion = "ipfs/0.1.0",
            AgentVersion = "agent/1",
            Protocols = { "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/meshsub/1.1.0" },
            ListenAddrs = { addresses.Select(address => ByteString.CopyFrom(address.Bytes.Span)) },
        };
        yield return Frame(whole);
        whole.SignedPeerRecord = ByteString.CopyFrom(PeerRecord.Seal(Samples.Key, 7, addresses.Take(3)));
        yield return Frame(whole);
        yield return Frame(new Identification { AgentVersion = "x" });
    }
}

/// <summary>
/// Statements under a signature, opened as a peer record, which has at most 128 addresses. An input that begins with an odd byte is a
/// payload that is signed first, so that what comes after the signature is reached too. A verification costs some 120 KiB.
/// </summary>
internal sealed class EnvelopeTarget : FuzzTarget
{
    private PeerRecord? _record;

    public override string Name => "signed-envelope";

    public override long ConstantBytes => (64 + 24 + 64 + 256) * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x0A, 0x00], [0x12, 0x02, 0x03, 0x01], [0x1A, 0x00], [0x2A, 0x00], [0x1A, 0x02, 0x0A, 0x00]];

    public override object Prepare(byte[] input) =>
        input.Length > 0 && (input[0] & 1) == 1 ? SignedEnvelope.Seal(Samples.Key, PeerRecord.Domain, PeerRecord.PayloadType, input.AsSpan(1)) : input[Math.Min(1, input.Length)..];

    public override bool Decode(object input)
    {
        Require(ReservationVoucher.FindFault((byte[])input, Samples.Peer, Samples.Peer, DateTimeOffset.UnixEpoch) is not null, "A record is no voucher.");
        _record = PeerRecord.Open((byte[])input);
        return true;
    }

    public override void Check(object input) =>
        Require(_record!.Peer == Samples.Peer && _record.Addresses.All(address => address.Peer == Samples.Peer), "Nobody speaks for another.");

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var addresses = Samples.Addresses.Take(4).Select(Multiaddr.Parse).ToList();
        foreach (var envelope in new[] { PeerRecord.Seal(Samples.Key, 1, []), PeerRecord.Seal(Samples.Key, ulong.MaxValue, addresses) })
        {
            yield return [0, .. envelope];
            yield return [1, .. SignedEnvelope.Open(envelope, PeerRecord.Domain, PeerRecord.PayloadType).Payload.Span];
        }
    }
}

/// <summary>Both protocols of a relay: the message for the relay is tried first, then the one from it.</summary>
internal sealed class RelayTarget : MessageTarget
{
    private HopMessage? _hop;
    private StopMessage? _stop;

    public override string Name => "relay";

    public override bool Decode(object input)
    {
        _hop = Read(input, HopMessage.Parser, RelayWire.MaxMessageBytes);
        _stop = Read(input, StopMessage.Parser, RelayWire.MaxMessageBytes);
        return true;
    }

    public override void Check(object input)
    {
        RequireSame(_hop!, HopMessage.Parser);
        RequireSame(_stop!, StopMessage.Parser);
        _ = RelayWire.FromWire(_hop!.Limit);
        _ = RelayWire.FromWire(_stop!.Limit);
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var peer = new CircuitPeer { Id = ByteString.CopyFrom(Samples.Peer.Bytes.Span), Addrs = { ByteString.CopyFrom(Multiaddr.Parse(Samples.Addresses[0]).Bytes.Span) } };
        var limit = new CircuitLimits { Duration = 120, Data = 1 << 17 };
        yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Reserve });
        yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Connect, Peer = peer });
        yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Status, Status = CircuitStatus.Ok, Limit = limit });
        yield return Frame(new StopMessage { Type = StopMessage.Types.Type.Connect, Peer = peer, Limit = limit });
        yield return Frame(new StopMessage { Type = StopMessage.Types.Type.Status, Status = CircuitStatus.ConnectionFailed });
    }
}

/// <summary>AutoNAT's question and answer.</summary>
internal sealed class AutoNatTarget : MessageTarget
{
    private DialMessage? _message;

    public override string Name => "autonat";

    public override bool Decode(object input)
    {
        _message = Read(input, DialMessage.Parser, AutoNatWire.MaxMessageBytes);
        return true;
    }

    public override void Check(object input) => RequireSame(_message!, DialMessage.Parser);

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var address = ByteString.CopyFrom(Multiaddr.Parse(Samples.Addresses[0]).Bytes.Span);
        yield return Frame(new DialMessage
        {
            Type = DialMessage.Types.MessageType.Dial,
            Dial = new DialMessage.Types.Dial
            {
                Peer = new DialMessage.Types.PeerInfo { Id = ByteString.CopyFrom(Samples.Peer.Bytes.Span), Addrs = { address, address } },
            },
        });
        yield return Frame(new DialMessage
        {
            Type = DialMessage.Types.MessageType.DialResponse,
            DialResponse = new DialMessage.Types.DialResponse { Status = DialMessage.Types.ResponseStatus.EDialError, StatusText = "no", Addr = address },
        });
    }
}
