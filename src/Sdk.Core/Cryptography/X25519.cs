using System.Security.Cryptography;
using Rfc7748 = Org.BouncyCastle.Math.EC.Rfc7748.X25519;

namespace Sdk.Core.Cryptography;

/// <summary>Key agreement on Curve25519 (RFC 7748), which Noise needs and the platform does not offer. The one seam to its implementation.</summary>
internal static class X25519
{
    /// <summary>Length of private keys, public keys and shared secrets.</summary>
    public const int KeyLengthBytes = 32;

    /// <summary>A new private key in pinned memory; the caller zeroes it.</summary>
    public static byte[] GenerateKey()
    {
        var key = GC.AllocateUninitializedArray<byte>(KeyLengthBytes, pinned: true);
        RandomNumberGenerator.Fill(key);
        return key;
    }

    public static byte[] PublicKeyOf(byte[] privateKey)
    {
        var publicKey = new byte[KeyLengthBytes];
        Rfc7748.ScalarMultBase(privateKey, 0, publicKey, 0);
        return publicKey;
    }

    /// <summary>
    /// Fills <paramref name="secret"/>. False where the peer's key is of small order: the secret would be zero, whatever our key is.
    /// </summary>
    public static bool TryAgree(byte[] privateKey, byte[] peerPublicKey, byte[] secret) =>
        Rfc7748.CalculateAgreement(privateKey, 0, peerPublicKey, 0, secret, 0);
}
