using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Addressing;

/// <summary>
/// Where a node stands in the overlay: Keccak-256(account ‖ network id ‖ nonce), as Swarm computes it. Nodes whose addresses share a
/// long prefix are neighbours. The nonce is free, so an address can be ground: what must not be chosen is never drawn from it alone.
/// </summary>
public readonly struct OverlayAddress : IEquatable<OverlayAddress>, IComparable<OverlayAddress>
{
    /// <summary>Length in bytes.</summary>
    public const int LengthBytes = Hash256.LengthBytes;

    /// <summary>The proximity of an address to itself: all bits are shared.</summary>
    public const int ProximityMax = 8 * LengthBytes;

    private const int NonceLengthBytes = 32;

    private readonly Hash256 _hash;

    private OverlayAddress(Hash256 hash) => _hash = hash;

    /// <summary>The address of an account's node on a network.</summary>
    /// <param name="account">The account.</param>
    /// <param name="networkId">The network; hashed as 8 bytes, little-endian.</param>
    /// <param name="nonce">32 bytes.</param>
    /// <exception cref="ArgumentException">The nonce has not 32 bytes.</exception>
    public static OverlayAddress Create(AccountAddress account, ulong networkId, ReadOnlySpan<byte> nonce)
    {
        if (nonce.Length != NonceLengthBytes)
        {
            throw new ArgumentException($"An overlay nonce has {NonceLengthBytes} bytes, not {nonce.Length}.", nameof(nonce));
        }

        Span<byte> message = stackalloc byte[AccountAddress.LengthBytes + sizeof(ulong) + NonceLengthBytes];
        account.CopyTo(message);
        BinaryPrimitives.WriteUInt64LittleEndian(message[AccountAddress.LengthBytes..], networkId);
        nonce.CopyTo(message[^NonceLengthBytes..]);
        return new OverlayAddress(Keccak256.Hash(message));
    }

    /// <summary>Takes 32 bytes.</summary>
    /// <exception cref="ArgumentException">The length is not 32.</exception>
    public static OverlayAddress FromBytes(ReadOnlySpan<byte> bytes) => new(Hash256.FromBytes(bytes));

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static OverlayAddress Parse(ReadOnlySpan<char> text) => TryParse(text, out var address)
        ? address
        : throw new FormatException($"An overlay address is written with {2 * LengthBytes} hexadecimal digits.");

    /// <summary>Reads 64 hexadecimal digits of either case, without a prefix.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out OverlayAddress address)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        var isRead = text.Length == 2 * LengthBytes && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
        address = isRead ? FromBytes(bytes) : default;
        return isRead;
    }

    /// <summary>
    /// Which of two addresses is nearer to a target by Kademlia's metric, the exclusive or read as a big-endian number: below 0 for
    /// <paramref name="first"/>, above 0 for <paramref name="second"/>, and 0 only where they are the same address.
    /// </summary>
    public static int CompareDistance(OverlayAddress target, OverlayAddress first, OverlayAddress second)
    {
        var one = first._hash.Bytes;
        var other = second._hash.Bytes;
        for (var i = 0; i < LengthBytes; i += sizeof(ulong))
        {
            var word = BinaryPrimitives.ReadUInt64BigEndian(one[i..]);
            var otherWord = BinaryPrimitives.ReadUInt64BigEndian(other[i..]);
            if (word != otherWord)
            {
                var of = BinaryPrimitives.ReadUInt64BigEndian(target._hash.Bytes[i..]);
                return (word ^ of).CompareTo(otherWord ^ of);
            }
        }

        return 0;
    }

    /// <summary>How many leading bits the two addresses share, 0 to <see cref="ProximityMax"/>: Kademlia's proximity order.</summary>
    public int Proximity(OverlayAddress other)
    {
        var mine = _hash.Bytes;
        var theirs = other._hash.Bytes;
        var shared = mine.CommonPrefixLength(theirs);
        return shared == LengthBytes
            ? ProximityMax
            : (8 * shared) + BitOperations.LeadingZeroCount((uint)(mine[shared] ^ theirs[shared])) - 24;
    }

    /// <summary>The first 64 bits: they tell apart all addresses but those that were ground to share them.</summary>
    internal ulong Prefix => BinaryPrimitives.ReadUInt64BigEndian(_hash.Bytes);

    /// <summary>One bit, the first of the address at 0.</summary>
    internal int Bit(int index) => (_hash.Bytes[index >> 3] >> (7 - (index & 7))) & 1;

    /// <summary>Up to 8 bits as a number, the first of them its highest; what would lie past the end reads as 0.</summary>
    internal int Bits(int start, int count)
    {
        var bits = 0;
        for (var i = start; i < start + count; i++)
        {
            bits = (bits << 1) | (i < ProximityMax ? Bit(i) : 0);
        }

        return bits;
    }

    /// <summary>Writes the 32 bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than 32 bytes.</exception>
    public void CopyTo(Span<byte> destination) => _hash.CopyTo(destination);

    /// <summary>The bytes as a hash.</summary>
    public Hash256 ToHash256() => _hash;

    /// <inheritdoc/>
    public bool Equals(OverlayAddress other) => _hash == other._hash;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is OverlayAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(OverlayAddress other) => _hash.CompareTo(other._hash);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => _hash.ToString();

    /// <summary>Equality.</summary>
    public static bool operator ==(OverlayAddress left, OverlayAddress right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(OverlayAddress left, OverlayAddress right) => !left.Equals(right);

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <(OverlayAddress left, OverlayAddress right) => left.CompareTo(right) < 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >(OverlayAddress left, OverlayAddress right) => left.CompareTo(right) > 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator <=(OverlayAddress left, OverlayAddress right) => left.CompareTo(right) <= 0;

    /// <summary>Order as big-endian numbers.</summary>
    public static bool operator >=(OverlayAddress left, OverlayAddress right) => left.CompareTo(right) >= 0;
}
