using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Records;
using Sdk.Core.Networking.Relay;

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

/// <summary>
/// What a peer says of itself, read twice: as an answer and as news. A record's signature costs some 120 KiB each time; every address is an
/// object with its parts, made again with the peer behind it; protocols are counted once each, in a set.
/// </summary>
internal sealed class IdentifyTarget : MessageTarget
{
    private readonly Connection _connection = new ScriptedPeer("/ip4/1.2.3.4/tcp/5").Connection;
    private const int BytesPerAddress = 1536;
    private const int BytesPerProtocol = 128;
    private const int BytesPerRecord = (128 + 32) * 1024;
    private readonly PeerIdentity _earlier;
    private Identification? _message;

    public IdentifyTarget() => _earlier = PeerIdentity.From(_connection, Whole(PeerRecord.Seal(Samples.Key, 7, [])), null);

    public override string Name => "identify";

    public override long AllowedBytes(byte[] input) =>
        base.AllowedBytes(input) + (2L * BytesPerAddress * (_message?.ListenAddrs.Count ?? 0))
        + (2L * BytesPerProtocol * (_message?.Protocols.Count ?? 0)) + (_message?.HasSignedPeerRecord == true ? 2L * BytesPerRecord : 0);

    public override IReadOnlyList<byte[]> Words { get; } = [[0x12, 0x00], [0x1A, 0x00], [0x1A, 0x01, (byte)'a'], [0x42, 0x00], [0x0A, 0x00], [0x80, 0x40]];

    public override bool Decode(object input)
    {
        _message = null;
        _message = Read(input, Identification.Parser, IdentifyService.MaxMessageBytes);


        // Both as an answer and as news of changes.
        return PeerIdentity.From(_connection, _message, null) is not null && PeerIdentity.From(_connection, _message, _earlier) is not null;
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
        var addresses = Samples.Addresses.Select(Multiaddr.Parse).Take(3).ToList();
        yield return Frame(Whole(null));
        yield return Frame(Whole(PeerRecord.Seal(Samples.Key, 7, addresses)));
        yield return Frame(Whole(PeerRecord.Seal(Samples.Key, 6, addresses)));
        yield return Frame(new Identification { AgentVersion = "x" });
        yield return Frame(new Identification { SignedPeerRecord = ByteString.CopyFrom(PeerRecord.Seal(Samples.Key, 8, addresses)) });
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        using var another = KeyPair.FromPrivateKey(Enumerable.Range(2, 32).Select(i => (byte)i).ToArray());
        yield return Frame(Whole(PeerRecord.Seal(another, 9, [])));
        yield return Frame(new Identification { Protocols = { Enumerable.Range(0, PeerIdentity.MaxProtocols + 1).Select(i => $"/p/{i:D9}") } });
        yield return Frame(new Identification { Protocols = { "" } });
        yield return Frame(new Identification { Protocols = { new string('x', PeerIdentity.MaxTextLength + 1) } });
        yield return Frame(new Identification { AgentVersion = new string('x', PeerIdentity.MaxTextLength + 1) });
        yield return Frame(new Identification { PublicKey = ByteString.CopyFrom(Samples.Identities[1]) });
        yield return Frame(new Identification
        {
            AgentVersion = new string('x', 100),
            ListenAddrs = { Enumerable.Range(0, PeerRecord.MaxAddresses + 1).Select(i => ByteString.CopyFrom(4, 1, 2, 3, (byte)i, 6, 0, 80)) },
        });
    }

    private static Identification Whole(byte[]? record)
    {
        var whole = new Identification
        {
            PublicKey = ByteString.CopyFrom(Samples.Identities[0]),
            ObservedAddr = ByteString.CopyFrom(Multiaddr.Parse(Samples.Addresses[0]).Bytes.Span),
            ProtocolVersion = "ipfs/0.1.0",
            AgentVersion = "agent/1",
            Protocols = { "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/meshsub/1.1.0" },
            ListenAddrs = { Samples.Addresses.Select(address => ByteString.CopyFrom(Multiaddr.Parse(address).Bytes.Span)) },
        };
        if (record is not null)
        {
            whole.SignedPeerRecord = ByteString.CopyFrom(record);
        }

        return whole;
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

    protected override IEnumerable<byte[]> MakeRefused()
    {
        var crowd = Enumerable.Range(0, PeerRecord.MaxAddresses + 1).Select(i => Multiaddr.Parse($"/ip4/1.2.3.4/tcp/{i}"));
        yield return [0, .. PeerRecord.Seal(Samples.Key, 1, crowd)];
        yield return [0, .. SignedEnvelope.Seal(Samples.Key, "another purpose", PeerRecord.PayloadType, [])];
        yield return [0, .. SignedEnvelope.Seal(Samples.Key, PeerRecord.Domain, [1], [])];
    }
}
