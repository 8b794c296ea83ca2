using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sdk.Core.Networking;

/// <summary>
/// A self-describing address, <c>/ip4/127.0.0.1/tcp/4001/p2p/16Uiu2HA…</c>: where to reach a node, over what, and who must answer
/// (multiformats <c>multiaddr</c>). Immutable; equal when the binary forms are equal. Text and binary are at most 1 KiB and 16 parts.
/// </summary>
public sealed class Multiaddr : IEquatable<Multiaddr>
{
    /// <summary>Bound on the binary form: far beyond any address in use, small enough for a list of them in one message.</summary>
    public const int MaxBytes = 1024;

    private const int MaxTextLength = 2048;
    private const int MaxParts = 16;

    private readonly Part[] _parts;
    private readonly byte[] _bytes;
    private string? _text;

    private Multiaddr(Part[] parts)
    {
        _parts = parts;
        _bytes = Encode(parts);
    }

    /// <summary>The binary form.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Who must answer: the last part, where it is <c>/p2p/…</c>.</summary>
    public PeerId? Peer => _parts[^1].Protocol == MultiaddrProtocol.P2p && PeerId.TryFromBytes(_parts[^1].Value.Span, out var id) ? id : null;

    /// <summary>Whether the address leads through a relay: it has a part <c>/p2p-circuit</c> (libp2p circuit relay v2).</summary>
    public bool IsRelayed => Array.Exists(_parts, part => part.Protocol == MultiaddrProtocol.P2pCircuit);

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is no multiaddr of protocols known here.</exception>
    public static Multiaddr Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException("The text is not a multiaddr of known protocols.");

    /// <summary>Reads the text form; false for anything malformed and for protocols not known here.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        if (text is null || text.Length is < 2 or > MaxTextLength || text[0] != '/')
        {
            return false;
        }

        var words = text[1..].TrimEnd('/').Split('/', (2 * MaxParts) + 1);
        var parts = new List<Part>();
        for (var i = 0; i < words.Length; i++)
        {
            if (MultiaddrProtocol.ByName(words[i]) is not { } protocol || parts.Count == MaxParts)
            {
                return false;
            }

            byte[]? value = [];
            if (protocol.HasValue && (++i == words.Length || !protocol.TryParseValue(words[i], out value)))
            {
                return false;
            }

            parts.Add(new Part(protocol, value!));
        }

        return TryCreate(parts, out address);
    }

    /// <summary>Reads the binary form; false for anything malformed and for protocols not known here.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        if (bytes.Length is 0 or > MaxBytes)
        {
            return false;
        }

        var parts = new List<Part>();
        while (!bytes.IsEmpty)
        {
            if (parts.Count == MaxParts || !TryReadNumber(ref bytes, out var code) || MultiaddrProtocol.ByCode(code) is not { } protocol)
            {
                return false;
            }

            var length = (ulong)Math.Max(protocol.ValueBytes, 0);
            if ((protocol.ValueBytes == MultiaddrProtocol.VariableLength && !TryReadNumber(ref bytes, out length))
                || length > MultiaddrProtocol.MaxValueBytes || length > (ulong)bytes.Length)
            {
                return false;
            }

            var value = bytes[..(int)length].ToArray();
            bytes = bytes[(int)length..];
            if (protocol.HasValue && protocol.Format(value) is null)
            {
                return false;
            }

            parts.Add(new Part(protocol, value));
        }

        return TryCreate(parts, out address);
    }

    /// <summary>The same place with <paramref name="peer"/> as who must answer; a peer that was named before is replaced.</summary>
    public Multiaddr WithPeer(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var place = Peer is null ? _parts.AsSpan() : _parts.AsSpan(0, _parts.Length - 1);
        return new Multiaddr([.. place, new Part(MultiaddrProtocol.P2p, peer.Bytes)]);
    }

    /// <summary>The same place without who must answer. A bare <c>/p2p/ID</c> stays what it is: there is no empty address.</summary>
    internal Multiaddr WithoutPeer() => Peer is null || _parts.Length == 1 ? this : new Multiaddr(_parts[..^1]);

    /// <summary>From where it can be reached. A name is taken for a public one.</summary>
    internal AddressReach Reach =>
        TryGetIp(out var ip) ? ReachOf(ip)
        : _parts[0].Protocol == MultiaddrProtocol.Memory ? AddressReach.Machine
        : AddressReach.World;

    /// <summary>The IP address at its beginning.</summary>
    internal bool TryGetIp([NotNullWhen(true)] out IPAddress? ip)
    {
        ip = _parts[0].Protocol == MultiaddrProtocol.Ip4 || _parts[0].Protocol == MultiaddrProtocol.Ip6 ? new IPAddress(_parts[0].Value.Span) : null;
        return ip is not null;
    }

    /// <summary>The place that the relay at this address gives to those who listen on it: <c>…/p2p/RELAY/p2p-circuit</c>.</summary>
    /// <exception cref="ArgumentException">The address names no relay, or leads through a relay itself.</exception>
    public Multiaddr WithCircuit() =>
        Peer is not null && !IsRelayed && _parts.Length < MaxParts
            ? new Multiaddr([.. _parts, new Part(MultiaddrProtocol.P2pCircuit, ReadOnlyMemory<byte>.Empty)])
            : throw new ArgumentException("An address through a relay begins with one of the relay's own, with its peer id.");

    /// <summary>The text form, canonical.</summary>
    public override string ToString()
    {
        if (_text is null)
        {
            var text = new StringBuilder();
            foreach (var part in _parts)
            {
                text.Append('/').Append(part.Protocol.Name);
                if (part.Protocol.HasValue)
                {
                    text.Append('/').Append(part.Protocol.Format(part.Value));
                }
            }

            _text = text.ToString();
        }

        return _text;
    }

    /// <inheritdoc/>
    public bool Equals(Multiaddr? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>Equality of the binary forms.</summary>
    public static bool operator ==(Multiaddr? left, Multiaddr? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(Multiaddr? left, Multiaddr? right) => !(left == right);

    internal static Multiaddr FromTcp(IPEndPoint endPoint)
    {
        var address = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        var family = address.AddressFamily == AddressFamily.InterNetwork ? MultiaddrProtocol.Ip4 : MultiaddrProtocol.Ip6;
        return new Multiaddr([new Part(family, address.GetAddressBytes()), TcpPart(endPoint.Port)]);
    }

    internal static Multiaddr FromMemory(ulong number) => Parse($"/memory/{number}");

    /// <summary>Whether the address is <c>/ip…|dns…/tcp/N</c>, perhaps with a peer after it, and no more.</summary>
    internal bool TryGetTcp([NotNullWhen(true)] out EndPoint? endPoint)
    {
        endPoint = null;
        if (PlaceLength != 2 || _parts[1].Protocol != MultiaddrProtocol.Tcp)
        {
            return false;
        }

        var (host, value) = _parts[0];
        var port = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(_parts[1].Value.Span);
        if (host == MultiaddrProtocol.Ip4 || host == MultiaddrProtocol.Ip6)
        {
            endPoint = new IPEndPoint(new IPAddress(value.Span), port);
        }
        else if (host == MultiaddrProtocol.Dns || host == MultiaddrProtocol.Dns4 || host == MultiaddrProtocol.Dns6)
        {
            var family = host == MultiaddrProtocol.Dns4 ? AddressFamily.InterNetwork
                : host == MultiaddrProtocol.Dns6 ? AddressFamily.InterNetworkV6 : AddressFamily.Unspecified;
            endPoint = new DnsEndPoint(host.Format(value)!, port, family);
        }

        return endPoint is not null;
    }

    /// <summary>Whether the address is <c>/memory/N</c>, perhaps with a peer after it, and no more.</summary>
    internal bool TryGetMemory(out ulong number)
    {
        var valid = PlaceLength == 1 && _parts[0].Protocol == MultiaddrProtocol.Memory;
        number = valid ? System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(_parts[0].Value.Span) : 0;
        return valid;
    }

    private static AddressReach ReachOf(IPAddress ip)
    {
        ip = ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip;
        if (IPAddress.IsLoopback(ip))
        {
            return AddressReach.Machine;
        }

        if (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
        {
            return AddressReach.Nowhere;
        }

        // RFC 1918, RFC 3927 and, behind a carrier's NAT, RFC 6598.
        var isOfSite = ip.AddressFamily == AddressFamily.InterNetworkV6
            ? ip.IsIPv6LinkLocal || ip.IsIPv6UniqueLocal || ip.IsIPv6SiteLocal
            : ip.GetAddressBytes() is [10, ..] or [192, 168, ..] or [169, 254, ..] or [172, >= 16 and < 32, ..] or [100, >= 64 and < 128, ..];
        return isOfSite ? AddressReach.Site : AddressReach.World;
    }

    /// <summary>
    /// Whether the address is <c>…/p2p/RELAY/p2p-circuit</c>, perhaps with a peer after it, and no more; gives the relay's own address,
    /// which names the relay and leads through no other.
    /// </summary>
    internal bool TryGetCircuit([NotNullWhen(true)] out Multiaddr? relay)
    {
        relay = null;
        var end = PlaceLength - 1;
        if (end >= 1 && _parts[end].Protocol == MultiaddrProtocol.P2pCircuit)
        {
            var before = new Multiaddr(_parts[..end]);
            relay = before.Peer is not null && !before.IsRelayed ? before : null;
        }

        return relay is not null;
    }

    /// <summary>
    /// The place that <paramref name="relay"/> gives at this address, which it says is one of its own; false where it cannot be one, or
    /// leaves no room for the parts that follow.
    /// </summary>
    internal bool TryGetPlaceAt(PeerId relay, [NotNullWhen(true)] out Multiaddr? circuit)
    {
        const int RoomBytes = 3 * MultiaddrProtocol.MaxValueBytes;
        var isUsable = !IsRelayed && PlaceLength >= 1 && (Peer is null || Peer == relay)
            && _parts.Length <= MaxParts - 3 && _bytes.Length <= MaxBytes - RoomBytes;
        circuit = isUsable ? WithPeer(relay).WithCircuit() : null;
        return isUsable;
    }

    private int PlaceLength => Peer is null ? _parts.Length : _parts.Length - 1;

    private static Part TcpPart(int port) => new(MultiaddrProtocol.Tcp, new[] { (byte)(port >> 8), (byte)port });

    private static bool TryCreate(List<Part> parts, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = parts.Count > 0 ? new Multiaddr([.. parts]) : null;
        if (address?._bytes.Length > MaxBytes)
        {
            address = null;
        }

        return address is not null;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out ulong number)
    {
        var done = Varint.TryRead(bytes, out number, out var consumed) == OperationStatus.Done;
        bytes = bytes[consumed..];
        return done;
    }

    private static byte[] Encode(Part[] parts)
    {
        var writer = new ArrayBufferWriter<byte>(64);
        foreach (var (protocol, value) in parts)
        {
            writer.Advance(Varint.Write(writer.GetSpan(Varint.MaxBytes), protocol.Code));
            if (protocol.ValueBytes == MultiaddrProtocol.VariableLength)
            {
                writer.Advance(Varint.Write(writer.GetSpan(Varint.MaxBytes), (ulong)value.Length));
            }

            writer.Write(value.Span);
        }

        return writer.WrittenSpan.ToArray();
    }

    private readonly record struct Part(MultiaddrProtocol Protocol, ReadOnlyMemory<byte> Value);
}
