using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sdk.Core.Networking.Mdns;

/// <summary>
/// A domain name in its wire form, uncompressed: labels that each begin with their length, then a zero (RFC 1035, section 3.1). A label may
/// hold any bytes, which is why it is not a string. Equal where only the case of ASCII letters differs. Immutable.
/// </summary>
internal sealed class DnsName : IEquatable<DnsName>
{
    public const int MaxBytes = 255;

    public const int MaxLabelBytes = 63;

    private const byte PointerMark = 0xC0;

    /// <summary>A name has no more labels than this, so it need not follow more pointers either.</summary>
    private const int MaxPointers = MaxBytes / 2;

    private readonly byte[] _wire;
    private readonly int _begin;

    private DnsName(byte[] wire, int begin = 0) => (_wire, _begin) = (wire, begin);

    /// <summary>The wire form, uncompressed.</summary>
    public ReadOnlySpan<byte> Wire => _wire.AsSpan(_begin);

    public bool IsRoot => Wire[0] == 0;

    /// <summary>The first label; none of the root.</summary>
    public ReadOnlySpan<byte> Label => Wire.Slice(1, Wire[0]);

    /// <summary>The name without its first label. The root has none.</summary>
    public DnsName? Parent => IsRoot ? null : new DnsName(_wire, _begin + 1 + Wire[0]);

    /// <summary>Makes a name of labels, the most specific first.</summary>
    /// <exception cref="ArgumentException">A label is empty or longer than 63 bytes, or the name longer than 255.</exception>
    public static DnsName Of(params ReadOnlySpan<string> labels)
    {
        var wire = new List<byte>();
        foreach (var label in labels)
        {
            var bytes = Encoding.UTF8.GetBytes(label);
            if (bytes.Length is 0 or > MaxLabelBytes)
            {
                throw new ArgumentException("A label has 1 to 63 bytes.", nameof(labels));
            }

            wire.Add((byte)bytes.Length);
            wire.AddRange(bytes);
        }

        wire.Add(0);
        return wire.Count <= MaxBytes ? new DnsName([.. wire]) : throw new ArgumentException("A name has at most 255 bytes.", nameof(labels));
    }

    /// <summary>
    /// Reads a name out of a message and moves <paramref name="offset"/> behind it. Pointers (RFC 1035, section 4.1.4) may lead only
    /// further back than everything read so far, so none leads in a circle.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int offset, [NotNullWhen(true)] out DnsName? name)
    {
        name = null;
        Span<byte> wire = stackalloc byte[MaxBytes];
        var length = 0;
        var pointers = 0;
        var barrier = offset;
        var end = -1;
        for (var at = offset; at < message.Length;)
        {
            var first = message[at];
            if ((first & PointerMark) == PointerMark)
            {
                if (at + 1 >= message.Length || ++pointers > MaxPointers)
                {
                    return false;
                }

                end = end < 0 ? at + 2 : end;
                at = ((first & ~PointerMark) << 8) | message[at + 1];
                if (at >= barrier)
                {
                    return false;
                }

                barrier = at;
                continue;
            }

            // The two other marks are not in use; the length is bounded by what the root still needs.
            if (first > MaxLabelBytes || at + 1 + first > message.Length || length + 1 + first > (first == 0 ? MaxBytes : MaxBytes - 1))
            {
                return false;
            }

            message.Slice(at, 1 + first).CopyTo(wire[length..]);
            length += 1 + first;
            at += 1 + first;
            if (first == 0)
            {
                offset = end < 0 ? at : end;
                name = new DnsName(wire[..length].ToArray());
                return true;
            }
        }

        return false;
    }

    public bool Equals(DnsName? other)
    {
        // Lengths are never letters, so they may be compared like the rest.
        if (other is null || other.Wire.Length != Wire.Length)
        {
            return false;
        }

        for (var i = 0; i < Wire.Length; i++)
        {
            if (Fold(Wire[i]) != Fold(other.Wire[i]))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as DnsName);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var of in Wire)
        {
            hash.Add(Fold(of));
        }

        return hash.ToHashCode();
    }

    private static byte Fold(byte of) => of is >= (byte)'A' and <= (byte)'Z' ? (byte)(of | 0x20) : of;

    /// <summary>For people; what is not a plain character is written as its number (RFC 1035, section 5.1), so that it cannot move a terminal's cursor.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (var name = this; name is { IsRoot: false }; name = name.Parent)
        {
            foreach (var of in name.Label)
            {
                text.Append(of is > 0x20 and < 0x7F and not (byte)'.' and not (byte)'\\' ? ((char)of).ToString() : $"\\{of:D3}");
            }

            text.Append('.');
        }

        return text.Length == 0 ? "." : text.ToString();
    }
}
