using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class KeyPairTests
{
    [Fact]
    public void What_a_key_signs_it_verifies_and_is_recovered_from()
    {
        using var key = KeyPair.Generate();
        var digest = SHA256.HashData("message"u8);
        var signature = key.SignDigest(digest);
        Assert.True(key.PublicKey.Verify(digest, signature));
        Assert.Equal(key.PublicKey, PublicKey.Recover(digest, signature));
        digest[0] ^= 1;
        Assert.False(key.PublicKey.Verify(digest, signature));
        Assert.NotEqual(key.PublicKey, PublicKey.Recover(digest, signature));
    }

    [Fact]
    public void Signatures_survive_their_encodings()
    {
        using var key = KeyPair.Generate();
        for (var i = 0; i < 64; i++)
        {
            var digest = SHA256.HashData(BitConverter.GetBytes(i));
            var signature = key.SignDigest(digest);
            Assert.True(Signature.TryParse(signature.ToArray(), out var parsed));
            Assert.Equal(signature, parsed);
            Assert.True(Signature.TryParseDer(signature.ToDer(), out var fromDer));
            Assert.True(key.PublicKey.Verify(digest, fromDer));
            Assert.False(fromDer.IsRecoverable);
            Assert.Null(PublicKey.Recover(digest, fromDer));
            Assert.InRange(signature.ToDer().Length, 8, Signature.DerLengthBytesMax);
        }
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("01")]
    public void Numbers_that_are_no_private_key_are_refused(string hex) =>
        Assert.Throws<InvalidKeyException>(() => KeyPair.FromPrivateKey(Hex.Bytes(hex)));

    [Fact]
    public void A_signature_with_a_zero_an_excess_or_a_high_s_is_refused()
    {
        const string One = "0000000000000000000000000000000000000000000000000000000000000001";
        const string Zero = "0000000000000000000000000000000000000000000000000000000000000000";
        const string Order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        const string HalfOrder = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
        const string JustHigh = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1";
        Assert.True(Signature.TryParse(Hex.Bytes(One + HalfOrder + "1b"), out _));
        Assert.True(Signature.TryParse(Hex.Bytes(One + One + "1c"), out _));
        foreach (var bad in new[]
        {
            Zero + One + "1b", One + Zero + "1b", Order + One + "1b", One + Order + "1b", One + JustHigh + "1b",
            One + One + "1a", One + One + "1d", One + One + "00", One + One, One + One + "1b1b",
        })
        {
            Assert.False(Signature.TryParse(Hex.Bytes(bad), out _), bad);
        }
    }

    [Theory]
    [InlineData("3006020101020101", true)]
    [InlineData("300602010102010100", false)]
    [InlineData("308106020101020101", false)]
    [InlineData("30070202000102 0101", false)]
    [InlineData("3006020181020101", false)]
    [InlineData("3006020100020101", false)]
    [InlineData("3006020101020100", false)]
    [InlineData("3005020101 0201", false)]
    [InlineData("3006020101030101", false)]
    [InlineData("3106020101020101", false)]
    [InlineData("3006020201010201", false)]
    [InlineData("", false)]
    public void Only_strict_DER_is_read(string hex, bool valid) =>
        Assert.Equal(valid, Signature.TryParseDer(Hex.Bytes(hex), out _));

    [Fact]
    public void The_default_signature_verifies_nothing()
    {
        using var key = KeyPair.Generate();
        Assert.False(key.PublicKey.Verify(new byte[32], default));
        Assert.Null(PublicKey.Recover(new byte[32], default));
    }

    // NETWORK.md's known answer comes from a deployed cheque: a digest, its key, and the signature with v = 28.
    [Fact]
    public void A_known_cheque_is_signed_as_Ethereum_nodes_sign_it()
    {
        using var key = KeyPair.FromPrivateKey(Hex.Bytes("634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd"));
        var signature = key.SignDigest(Hex.Bytes("69e9ee0a6b81c55324f9ba67f2307cd7ccc86a924ea857eca1818a2392bddf55"));
        Assert.Equal(
            "171b63fc598ae2c7987f4a756959dadddd84ccd2071e7b5c3aa3437357be47286125edc370c344a163ba7f4183dfd3611996274a13e4b3496610fc00c0e2fc421c",
            signature.ToString());
    }

    [Fact]
    public void Disposal_zeroes_the_key_and_later_use_throws()
    {
        var key = KeyPair.Generate();
        var memory = key.Secret;
        Assert.True(memory.Memory.ContainsAnyExcept((byte)0));
        key.Dispose();
        key.Dispose();
        Assert.False(memory.Memory.ContainsAnyExcept((byte)0));
        Assert.Throws<ObjectDisposedException>(() => key.SignDigest(new byte[32]));
        Assert.Throws<ObjectDisposedException>(() => key.ExportPrivateKey(new byte[32]));
        Assert.Throws<ObjectDisposedException>(() => key.DeriveSecret("x"u8, new byte[32]));
    }

    [Fact]
    public void Text_never_shows_the_private_key()
    {
        using var key = KeyPair.Generate();
        var privateKey = new byte[32];
        key.ExportPrivateKey(privateKey);
        Assert.DoesNotContain(Hex.Text(privateKey), key.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(key.Address.ToString(), key.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Derived_secrets_depend_on_key_and_purpose_alone()
    {
        using var key = KeyPair.Generate();
        byte[] first = new byte[32], again = new byte[32], other = new byte[32];
        key.DeriveSecret("one"u8, first);
        key.DeriveSecret("one"u8, again);
        key.DeriveSecret("two"u8, other);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Only_test_keys_call_themselves_test_keys()
    {
        using var test = KeyPair.GenerateTestOnly();
        using var real = KeyPair.Generate();
        Assert.True(test.IsTestOnly);
        Assert.False(real.IsTestOnly);
    }

    [Fact]
    public void A_device_id_is_half_the_hash_of_its_node_key()
    {
        using var key = KeyPair.Generate();
        var expected = SHA256.HashData([.. Encoding.ASCII.GetBytes("sdk/device-id"), .. key.PublicKey.Bytes.Span])[..16];
        Assert.Equal(expected, DeviceId.FromNodeKey(key.PublicKey).ToArray());
        Assert.Equal(DeviceId.FromBytes(expected), DeviceId.FromNodeKey(key.PublicKey));
    }
}
