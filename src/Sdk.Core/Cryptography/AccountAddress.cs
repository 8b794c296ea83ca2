using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Sdk.Core.Cryptography;

/// <summary>
/// An account as Ethereum names it: the last 20 bytes of Keccak-256 over the public key's two coordinates, written with the
/// capitals of EIP-55 as a checksum. The default value is the zero address.
/// </summary>
public readonly struct AccountAddress : IEquatable<AccountAddress>, IComparable<AccountAddress>
{
    /// <summary>Length in bytes.</summary>
    public const int LengthBytes = 20;

    private const int HexLength = 2 * LengthBytes;

    private readonly Bytes20 _bytes;

    private AccountAddress(ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes);

    /// <summary>The bytes, without a copy; valid as long as the variable they are taken from.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The account of this public key.</summary>
    public static AccountAddress FromPublicKey(PublicKey publicKey)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        Span<byte> uncompressed = stackalloc byte[PublicKey.UncompressedLengthBytes];
        publicKey.CopyUncompressedTo(uncompressed);
        return new AccountAddress(Keccak256.Hash(uncompressed[1..]).Bytes[^LengthBytes..]);
    }

    /// <summary>Takes 20 bytes.</summary>
    /// <exception cref="ArgumentException">The length is not 20.</exception>
    public static AccountAddress FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == LengthBytes
        ? new AccountAddress(bytes)
        : throw new ArgumentException($"An account address has {LengthBytes} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is no address, or its capitals are no valid EIP-55 checksum.</exception>
    public static AccountAddress Parse(ReadOnlySpan<char> text) => TryParse(text, out var address)
        ? address
        : throw new FormatException("The text is not an account address, or its checksum (EIP-55) does not match.");

    /// <summary>
    /// Reads 40 hexadecimal digits, with or without <c>0x</c>. Digits all in one case carry no checksum and are taken;
    /// mixed case must be the EIP-55 capitals exactly.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out AccountAddress address)
    {
        address = default;
        if (text.StartsWith("0x", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        Span<byte> bytes = stackalloc byte[LengthBytes];
        if (text.Length != HexLength || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        var candidate = new AccountAddress(bytes);
        if (text.ContainsAnyInRange('a', 'f') && text.ContainsAnyInRange('A', 'F')
            && !text.SequenceEqual(candidate.ToString().AsSpan(2)))
        {
            return false;
        }

        address = candidate;
        return true;
    }

    /// <summary>Writes the 20 bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than 20 bytes.</exception>
    public void CopyTo(Span<byte> destination) => Bytes.CopyTo(destination);

    /// <inheritdoc/>
    public bool Equals(AccountAddress other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AccountAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public int CompareTo(AccountAddress other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <summary><c>0x</c> and 40 hexadecimal digits with the capitals of EIP-55.</summary>
    public override string ToString()
    {
        Span<char> text = stackalloc char[2 + HexLength];
        Span<byte> ascii = stackalloc byte[HexLength];
        Convert.TryToHexStringLower(Bytes, ascii, out _);
        var hash = Keccak256.Hash(ascii);
        text[0] = '0';
        text[1] = 'x';
        for (var i = 0; i < HexLength; i++)
        {
            // EIP-55: a letter is a capital where the hash of the lower-case text has a nibble of 8 or more.
            var nibble = (hash.Bytes[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xF;
            var digit = (char)ascii[i];
            text[2 + i] = nibble >= 8 ? char.ToUpperInvariant(digit) : digit;
        }

        return new string(text);
    }

    /// <summary>Equality.</summary>
    public static bool operator ==(AccountAddress left, AccountAddress right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(AccountAddress left, AccountAddress right) => !left.Equals(right);

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <(AccountAddress left, AccountAddress right) => left.CompareTo(right) < 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >(AccountAddress left, AccountAddress right) => left.CompareTo(right) > 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <=(AccountAddress left, AccountAddress right) => left.CompareTo(right) <= 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >=(AccountAddress left, AccountAddress right) => left.CompareTo(right) >= 0;

    [InlineArray(LengthBytes)]
    private struct Bytes20
    {
        private byte _first;
    }
}
