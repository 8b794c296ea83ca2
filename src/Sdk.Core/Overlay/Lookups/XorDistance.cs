using System.Buffers.Binary;
using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Lookups;

/// <summary>How far two addresses are from each other: their exclusive or, as a big-endian number (Maymounkov and Mazières, Kademlia, 2002).</summary>
internal readonly record struct XorDistance(UInt128 High, UInt128 Low) : IComparable<XorDistance>
{
    public static XorDistance Between(OverlayAddress one, OverlayAddress other)
    {
        Span<byte> first = stackalloc byte[OverlayAddress.LengthBytes];
        Span<byte> second = stackalloc byte[OverlayAddress.LengthBytes];
        one.CopyTo(first);
        other.CopyTo(second);
        const int half = OverlayAddress.LengthBytes / 2;
        return new XorDistance(
            BinaryPrimitives.ReadUInt128BigEndian(first) ^ BinaryPrimitives.ReadUInt128BigEndian(second),
            BinaryPrimitives.ReadUInt128BigEndian(first[half..]) ^ BinaryPrimitives.ReadUInt128BigEndian(second[half..]));
    }

    public int CompareTo(XorDistance other)
    {
        var high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }
}
