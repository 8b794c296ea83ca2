using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sdk.Core.Addressing;

/// <summary>
/// The part of the network that an IP address stands in: its /24 (IPv4) or /48 (IPv6), what one party easily has all of. Addresses of the
/// machine itself and of private networks stand in none, so that a test or an office may have as many nodes as it likes.
/// </summary>
internal readonly record struct NetworkGroup
{
    // The family above, then the leading bits of the address; 0 for none.
    private const int FamilyShift = 56;
    private readonly ulong _prefix;

    private NetworkGroup(int family, ulong prefix) => _prefix = ((ulong)family << FamilyShift) | prefix;

    /// <summary>No group: never counted as crowded.</summary>
    public static NetworkGroup None => default;

    /// <summary>Whether there is none.</summary>
    public bool IsNone => _prefix == 0;

    /// <summary>The group of an address.</summary>
    public static NetworkGroup Of(IPAddress ip)
    {
        ip = ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip;
        Span<byte> bytes = stackalloc byte[16];
        ip.TryWriteBytes(bytes, out var length);
        bytes = bytes[..length];
        if (ip.AddressFamily == AddressFamily.InterNetwork)
        {
            return OfIPv4(bytes);
        }

        if (IPAddress.IsLoopback(ip) || ip.Equals(IPAddress.IPv6Any) || ip.IsIPv6LinkLocal || ip.IsIPv6UniqueLocal || ip.IsIPv6SiteLocal)
        {
            return None;
        }

        // Whoever has one IPv4 address has a /48 of 6to4 (RFC 3056) with it, or a place in NAT64's range (RFC 6052): they count as what they stand for.
        return bytes switch
        {
            [0x20, 0x02, ..] => OfIPv4(bytes[2..6]),
            [0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, ..] => OfIPv4(bytes[12..16]),
            _ => new NetworkGroup(6, BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16),
        };
    }

    /// <summary>The group as an IP prefix.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        switch (_prefix >> FamilyShift)
        {
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)_prefix << 8);
                return $"{new IPAddress(bytes[..4])}/24";
            case 6:
                BinaryPrimitives.WriteUInt64BigEndian(bytes, _prefix << 16);
                return $"{new IPAddress(bytes)}/48";
            default:
                return "none";
        }
    }

    // RFC 1122 ("this network", loopback), RFC 1918, RFC 3927 and, behind a carrier's NAT, RFC 6598.
    private static NetworkGroup OfIPv4(ReadOnlySpan<byte> bytes) => bytes is [0 or 10 or 127, ..] or [192, 168, ..] or [169, 254, ..]
            or [172, >= 16 and < 32, ..] or [100, >= 64 and < 128, ..]
        ? None
        : new NetworkGroup(4, BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8);
}
