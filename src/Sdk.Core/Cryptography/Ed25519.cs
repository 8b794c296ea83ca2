using Rfc8032 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Sdk.Core.Cryptography;

/// <summary>
/// Verifies Ed25519 signatures (RFC 8032): foreign peers sign with it, the suite itself never does. The one seam to its implementation.
/// </summary>
internal static class Ed25519
{
    public const int PublicKeyLengthBytes = 32;
    public const int SignatureLengthBytes = 64;

    // y of the eight points whose order divides the cofactor, sign bit cleared. Under such a key one signature fits many messages.
    private static readonly byte[][] SmallOrder =
    [
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];

    // 2^255 − 19, little-endian.
    private static readonly byte[] Prime = Convert.FromHexString("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

    /// <summary>Whether the 32 bytes encode y in the one way RFC 8032 allows, and name no point of small order. The curve is checked on use.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != PublicKeyLengthBytes)
        {
            return false;
        }

        Span<byte> y = stackalloc byte[PublicKeyLengthBytes];
        publicKey.CopyTo(y);
        y[^1] &= 0x7F;
        foreach (var small in SmallOrder)
        {
            if (y.SequenceEqual(small))
            {
                return false;
            }
        }

        y.Reverse();
        Span<byte> prime = stackalloc byte[PublicKeyLengthBytes];
        Prime.CopyTo(prime);
        prime.Reverse();
        return y.SequenceCompareTo(prime) < 0;
    }

    /// <summary>Whether the key made the signature over the message; false for anything malformed.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        IsPublicKey(publicKey) && signature.Length == SignatureLengthBytes
        && Rfc8032.Verify(signature.ToArray(), 0, publicKey.ToArray(), 0, message.ToArray(), 0, message.Length);
}
