using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Cryptography;

/// <summary>A validated public key on secp256k1: an account's or a node's. Immutable and safe for many threads.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>Length in bytes of the compressed form.</summary>
    public const int LengthBytes = 33;

    /// <summary>Length in bytes of the uncompressed form.</summary>
    public const int UncompressedLengthBytes = 65;

    private const int DigestLengthBytes = Hash256.LengthBytes;

    // Uncompressed for the curve (compressed would cost a square root in each verification), compressed for everybody else.
    private readonly byte[] _uncompressed;
    private readonly byte[] _compressed;

    internal PublicKey(byte[] uncompressed)
    {
        _uncompressed = uncompressed;
        _compressed = new byte[LengthBytes];
        _compressed[0] = (byte)(0x02 | (uncompressed[^1] & 1));
        uncompressed.AsSpan(1, LengthBytes - 1).CopyTo(_compressed.AsSpan(1));
    }

    /// <summary>The compressed form (SEC 1, 2.3.3), 33 bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _compressed;

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="InvalidKeyException">The bytes are no point of secp256k1.</exception>
    public static PublicKey Parse(ReadOnlySpan<byte> bytes) => TryParse(bytes, out var key)
        ? key
        : throw new InvalidKeyException("The bytes are not a public key on secp256k1.");

    /// <summary>
    /// Reads 33 compressed or 65 uncompressed bytes (SEC 1) and checks that they are a point of the curve. Where only one form is
    /// canonical, the caller checks the length.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicKey? key)
    {
        var uncompressed = new byte[UncompressedLengthBytes];
        key = Secp256k1.Current.TryParsePublicKey(bytes, uncompressed) ? new PublicKey(uncompressed) : null;
        return key is not null;
    }

    /// <summary>The key that made <paramref name="signature"/> over <paramref name="digest"/>, or null if there is none.</summary>
    /// <param name="digest">32 bytes.</param>
    /// <param name="signature">A signature with v; one read from DER recovers nothing.</param>
    /// <exception cref="ArgumentException">The digest has not 32 bytes.</exception>
    public static PublicKey? Recover(ReadOnlySpan<byte> digest, Signature signature)
    {
        CheckDigest(digest);
        if (!signature.IsRecoverable)
        {
            return null;
        }

        Span<byte> compact = stackalloc byte[Secp256k1.CompactSignatureLengthBytes];
        signature.CopyCompactTo(compact);
        var uncompressed = new byte[UncompressedLengthBytes];
        return Secp256k1.Current.TryRecover(digest, compact, signature.RecoveryId, uncompressed) ? new PublicKey(uncompressed) : null;
    }

    /// <summary>Whether this key made <paramref name="signature"/> over <paramref name="digest"/>; v plays no part.</summary>
    /// <param name="digest">32 bytes.</param>
    /// <param name="signature">The signature.</param>
    /// <exception cref="ArgumentException">The digest has not 32 bytes.</exception>
    public bool Verify(ReadOnlySpan<byte> digest, Signature signature)
    {
        CheckDigest(digest);
        if (signature == default)
        {
            return false;
        }

        Span<byte> compact = stackalloc byte[Secp256k1.CompactSignatureLengthBytes];
        signature.CopyCompactTo(compact);
        return Secp256k1.Current.Verify(_uncompressed, digest, compact);
    }

    /// <summary>
    /// The public half of <see cref="KeyPair.Tweak"/> with the same tweak: who knows this key and the tweak can name the new key, and nobody
    /// who does not know the tweak can tell that the two belong together.
    /// </summary>
    /// <param name="tweak">32 bytes, big-endian, in [1, n).</param>
    /// <exception cref="InvalidKeyException">The tweak is out of range, or (with a chance of 2^-256) gives no key.</exception>
    internal PublicKey Tweak(ReadOnlySpan<byte> tweak)
    {
        var tweaked = new byte[UncompressedLengthBytes];
        return tweak.Length == Secp256k1.PrivateKeyLengthBytes && Secp256k1.IsScalar(tweak) && Secp256k1.Current.TryTweak(_uncompressed, tweak, tweaked)
            ? new PublicKey(tweaked)
            : throw new InvalidKeyException("The tweak of a key is out of range.");
    }

    /// <summary>Writes the compressed form, 33 bytes.</summary>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    public void CopyTo(Span<byte> destination) => _compressed.CopyTo(destination);

    /// <summary>Writes the uncompressed form (04 ‖ x ‖ y), 65 bytes.</summary>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    public void CopyUncompressedTo(Span<byte> destination) => _uncompressed.CopyTo(destination);

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && _compressed.AsSpan().SequenceEqual(other._compressed);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_compressed);
        return hash.ToHashCode();
    }

    /// <summary>66 lower-case hexadecimal digits, the compressed form.</summary>
    public override string ToString() => Convert.ToHexStringLower(_compressed);

    internal static void CheckDigest(ReadOnlySpan<byte> digest)
    {
        if (digest.Length != DigestLengthBytes)
        {
            throw new ArgumentException($"A digest has {DigestLengthBytes} bytes, not {digest.Length}.", nameof(digest));
        }
    }
}
