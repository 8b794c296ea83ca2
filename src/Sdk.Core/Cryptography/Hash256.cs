using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// Thirty-two bytes held inline: a hash, a root, an overlay address. The default value is all zeros.
/// Ordered as an unsigned big-endian number.
/// </summary>
public readonly struct Hash256 : IEquatable<Hash256>, IComparable<Hash256>
{
    /// <summary>Length in bytes.</summary>
    public const int LengthBytes = 32;

    private readonly Vector256<byte> _bytes;

    private Hash256(Vector256<byte> bytes) => _bytes = bytes;

    /// <summary>The bytes, without a copy; valid as long as the variable they are taken from.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.CreateReadOnlySpan(
        ref Unsafe.As<Vector256<byte>, byte>(ref Unsafe.AsRef(in _bytes)), LengthBytes);

    /// <summary>Takes 32 bytes.</summary>
    /// <exception cref="ArgumentException">The length is not 32.</exception>
    public static Hash256 FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == LengthBytes
        ? new Hash256(Vector256.Create(bytes))
        : throw new ArgumentException($"A Hash256 has {LengthBytes} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>SHA-256 (FIPS 180-4) of <paramref name="data"/>.</summary>
    public static Hash256 Sha256(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[LengthBytes];
        SHA256.HashData(data, hash);
        return FromBytes(hash);
    }

    /// <summary>SHA-256 of <paramref name="first"/> followed by <paramref name="second"/>.</summary>
    public static Hash256 Sha256(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        // One call over a joined stack buffer is twice as fast as an incremental hash for the sizes of tree nodes.
        const int StackBytesMax = 256;
        Span<byte> hash = stackalloc byte[LengthBytes];
        if (first.Length + second.Length <= StackBytesMax)
        {
            Span<byte> joined = stackalloc byte[StackBytesMax];
            first.CopyTo(joined);
            second.CopyTo(joined[first.Length..]);
            SHA256.HashData(joined[..(first.Length + second.Length)], hash);
            return FromBytes(hash);
        }

        using var incremental = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        incremental.AppendData(first);
        incremental.AppendData(second);
        incremental.GetHashAndReset(hash);
        return FromBytes(hash);
    }

    /// <summary>Reads 64 hexadecimal digits, without a prefix.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static Hash256 FromHex(ReadOnlySpan<char> text)
    {
        if (text.Length != 2 * LengthBytes)
        {
            throw new FormatException($"A Hash256 is written with {2 * LengthBytes} hexadecimal digits.");
        }

        return FromBytes(Convert.FromHexString(text));
    }

    /// <summary>Writes the 32 bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than 32 bytes.</exception>
    public void CopyTo(Span<byte> destination) => Bytes.CopyTo(destination);

    /// <summary>The bytes as a new array.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <inheritdoc/>
    public bool Equals(Hash256 other) => _bytes == other._bytes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Hash256 other && Equals(other);

    /// <inheritdoc/>
    // Seeded per process and over all bytes: a peer that grinds its address for a common prefix gains no collisions.
    public override int GetHashCode()
    {
        var words = _bytes.AsUInt64();
        return HashCode.Combine(words[0], words[1], words[2], words[3]);
    }

    /// <inheritdoc/>
    public int CompareTo(Hash256 other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Bytes);

    /// <summary>Equality of all bytes.</summary>
    public static bool operator ==(Hash256 left, Hash256 right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(Hash256 left, Hash256 right) => !left.Equals(right);

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <(Hash256 left, Hash256 right) => left.CompareTo(right) < 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >(Hash256 left, Hash256 right) => left.CompareTo(right) > 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <=(Hash256 left, Hash256 right) => left.CompareTo(right) <= 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >=(Hash256 left, Hash256 right) => left.CompareTo(right) >= 0;
}
