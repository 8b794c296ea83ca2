using System.Buffers.Binary;
using System.Globalization;

namespace Sdk.Core.Addressing;

/// <summary>
/// The addresses that begin with the same bits, from all of them (0 bits) to a single one (256): a partial address. A message to a prefix
/// tells whoever carries it no more of its receiver than that. The default value holds every address.
/// </summary>
public readonly struct AddressPrefix : IEquatable<AddressPrefix>
{
    /// <summary>The longest prefix, in bits: a whole address.</summary>
    public const int LengthBitsMax = OverlayAddress.ProximityMax;

    /// <summary>The longest encoding in bytes.</summary>
    public const int EncodedBytesMax = sizeof(ushort) + OverlayAddress.LengthBytes;

    private readonly OverlayAddress _first;
    private readonly ushort _lengthBits;

    private AddressPrefix(OverlayAddress first, int lengthBits) => (_first, _lengthBits) = (first, (ushort)lengthBits);

    /// <summary>How many bits are given, 0 to <see cref="LengthBitsMax"/>.</summary>
    public int LengthBits => _lengthBits;

    /// <summary>The lowest address within: the given bits, then zeros.</summary>
    public OverlayAddress First => _first;

    /// <summary>The length in bytes of what <see cref="WriteTo"/> writes.</summary>
    public int EncodedBytes => sizeof(ushort) + BytesOf(_lengthBits);

    /// <summary>The first bits of an address.</summary>
    /// <param name="address">Any address within.</param>
    /// <param name="lengthBits">How many of its bits, 0 to <see cref="LengthBitsMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is no such number.</exception>
    public static AddressPrefix Create(OverlayAddress address, int lengthBits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBits, LengthBitsMax);
        Span<byte> bytes = stackalloc byte[OverlayAddress.LengthBytes];
        address.CopyTo(bytes);
        bytes[BytesOf(lengthBits)..].Clear();
        if (lengthBits % 8 != 0)
        {
            bytes[lengthBits / 8] &= (byte)(0xFF << (8 - (lengthBits % 8)));
        }

        return new AddressPrefix(OverlayAddress.FromBytes(bytes), lengthBits);
    }

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static AddressPrefix Parse(ReadOnlySpan<char> text) => TryParse(text, out var prefix)
        ? prefix
        : throw new FormatException("An address prefix is written as its hexadecimal digits, '/' and its length in bits, such as a38/12.");

    /// <summary>
    /// Reads what <see cref="ToString"/> writes, with digits of either case. There is one text for a prefix: bits of the last digit that
    /// the length does not count are zero.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out AddressPrefix prefix)
    {
        prefix = default;
        var slash = text.IndexOf('/');
        if (slash is < 0 or > 2 * OverlayAddress.LengthBytes
            || text[(slash + 1)..] is not { Length: >= 1 and <= 3 } number
            || (number[0] == '0' && number.Length > 1)
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var lengthBits)
            || lengthBits > LengthBitsMax
            || slash != DigitsOf(lengthBits))
        {
            return false;
        }

        Span<char> digits = stackalloc char[2 * OverlayAddress.LengthBytes];
        digits.Fill('0');
        text[..slash].CopyTo(digits);
        return OverlayAddress.TryParse(digits, out var first) && TryTake(first, lengthBits, out prefix);
    }

    /// <summary>
    /// Reads an encoding of <see cref="WriteTo"/>, all of it and nothing after it. There is one encoding for a prefix: bits that its length
    /// does not count are zero, or it is refused.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out AddressPrefix prefix)
    {
        prefix = default;
        if (!BinaryPrimitives.TryReadUInt16BigEndian(encoded, out var lengthBits)
            || lengthBits > LengthBitsMax
            || encoded.Length != sizeof(ushort) + BytesOf(lengthBits))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[OverlayAddress.LengthBytes];
        bytes.Clear();
        encoded[sizeof(ushort)..].CopyTo(bytes);
        return TryTake(OverlayAddress.FromBytes(bytes), lengthBits, out prefix);
    }

    /// <summary>Writes the length in bits (2 bytes, big-endian) and the bytes that it fills or begins; gives how many bytes that were.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="EncodedBytes"/>.</exception>
    public int WriteTo(Span<byte> destination)
    {
        if (destination.Length < EncodedBytes)
        {
            throw new ArgumentException($"The prefix takes {EncodedBytes} bytes.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination, _lengthBits);
        _first.ToHash256().Bytes[..BytesOf(_lengthBits)].CopyTo(destination[sizeof(ushort)..]);
        return EncodedBytes;
    }

    /// <summary>Whether the address begins with these bits.</summary>
    public bool Contains(OverlayAddress address) => _first.Proximity(address) >= _lengthBits;

    /// <summary>How many of the given bits the address begins with: <see cref="LengthBits"/> for one within.</summary>
    public int Proximity(OverlayAddress address) => Math.Min(_first.Proximity(address), _lengthBits);

    /// <inheritdoc/>
    public bool Equals(AddressPrefix other) => _lengthBits == other._lengthBits && _first == other._first;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AddressPrefix other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_first, _lengthBits);

    /// <summary>The hexadecimal digits that the bits fill or begin, '/' and the length in bits: <c>a38/12</c>, <c>a3c/10</c>, <c>/0</c>.</summary>
    public override string ToString() => $"{_first.ToString().AsSpan(0, DigitsOf(_lengthBits))}/{_lengthBits}";

    /// <summary>Equality.</summary>
    public static bool operator ==(AddressPrefix left, AddressPrefix right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(AddressPrefix left, AddressPrefix right) => !left.Equals(right);

    private static bool TryTake(OverlayAddress first, int lengthBits, out AddressPrefix prefix)
    {
        prefix = Create(first, lengthBits);
        if (prefix._first == first)
        {
            return true;
        }

        prefix = default;
        return false;
    }

    private static int BytesOf(int lengthBits) => (lengthBits + 7) / 8;

    private static int DigitsOf(int lengthBits) => (lengthBits + 3) / 4;
}
