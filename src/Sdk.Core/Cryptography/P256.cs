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

    /// <summary>The group's order n. Big-endian.</summary>
    private static ReadOnlySpan<byte> Order =>
    [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ];

    /// <summary>Whether the bytes are 32 and lie in [1, n).</summary>
    public static bool IsScalar(ReadOnlySpan<byte> value) =>
        value.Length == ScalarLengthBytes && value.ContainsAnyExcept((byte)0) && value.SequenceCompareTo(Order) < 0;

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

    /// <summary>The uncompressed form, 04 ‖ x ‖ y.</summary>
    public static byte[] Encode(ECPoint point) => [0x04, .. point.X!, .. point.Y!];

    /// <summary>Decodes a compressed (33 bytes, 02 or 03) or uncompressed (65 bytes, 04) point on the curve.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, out ECPoint point)
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
        if (!IsScalar(scalar))
        {
            throw new InvalidKeyException("A private key on P-256 is a number of 32 bytes from 1 to below the group's order.");
        }

        var d = GC.AllocateUninitializedArray<byte>(ScalarLengthBytes, pinned: true);
        scalar.CopyTo(d);
        try
        {
            return create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d });
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
