using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class P256KeyTests
{
    // RFC 6979, A.2.5: curve P-256, SHA-256, message "sample".
    [Fact]
    public void A_published_signature_verifies_and_its_alteration_does_not()
    {
        var key = VerifyingKey.Import(Hex.Bytes("0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"));
        var signature = Hex.Bytes(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
        var digest = SHA256.HashData("sample"u8);
        Assert.True(key.Verify(digest, signature));
        signature[63] ^= 1;
        Assert.False(key.Verify(digest, signature));
        Assert.False(key.Verify(digest, signature.AsSpan(0, 63)));
    }

    [Fact]
    public void What_a_key_signs_its_public_half_verifies_after_a_round_trip_through_bytes()
    {
        using var key = SigningKey.Generate();
        using var copy = SigningKey.Import(key.ExportPkcs8());
        using var verifier = VerifyingKey.Import(key.PublicKey.Bytes.Span);
        var digest = SHA256.HashData("message"u8);
        var signature = new byte[64];
        copy.Sign(digest, signature);
        Assert.True(verifier.Verify(digest, signature));
        Assert.Equal(key.PublicKey, verifier);
    }

    [Fact]
    public void Bytes_that_are_no_point_are_refused()
    {
        // x = p - 1 and x = 1: p - 1 has no point; a prefix other than 02 and 03; x not below p.
        var good = VerifyingKey.Import(Hex.Bytes("0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"));
        var prefixed = good.Bytes.ToArray();
        prefixed[0] = 4;
        Assert.Throws<InvalidKeyException>(() => VerifyingKey.Import(prefixed));
        Assert.Throws<InvalidKeyException>(() => VerifyingKey.Import(good.Bytes.Span[..32]));
        Assert.Throws<InvalidKeyException>(() => VerifyingKey.Import(Hex.Bytes("02" + new string('f', 64))));
        Assert.Throws<InvalidKeyException>(() => VerifyingKey.Import(new byte[33]));
        Assert.Throws<InvalidKeyException>(() => VerifyingKey.Import(Hex.Bytes("02" + new string('0', 63) + "1")));
    }

    [Fact]
    public void A_private_key_of_another_curve_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<InvalidKeyException>(() => SigningKey.Import(other.ExportPkcs8PrivateKey()));
        Assert.Throws<InvalidKeyException>(() => SigningKey.Import(new byte[10]));
        using var secp256k1 = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        Assert.Throws<InvalidKeyException>(() => SigningKey.Import(secp256k1.ExportPkcs8PrivateKey()));
    }

    [Fact]
    public void Many_threads_verify_with_one_key()
    {
        using var key = SigningKey.Generate();
        var digest = SHA256.HashData("message"u8);
        var signature = new byte[64];
        key.Sign(digest, signature);
        Parallel.For(0, 200, _ => Assert.True(key.PublicKey.Verify(digest, signature)));
    }

    [Fact]
    public void Use_after_disposal_throws_and_text_never_shows_the_private_key()
    {
        var key = SigningKey.Generate();
        var scalar = new byte[32];
        key.ExportScalar(scalar);
        Assert.DoesNotContain(Hex.Text(scalar), key.ToString(), StringComparison.OrdinalIgnoreCase);
        key.Dispose();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign(new byte[32], new byte[64]));
        Assert.Throws<ObjectDisposedException>(() => key.ExportPkcs8());
        var verifier = key.PublicKey;
        verifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => verifier.Verify(new byte[32], new byte[64]));
    }
}
