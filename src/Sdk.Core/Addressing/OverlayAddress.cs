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
