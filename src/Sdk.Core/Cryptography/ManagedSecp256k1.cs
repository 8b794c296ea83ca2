using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using Org.BouncyCastle.Math.EC.Multiplier;
using Org.BouncyCastle.Utilities;

namespace Sdk.Core.Cryptography;

/// <summary>
/// secp256k1 on BouncyCastle's fast field (<see cref="CustomNamedCurves"/>; the generic curve is 13 times slower). Secret scalars
/// only ever meet the fixed-point comb, whose table look-ups do not depend on the scalar; arbitrary points are multiplied by
/// public scalars alone. BouncyCastle's big integers are immutable, so copies of a secret live until collected.
/// </summary>
internal sealed class ManagedSecp256k1 : Secp256k1
{
    public static readonly ManagedSecp256k1 Instance = new();

    private const int CoordinateLengthBytes = 32;
    private const byte UncompressedPrefix = 0x04;

    private static readonly X9ECParameters Curve = CustomNamedCurves.GetByName("secp256k1");
    private static readonly BigInteger N = Curve.N;
    private static readonly BigInteger HalfN = Curve.N.ShiftRight(1);

    private ManagedSecp256k1()
    {
    }

    public override void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey65) =>
        WritePoint(MultiplyBase(ToInteger(privateKey)), publicKey65);

    public override bool TryParsePublicKey(ReadOnlySpan<byte> encoded, Span<byte> publicKey65)
    {
        // The hybrid form (06, 07) and the point at infinity (00) are valid SEC 1 and no business of ours.
        var known = encoded.Length switch
        {
            1 + CoordinateLengthBytes => encoded[0] is 0x02 or 0x03,
            1 + (2 * CoordinateLengthBytes) => encoded[0] == UncompressedPrefix,
            _ => false,
        };
        if (!known || DecodePoint(encoded) is not { } point)
        {
            return false;
        }

        WritePoint(point, publicKey65);
        return true;
    }

    public override int Sign(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> digest, Span<byte> signature64)
    {
        var d = ToInteger(privateKey);
        var e = ToInteger(digest);
        var nonces = new HMacDsaKCalculator(new Sha256Digest());
        nonces.Init(N, d, digest.ToArray());
        while (true)
        {
            var k = nonces.NextK();
            var point = MultiplyBase(k);
            var x = point.AffineXCoord.ToBigInteger();
            var s = BigIntegers.ModOddInverse(N, k).Multiply(e.Add(d.Multiply(x))).Mod(N);

            // x ≥ n has a chance of 2^-128 and would need a recovery id that Ethereum refuses; s = 0 one of 2^-256.
            if (x.CompareTo(N) >= 0 || s.SignValue == 0)
            {
                continue;
            }

            var recoveryId = point.AffineYCoord.TestBitZero() ? 1 : 0;
            if (s.CompareTo(HalfN) > 0)
            {
                // (r, n − s) is the same signature by −R: the parity of R's y turns over.
                s = N.Subtract(s);
                recoveryId ^= 1;
            }

            WriteInteger(x, signature64[..CoordinateLengthBytes]);
            WriteInteger(s, signature64[CoordinateLengthBytes..]);
            return recoveryId;
        }
    }

    public override bool Verify(ReadOnlySpan<byte> publicKey65, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature64)
    {
        if (DecodePoint(publicKey65) is not { } point)
        {
            return false;
        }

        var r = ToInteger(signature64[..CoordinateLengthBytes]);
        var inverse = BigIntegers.ModOddInverseVar(N, ToInteger(signature64[CoordinateLengthBytes..]));
        var u1 = ToInteger(digest).Multiply(inverse).Mod(N);
        var u2 = r.Multiply(inverse).Mod(N);
        var sum = ECAlgorithms.SumOfTwoMultiplies(Curve.G, u1, point, u2).Normalize();
        return !sum.IsInfinity && sum.AffineXCoord.ToBigInteger().Mod(N).Equals(r);
    }

    // SEC 1, 4.1.6: Q = r⁻¹ (s R − e G), with R found from its x coordinate r and the parity of its y.
    public override bool TryRecover(
        ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature64, int recoveryId, Span<byte> publicKey65)
    {
        Span<byte> encoded = stackalloc byte[1 + CoordinateLengthBytes];
        encoded[0] = (byte)(0x02 | recoveryId);
        signature64[..CoordinateLengthBytes].CopyTo(encoded[1..]);
        if (DecodePoint(encoded) is not { } point)
        {
            return false;
        }

        var inverse = BigIntegers.ModOddInverseVar(N, ToInteger(signature64[..CoordinateLengthBytes]));
        var u1 = ToInteger(digest).Negate().Multiply(inverse).Mod(N);
        var u2 = ToInteger(signature64[CoordinateLengthBytes..]).Multiply(inverse).Mod(N);
        var key = ECAlgorithms.SumOfTwoMultiplies(Curve.G, u1, point, u2).Normalize();
        if (key.IsInfinity)
        {
            return false;
        }

        WritePoint(key, publicKey65);
        return true;
    }

    public override bool TryTweak(ReadOnlySpan<byte> publicKey65, ReadOnlySpan<byte> tweak, Span<byte> tweaked65)
    {
        if (DecodePoint(publicKey65) is not { } point)
        {
            return false;
        }

        var sum = point.Add(MultiplyBase(ToInteger(tweak))).Normalize();
        if (sum.IsInfinity)
        {
            return false;
        }

        WritePoint(sum, tweaked65);
        return true;
    }

    private static ECPoint MultiplyBase(BigInteger secret) =>
        new FixedPointCombMultiplier().Multiply(Curve.G, secret).Normalize();

    private static ECPoint? DecodePoint(ReadOnlySpan<byte> encoded)
    {
        try
        {
            return Curve.Curve.DecodePoint(encoded.ToArray());
        }
        catch (ArgumentException)
        {
            // BouncyCastle's way to say that there is no such point.
            return null;
        }
    }

    private static BigInteger ToInteger(ReadOnlySpan<byte> bigEndian) => new(1, bigEndian.ToArray());

    private static void WriteInteger(BigInteger value, Span<byte> destination32) =>
        BigIntegers.AsUnsignedByteArray(CoordinateLengthBytes, value).CopyTo(destination32);

    private static void WritePoint(ECPoint point, Span<byte> publicKey65) => point.GetEncoded(compressed: false).CopyTo(publicKey65);
}
