using System.Buffers.Binary;

namespace Sdk.Core.Networking.Muxing;

internal enum YamuxType : byte
{
    Data = 0,
    WindowUpdate = 1,
    Ping = 2,
    GoAway = 3,
}

[Flags]
internal enum YamuxFlags : ushort
{
    None = 0,
    Syn = 1,
    Ack = 2,
    Fin = 4,
    Reset = 8,
}

/// <summary>Reasons that a go-away frame can carry.</summary>
internal enum YamuxGoAway : uint
{
    Normal = 0,
    ProtocolError = 1,
    InternalError = 2,
}

/// <summary>
/// The twelve bytes before every yamux frame: version 0, type, flags, stream id, and a length that means payload bytes (data),
/// a window increment (window update), an opaque value (ping) or a reason (go away). All big-endian.
/// </summary>
internal readonly record struct YamuxHeader(YamuxType Type, YamuxFlags Flags, uint StreamId, uint Length)
{
    public const int Bytes = 12;

    /// <summary>All flags that the specification knows.</summary>
    private const YamuxFlags KnownFlags = YamuxFlags.Syn | YamuxFlags.Ack | YamuxFlags.Fin | YamuxFlags.Reset;

    public bool IsSyn => (Flags & YamuxFlags.Syn) != 0;

    public bool IsAck => (Flags & YamuxFlags.Ack) != 0;

    public bool IsFin => (Flags & YamuxFlags.Fin) != 0;

    public bool IsReset => (Flags & YamuxFlags.Reset) != 0;

    public void Write(Span<byte> destination)
    {
        destination[0] = 0;
        destination[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Length);
    }

    /// <summary>False for a version, type or flag that the specification does not know, or a stream id where it does not belong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out YamuxHeader header)
    {
        header = new YamuxHeader(
            (YamuxType)source[1],
            (YamuxFlags)BinaryPrimitives.ReadUInt16BigEndian(source[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[8..]));
        var ofSession = header.Type is YamuxType.Ping or YamuxType.GoAway;
        return source[0] == 0 && header.Type <= YamuxType.GoAway && (header.Flags & ~KnownFlags) == 0 && ofSession == (header.StreamId == 0);
    }
}
