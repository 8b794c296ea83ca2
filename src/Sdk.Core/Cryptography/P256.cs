using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.EC;

namespace Sdk.Core.Cryptography;

/// <summary>
/// What the platform's P-256 lacks: decompression of points, which is a square root, and keys from and to bare scalars.
/// Decompression handles public points only, so BouncyCastle may do it; it refuses what is not on the curve.
/// </summary>
internal static class P256
{
    public const int ScalarLengthBytes = 32;
    public const int UncompressedLengthBytes = 65;

    private const string ObjectIdentifier = "1.2.840.10045.3.1.7";

    private static readonly Org.BouncyCastle.Math.EC.ECCurve Curve = CustomNamedCurves.GetByName("secp256r1").Curve;

    public static bool IsCurveOf(ECDsa key) =>
        key.KeySize == 8 * ScalarLengthBytes && key.ExportParameters(includePrivateParameters: false).Curve is { IsNamed: true } curve
        && (curve.Oid.Value == ObjectIdentifier || curve.Oid.FriendlyName is "nistP256" or "ECDSA_P256");

    public static byte[] Compress(ECPoint point)
    {
        var compressed = new byte[1 + ScalarLengthBytes];
        compressed[0] = (byte)(0x02 | (point.Y![^1] & 1));
        point.X!.CopyTo(compressed, 1);
        return compressed;
    }

    /// <summary>Decodes a compressed (33 bytes, 02 or 03) or uncompressed (65 bytes, 04) point and checks that it is on the curve.</summary>
    public static bool TryDecompress(ReadOnlySpan<byte> encoded, out ECPoint point)
    {
        point = default;
        var known = encoded.Length switch
        {
            1 + ScalarLengthBytes => encoded[0] is 0x02 or 0x03,
            UncompressedLengthBytes => encoded[0] == 0x04,
            _ => false,
        };
        if (!known)
        {
            return false;
        }

        try
        {
            var uncompressed = Curve.DecodePoint(encoded.ToArray()).GetEncoded(compressed: false);
            point = new ECPoint { X = uncompressed[1..(1 + ScalarLengthBytes)], Y = uncompressed[(1 + ScalarLengthBytes)..] };
            return true;
        }
        catch (ArgumentException)
        {
            // BouncyCastle's way to say that there is no such point.
            return false;
        }
    }

    /// <summary>Makes a platform key of a private scalar; the platform computes the public point.</summary>
    /// <exception cref="InvalidKeyException">The scalar is not 32 bytes in [1, n).</exception>
    public static TKey ImportScalar<TKey>(ReadOnlySpan<byte> scalar, Func<ECParameters, TKey> create)
    {
        if (scalar.Length != ScalarLengthBytes)
        {
            throw new InvalidKeyException($"A private key on P-256 has {ScalarLengthBytes} bytes.");
        }

        var d = GC.AllocateUninitializedArray<byte>(ScalarLengthBytes, pinned: true);
        scalar.CopyTo(d);
        try
        {
            return create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d });
        }
        catch (CryptographicException exception)
        {
            throw new InvalidKeyException("The bytes are not a private key on P-256.", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }

    /// <summary>Writes the private scalar of exported parameters and zeroes the platform's copy.</summary>
    public static void ExportScalar(ECParameters parameters, Span<byte> destination)
    {
        try
        {
            parameters.D.CopyTo(destination);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }
}
