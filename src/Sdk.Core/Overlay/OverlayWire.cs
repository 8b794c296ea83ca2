using Google.Protobuf;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Overlay.Wire;

namespace Sdk.Core.Overlay;

/// <summary>Messages of the overlay as frames (<c>overlay.proto</c>).</summary>
internal static class OverlayWire
{
    public const string Protocol = "/sdk/overlay/1";

    /// <summary>The longest frame: all that may stand under one key.</summary>
    public const int MaxFrameBytes = RecordKind.BytesPerKeyMax + (16 << 10);

    private const int MaxNodes = 32;

    /// <summary>Records in one frame: as many as fit where each is as short as can be.</summary>
    private const int MaxRecords = RecordKind.BytesPerKeyMax / OverlayRecord.OverheadLengthBytes;

    public static OverlayFrame Hello(NodeRecord record) => new() { Hello = Wrap(record.Encoded) };

    /// <exception cref="ProtocolViolationException">The frame is not a peer's record.</exception>
    public static NodeRecord ReadHello(OverlayFrame frame, NodeRecordCache cache) => frame.BodyCase == OverlayFrame.BodyOneofCase.Hello
        ? ReadRecord(frame.Hello, cache)
        : throw new ProtocolViolationException("An overlay stream begins with a node's record.");

    public static OverlayFrame Write(ulong request, bool isAnswer, OverlayMessage message)
    {
        var frame = new OverlayFrame { Request = request, Answer = isAnswer };
        switch (message)
        {
            case PingMessage:
                frame.Ping = new Ping();
                break;
            case PongMessage:
                frame.Pong = new Ping();
                break;
            case BusyMessage:
                frame.Busy = new Ping();
                break;
            case FindNodesMessage find:
                frame.FindNodes = new FindNodes { Target = Wrap(find.Target), Count = (uint)find.Count };
                break;
            case NodesMessage nodes:
                frame.Nodes = new Nodes();
                frame.Nodes.Records.AddRange(nodes.Nodes.Select(node => Wrap(node.Encoded)));
                break;
            case RenewalMessage renewal:
                frame.Renewal = Wrap(renewal.Record.Encoded);
                break;
            case StoreRecordsMessage store:
                frame.StoreRecords = Wrap(store.Records);
                break;
            case StoredRecordsMessage stored:
                frame.StoredRecords = new Outcomes();
                frame.StoredRecords.Outcomes_.AddRange(stored.Outcomes.Select(outcome => (uint)outcome));
                break;
            case FetchRecordsMessage fetch:
                frame.FetchRecords = new FetchRecords { Kind = fetch.Kind, Key = Wrap(fetch.Key), Known = Wrap(fetch.Known?.ToArray()) };
                break;
            case RecordsMessage records:
                frame.Records = Wrap(records.Records);
                frame.Records.Same = records.IsSame;
                break;
            case OfferRecordsMessage offer:
                frame.OfferRecords = new Offer { Digests = Wrap(Join(offer.Digests)) };
                break;
            case WantedRecordsMessage wanted:
                frame.WantedRecords = new Wanted();
                frame.WantedRecords.Indices.AddRange(wanted.Indices.Select(index => (uint)index));
                break;
            default:
                throw new NotSupportedException($"{message.GetType().Name} does not travel.");
        }

        return frame;
    }

    /// <exception cref="ProtocolViolationException">A field has a length that is none, or there is no message.</exception>
    public static OverlayMessage Read(OverlayFrame frame, NodeRecordCache cache) => frame.BodyCase switch
    {
        OverlayFrame.BodyOneofCase.Ping => PingMessage.Instance,
        OverlayFrame.BodyOneofCase.Pong => PongMessage.Instance,
        OverlayFrame.BodyOneofCase.Busy => BusyMessage.Instance,
        OverlayFrame.BodyOneofCase.FindNodes => new FindNodesMessage(ReadAddress(frame.FindNodes.Target), (int)Math.Min(frame.FindNodes.Count, MaxNodes)),
        OverlayFrame.BodyOneofCase.Nodes when frame.Nodes.Records.Count <= MaxNodes => new NodesMessage([.. frame.Nodes.Records.Select(record => ReadRecord(record, cache))]),
        OverlayFrame.BodyOneofCase.Renewal => new RenewalMessage(ReadRecord(frame.Renewal, cache)),
        OverlayFrame.BodyOneofCase.StoreRecords => new StoreRecordsMessage(ReadRecords(frame.StoreRecords)),
        OverlayFrame.BodyOneofCase.StoredRecords when frame.StoredRecords.Outcomes_.Count <= MaxRecords =>
            new StoredRecordsMessage([.. frame.StoredRecords.Outcomes_.Select(ReadOutcome)]),
        OverlayFrame.BodyOneofCase.FetchRecords => new FetchRecordsMessage(
            frame.FetchRecords.Kind, ReadAddress(frame.FetchRecords.Key), frame.FetchRecords.Known.IsEmpty ? null : ReadAddress(frame.FetchRecords.Known).ToHash256()),
        OverlayFrame.BodyOneofCase.Records => new RecordsMessage(frame.Records.Same, ReadRecords(frame.Records)),
        OverlayFrame.BodyOneofCase.OfferRecords => new OfferRecordsMessage(Split(frame.OfferRecords.Digests)),
        OverlayFrame.BodyOneofCase.WantedRecords when frame.WantedRecords.Indices.Count <= OfferRecordsMessage.CountMax =>
            new WantedRecordsMessage([.. frame.WantedRecords.Indices.Select(index => (int)Math.Min(index, int.MaxValue))]),
        _ => throw new ProtocolViolationException("An overlay frame holds no message, or too many parts."),
    };

    private static Wire.Records Wrap(IReadOnlyList<OverlayRecord> records)
    {
        var wrapped = new Wire.Records();
        wrapped.Records_.AddRange(records.Select(record => Wrap(record.Bytes)));
        return wrapped;
    }

    private static OverlayRecord[] ReadRecords(Wire.Records wrapped)
    {
        if (wrapped.Records_.Count > MaxRecords)
        {
            throw new ProtocolViolationException("An overlay frame holds too many records.");
        }

        var records = new OverlayRecord[wrapped.Records_.Count];
        for (var i = 0; i < records.Length; i++)
        {
            if (!OverlayRecord.TryDecode(wrapped.Records_[i].Span, out records[i]!))
            {
                RecordTelemetry.Offered(RecordOutcome.Malformed);
                throw new ProtocolViolationException("An overlay record is malformed.");
            }
        }

        return records;
    }

    private static RecordOutcome ReadOutcome(uint outcome) => Enum.IsDefined((RecordOutcome)outcome)
        ? (RecordOutcome)outcome
        : throw new ProtocolViolationException("An overlay frame names an outcome that does not exist.");

    private static byte[] Join(IReadOnlyList<Hash256> digests)
    {
        var bytes = new byte[digests.Count * Hash256.LengthBytes];
        for (var i = 0; i < digests.Count; i++)
        {
            digests[i].CopyTo(bytes.AsSpan(i * Hash256.LengthBytes));
        }

        return bytes;
    }

    private static Hash256[] Split(ByteString bytes)
    {
        if (bytes.Length % Hash256.LengthBytes != 0 || bytes.Length > OfferRecordsMessage.CountMax * Hash256.LengthBytes)
        {
            throw new ProtocolViolationException("An offer of records is malformed, or too long.");
        }

        var digests = new Hash256[bytes.Length / Hash256.LengthBytes];
        for (var i = 0; i < digests.Length; i++)
        {
            digests[i] = Hash256.FromBytes(bytes.Span.Slice(i * Hash256.LengthBytes, Hash256.LengthBytes));
        }

        return digests;
    }

    private static ByteString Wrap(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);

    private static ByteString Wrap(OverlayAddress address)
    {
        var bytes = new byte[OverlayAddress.LengthBytes];
        address.CopyTo(bytes);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private static OverlayAddress ReadAddress(ByteString bytes) => bytes.Length == OverlayAddress.LengthBytes
        ? OverlayAddress.FromBytes(bytes.Span)
        : throw new ProtocolViolationException("An overlay address has another length.");

    private static NodeRecord ReadRecord(ByteString bytes, NodeRecordCache cache)
    {
        if (cache.TryDecode(bytes.Span, out var record))
        {
            return record;
        }

        OverlayTelemetry.RecordRefused("malformed");
        throw new ProtocolViolationException("A node record is malformed.");
    }
}
