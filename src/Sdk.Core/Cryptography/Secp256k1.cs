using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// The one seam to the curve secp256k1 (SEC 2): everything above it speaks bytes. The managed implementation works everywhere;
/// the native one, libsecp256k1, takes its place where the machine has the library. Both give the same bytes for the same input.
/// </summary>
/// <remarks>
/// Callers pass exact lengths: digests and private keys 32 bytes, compact signatures r ‖ s 64, public keys 65 uncompressed.
/// Implementations are stateless and safe to call from many threads.
/// </remarks>
internal abstract class Secp256k1
{
    public const int PrivateKeyLengthBytes = 32;
    public const int CompactSignatureLengthBytes = 64;

    /// <summary>The implementation in use by this process.</summary>
    public static Secp256k1 Current { get; } = (Secp256k1?)NativeSecp256k1.Instance ?? ManagedSecp256k1.Instance;

    /// <summary>Half of the group's order, rounded down: the largest s that is low. Big-endian.</summary>
    public static ReadOnlySpan<byte> HalfOrder =>
    [
        0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0x5D, 0x57, 0x6E, 0x73, 0x57, 0xA4, 0x50, 0x1D, 0xDF, 0xE9, 0x2F, 0x46, 0x68, 0x1B, 0x20, 0xA0,
    ];

    /// <summary>The group's order n. Big-endian.</summary>
    public static ReadOnlySpan<byte> Order =>
    [
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE,
        0xBA, 0xAE, 0xDC, 0xE6, 0xAF, 0x48, 0xA0, 0x3B, 0xBF, 0xD2, 0x5E, 0x8C, 0xD0, 0x36, 0x41, 0x41,
    ];

    /// <summary>Whether the 32 bytes lie in [1, n).</summary>
    public static bool IsScalar(ReadOnlySpan<byte> value) =>
        value.ContainsAnyExcept((byte)0) && value.SequenceCompareTo(Order) < 0;

    /// <summary>The public key of a private key that <see cref="IsScalar"/>.</summary>
    public abstract void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey65);

    /// <summary>Decodes and validates a point given in 33 (compressed) or 65 bytes (uncompressed).</summary>
    public abstract bool TryParsePublicKey(ReadOnlySpan<byte> encoded, Span<byte> publicKey65);

    /// <summary>Signs as RFC 6979 with HMAC-SHA-256 says, with low s; returns the recovery id, 0 or 1.</summary>
    public abstract int Sign(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> digest, Span<byte> signature64);

    /// <summary>Verifies a signature whose r and s are scalars and whose s is low.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> publicKey65, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature64);

    /// <summary>The public key under which the signature verifies, if there is one.</summary>
    public abstract bool TryRecover(
        ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature64, int recoveryId, Span<byte> publicKey65);

    /// <summary>The public key plus tweak · G, for a tweak that <see cref="IsScalar"/>; false where the sum is the point at infinity.</summary>
    public abstract bool TryTweak(ReadOnlySpan<byte> publicKey65, ReadOnlySpan<byte> tweak, Span<byte> tweaked65);

    /// <summary>
    /// The sum of two scalars modulo the group's order: what <see cref="TryTweak"/> does to a public key, this does to its private key.
    /// Takes the same steps whatever the numbers are. The sum may be zero, which is no scalar.
    /// </summary>
    public static void AddScalars(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> sum)
    {
        Span<byte> reduced = stackalloc byte[PrivateKeyLengthBytes];
        var carry = 0;
        var borrow = 0;
        for (var i = PrivateKeyLengthBytes - 1; i >= 0; i--)
        {
            carry += left[i] + right[i];
            sum[i] = (byte)carry;
            borrow += sum[i] - Order[i];
            reduced[i] = (byte)borrow;
            carry >>= 8;
            borrow >>= 8;
        }

        // The reduced sum is the right one unless it went below zero without a carry to pay for it.
        var keep = (byte)(carry + borrow);
        for (var i = 0; i < PrivateKeyLengthBytes; i++)
        {
            sum[i] = (byte)((sum[i] & keep) | (reduced[i] & ~keep));
        }

        CryptographicOperations.ZeroMemory(reduced);
    }
}
