using Google.Protobuf;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Wire;

namespace Sdk.Core.Overlay;

/// <summary>Messages of the overlay as frames (<c>overlay.proto</c>).</summary>
internal static class OverlayWire
{
    public const string Protocol = "/sdk/overlay/1";

    /// <summary>The longest frame: an answer with as many records as are read of one, each of the greatest length.</summary>
    public const int MaxFrameBytes = 64 << 10;

    private const int MaxNodes = 32;

    public static OverlayFrame Hello(NodeRecord record) => new() { Hello = Wrap(record.Encoded) };

    /// <exception cref="ProtocolViolationException">The frame is not a peer's record.</exception>
    public static NodeRecord ReadHello(OverlayFrame frame) => frame.BodyCase == OverlayFrame.BodyOneofCase.Hello
        ? ReadRecord(frame.Hello)
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
            default:
                throw new NotSupportedException($"{message.GetType().Name} does not travel.");
        }

        return frame;
    }

    /// <exception cref="ProtocolViolationException">A field has a length that is none, or there is no message.</exception>
    public static OverlayMessage Read(OverlayFrame frame) => frame.BodyCase switch
    {
        OverlayFrame.BodyOneofCase.Ping => PingMessage.Instance,
        OverlayFrame.BodyOneofCase.Pong => PongMessage.Instance,
        OverlayFrame.BodyOneofCase.Busy => BusyMessage.Instance,
        OverlayFrame.BodyOneofCase.FindNodes => new FindNodesMessage(ReadAddress(frame.FindNodes.Target), (int)Math.Min(frame.FindNodes.Count, MaxNodes)),
        OverlayFrame.BodyOneofCase.Nodes when frame.Nodes.Records.Count <= MaxNodes => new NodesMessage([.. frame.Nodes.Records.Select(ReadRecord)]),
        OverlayFrame.BodyOneofCase.Renewal => new RenewalMessage(ReadRecord(frame.Renewal)),
        _ => throw new ProtocolViolationException("An overlay frame holds no message, or too many nodes."),
    };

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

    private static NodeRecord ReadRecord(ByteString bytes)
    {
        if (NodeRecord.TryDecode(bytes.Span, out var record))
        {
            return record;
        }

        OverlayTelemetry.RecordRefused("malformed");
        throw new ProtocolViolationException("A node record is malformed.");
    }
}
