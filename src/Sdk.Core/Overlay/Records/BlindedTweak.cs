using System.Buffers.Binary;

namespace Sdk.Core.Overlay.Records;

/// <summary>The purposes of the secrets that a blinded identity derives.</summary>
internal static class BlindedTweak
{
    public const int InfoLengthBytes = DomainLengthBytesMax + (2 * sizeof(ulong));

    private const int DomainLengthBytesMax = 16;

    /// <summary>The domain and two numbers, big-endian.</summary>
    public static Span<byte> Info(Span<byte> destination, ReadOnlySpan<byte> domain, ulong networkId, ulong number)
    {
        domain.CopyTo(destination);
        BinaryPrimitives.WriteUInt64BigEndian(destination[domain.Length..], networkId);
        BinaryPrimitives.WriteUInt64BigEndian(destination[(domain.Length + sizeof(ulong))..], number);
        return destination[..(domain.Length + (2 * sizeof(ulong)))];
    }
}
