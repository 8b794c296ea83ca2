using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sdk.Core.Networking;

/// <summary>
/// One row of the multiaddr table: a code, a name, and how the value is written in text and in bytes. A length of −1 means that the
/// value is preceded by its length.
/// </summary>
internal sealed class MultiaddrProtocol
{
    public const int VariableLength = -1;

    /// <summary>The longest DNS name (RFC 1035) and more than any peer id.</summary>
    public const int MaxValueBytes = 255;

    public static readonly MultiaddrProtocol Ip4 = new(4, "ip4", 4, TryParseIp4, AddressText);
    public static readonly MultiaddrProtocol Tcp = new(6, "tcp", 2, TryParsePort, PortText);
    public static readonly MultiaddrProtocol Ip6 = new(41, "ip6", 16, TryParseIp6, AddressText);
    public static readonly MultiaddrProtocol Dns = new(53, "dns", VariableLength, TryParseName, NameText);
    public static readonly MultiaddrProtocol Dns4 = new(54, "dns4", VariableLength, TryParseName, NameText);
    public static readonly MultiaddrProtocol Dns6 = new(55, "dns6", VariableLength, TryParseName, NameText);
    public static readonly MultiaddrProtocol P2pCircuit = new(290, "p2p-circuit", 0, null, null);
    public static readonly MultiaddrProtocol P2p = new(421, "p2p", VariableLength, TryParsePeer, PeerText);
    public static readonly MultiaddrProtocol Memory = new(777, "memory", 8, TryParseNumber, NumberText);

    private static readonly MultiaddrProtocol[] All =
    [
        Ip4, Tcp, Ip6, Dns, Dns4, Dns6, P2pCircuit, P2p, Memory,
        new(56, "dnsaddr", VariableLength, TryParseName, NameText),
        new(273, "udp", 2, TryParsePort, PortText),
        new(448, "tls", 0, null, null),
        new(449, "sni", VariableLength, TryParseName, NameText),
        new(461, "quic-v1", 0, null, null),
        new(477, "ws", 0, null, null),
        new(478, "wss", 0, null, null),
    ];

    private readonly TextParser? _parse;
    private readonly Func<ReadOnlyMemory<byte>, string?>? _format;

    private MultiaddrProtocol(uint code, string name, int valueBytes, TextParser? parse, Func<ReadOnlyMemory<byte>, string?>? format)
    {
        Code = code;
        Name = name;
        ValueBytes = valueBytes;
        _parse = parse;
        _format = format;
    }

    private delegate bool TextParser(string text, [NotNullWhen(true)] out byte[]? value);

    public uint Code { get; }

    public string Name { get; }

    public int ValueBytes { get; }

    public bool HasValue => ValueBytes != 0;

    public static MultiaddrProtocol? ByCode(ulong code) => Array.Find(All, protocol => protocol.Code == code);

    /// <summary>By name; <c>ipfs</c> is the old name of <c>p2p</c>.</summary>
    public static MultiaddrProtocol? ByName(ReadOnlySpan<char> name)
    {
        foreach (var protocol in All)
        {
            if (name.SequenceEqual(protocol.Name))
            {
                return protocol;
            }
        }

        return name.SequenceEqual("ipfs") ? P2p : null;
    }

    public bool TryParseValue(string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        return _parse is not null && _parse(text, out value);
    }

    /// <summary>The value's text, or null where the bytes are none of this protocol's.</summary>
    public string? Format(ReadOnlyMemory<byte> value) => _format?.Invoke(value);

    private static bool TryParseIp4(string text, [NotNullWhen(true)] out byte[]? value) => TryParseAddress(text, AddressFamily.InterNetwork, out value);

    private static bool TryParseIp6(string text, [NotNullWhen(true)] out byte[]? value) => TryParseAddress(text, AddressFamily.InterNetworkV6, out value);

    private static bool TryParseAddress(string text, AddressFamily family, [NotNullWhen(true)] out byte[]? value)
    {
        // IPAddress reads "1" and "0x7f.1" too: only the text that the address itself would print, or an IPv6 form, counts.
        var valid = IPAddress.TryParse(text, out var address) && address.AddressFamily == family
            && (family == AddressFamily.InterNetworkV6 ? !text.Contains('%', StringComparison.Ordinal) && text[0] != '[' : address.ToString() == text);
        value = valid ? address!.GetAddressBytes() : null;
        return value is not null;
    }

    private static string AddressText(ReadOnlyMemory<byte> value) => new IPAddress(value.Span).ToString();

    private static bool TryParsePort(string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return false;
        }

        value = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(value, port);
        return true;
    }

    private static string PortText(ReadOnlyMemory<byte> value) =>
        BinaryPrimitives.ReadUInt16BigEndian(value.Span).ToString(CultureInfo.InvariantCulture);

    private static bool TryParseNumber(string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        value = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(value, number);
        return true;
    }

    private static string NumberText(ReadOnlyMemory<byte> value) =>
        BinaryPrimitives.ReadUInt64BigEndian(value.Span).ToString(CultureInfo.InvariantCulture);

    private static bool TryParseName(string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = text.Length is > 0 and <= MaxValueBytes && text.All(c => c is > ' ' and < '\x7f' and not '/') ? Encoding.ASCII.GetBytes(text) : null;
        return value is not null;
    }

    private static string? NameText(ReadOnlyMemory<byte> value)
    {
        var text = Encoding.ASCII.GetString(value.Span);
        return TryParseName(text, out var back) && value.Span.SequenceEqual(back) ? text : null;
    }

    private static bool TryParsePeer(string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = PeerId.TryParse(text, out var id) ? id.Bytes.ToArray() : null;
        return value is not null;
    }

    private static string? PeerText(ReadOnlyMemory<byte> value) => PeerId.TryFromBytes(value.Span, out var id) ? id.ToString() : null;
}
