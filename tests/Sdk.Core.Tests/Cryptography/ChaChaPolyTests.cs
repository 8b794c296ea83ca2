using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class ChaChaPolyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_example_of_rfc_8439_is_sealed_and_opened_with_the_platform_and_without(bool isManaged)
    {
        // RFC 8439, section 2.8.2.
        var plaintext = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."u8;
        var associatedData = Hex.Bytes("50515253c0c1c2c3c4c5c6c7");
        var nonce = Hex.Bytes("070000004041424344454647");
        var expected = Hex.Bytes(
            "d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6 3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36"
            + "92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc 3ff4def08e4b7a9de576d26586cec64b 6116"
            + "1ae10b594f09e26a7e902ecbd0600691");
        using var cipher = new ChaChaPoly(Hex.Bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"), isManaged);
        var sealedBytes = new byte[plaintext.Length + ChaChaPoly.TagLengthBytes];
        cipher.Encrypt(nonce, associatedData, plaintext, sealedBytes);
        Assert.Equal(expected, sealedBytes);

        var opened = new byte[plaintext.Length];
        Assert.True(cipher.TryDecrypt(nonce, associatedData, sealedBytes, opened));
        Assert.Equal(plaintext.ToArray(), opened);
        Assert.False(cipher.TryDecrypt(nonce, [], sealedBytes, opened));
        Assert.False(cipher.TryDecrypt(nonce, associatedData, sealedBytes.AsSpan(1), opened));
        Assert.False(cipher.TryDecrypt(nonce, associatedData, sealedBytes.AsSpan(..15), opened));
        sealedBytes[3] ^= 1;
        Assert.False(cipher.TryDecrypt(nonce, associatedData, sealedBytes, opened));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_ciphertext_is_opened_in_its_own_place(bool isManaged)
    {
        using var cipher = new ChaChaPoly(RandomNumberGenerator.GetBytes(32), isManaged);
        var (nonce, plaintext) = (new byte[12], RandomNumberGenerator.GetBytes(10_000));
        var buffer = new byte[plaintext.Length + ChaChaPoly.TagLengthBytes];
        cipher.Encrypt(nonce, [], plaintext, buffer);
        Assert.True(cipher.TryDecrypt(nonce, [], buffer, buffer));
        Assert.Equal(plaintext, buffer[..plaintext.Length]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_disposed_key_is_used_no_more(bool isManaged)
    {
        var cipher = new ChaChaPoly(new byte[32], isManaged);
        cipher.Dispose();
        cipher.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cipher.Encrypt(new byte[12], [], [], new byte[16]));
        Assert.Throws<ObjectDisposedException>(() => cipher.TryDecrypt(new byte[12], [], new byte[16], []));
    }
}
