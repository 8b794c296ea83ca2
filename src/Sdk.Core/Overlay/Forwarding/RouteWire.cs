using System.Buffers.Binary;
using Google.Protobuf;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Forwarding.Wire;

namespace Sdk.Core.Overlay.Forwarding;

/// <summary>Packets and answers as frames (<c>route.proto</c>).</summary>
internal static class RouteWire
{
    public const string Protocol = "/sdk/route/1";

    /// <summary>The longest frame with a packet: its payload, and the fields beside it.</summary>
    public const int MaxPacketBytes = RoutedPacket.MaxPayloadBytes + 256;

    /// <summary>The longest frame with an answer.</summary>
    public const int MaxAnswerBytes = 64;

    private const int IdBytes = 16;

    public static Packet Write(RoutedPacket packet)
    {
        var target = new byte[packet.Target.EncodedBytes];
        packet.Target.WriteTo(target);
        return new Packet
        {
            Id = Write(packet.Id),
            Target = UnsafeByteOperations.UnsafeWrap(target),
            Everyone = packet.IsToAll,
            Hops = (uint)packet.HopsLeft,
            Kind = packet.Kind,
            Payload = UnsafeByteOperations.UnsafeWrap(packet.Payload),
        };
    }

    /// <exception cref="ProtocolViolationException">A field is not what it must be.</exception>
    public static RoutedPacket Read(Packet packet)
    {
        if (!AddressPrefix.TryRead(packet.Target.Span, out var target)
            || (!packet.Everyone && target.LengthBits != AddressPrefix.LengthBitsMax)
            || packet.Hops > RoutedPacket.MaxHops
            || !RoutedPacket.IsKind(packet.Kind)
            || packet.Payload.Length > RoutedPacket.MaxPayloadBytes)
        {
            throw new ProtocolViolationException("A routed packet has a target, a number of hops, a kind or a payload that is none.");
        }

        return new RoutedPacket(ReadId(packet.Id), target, packet.Everyone, (int)packet.Hops, packet.Kind, packet.Payload.Memory);
    }

    public static Answer Write(UInt128 id, RouteOutcome outcome) => new() { Id = Write(id), Outcome = (uint)outcome };

    /// <exception cref="ProtocolViolationException">A field is not what it must be.</exception>
    public static (UInt128 Id, RouteOutcome Outcome) Read(Answer answer) => answer.Outcome <= (uint)RouteOutcome.TooWide
        ? (ReadId(answer.Id), (RouteOutcome)answer.Outcome)
        : throw new ProtocolViolationException("An answer to a routed packet has an unknown outcome.");

    private static ByteString Write(UInt128 id)
    {
        var bytes = new byte[IdBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private static UInt128 ReadId(ByteString bytes) => bytes.Length == IdBytes
        ? BinaryPrimitives.ReadUInt128BigEndian(bytes.Span)
        : throw new ProtocolViolationException("The id of a routed packet has another length.");
}
