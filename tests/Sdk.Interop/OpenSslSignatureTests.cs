using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Interop;

public sealed class OpenSslSignatureTests : IDisposable
{
    private static readonly byte[] Digest = SHA256.HashData(Encoding.UTF8.GetBytes("what both sides sign"));

    private readonly OpenSsl _openssl = new();

    public void Dispose() => _openssl.Dispose();

    [ForeignFact("openssl")]
    public void Openssl_accepts_a_signature_of_an_account_key()
    {
        using var key = KeyPair.Generate();
        var publicKey = _openssl.Write("public.der", OpenSsl.Encode(key.PublicKey));
        var digest = _openssl.Write("digest", Digest);

        var right = _openssl.Write("right", key.SignDigest(Digest).ToDer());
        var wrong = _openssl.Write("wrong", key.SignDigest(SHA256.HashData(Digest)).ToDer());

        Assert.True(Verifies(publicKey, digest, right));
        Assert.False(Verifies(publicKey, digest, wrong));
    }

    [ForeignFact("openssl")]
    public void An_account_key_accepts_a_signature_of_openssl()
    {
        var privateKey = _openssl.PathOf("key.pem");
        Assert.True(OpenSsl.Run("ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", privateKey).Ok);
        Assert.True(OpenSsl.Run("ec", "-in", privateKey, "-pubout", "-conv_form", "compressed", "-outform", "DER", "-out", _openssl.PathOf("public.der")).Ok);
        var digest = _openssl.Write("digest", Digest);
        Assert.True(OpenSsl.Run("pkeyutl", "-sign", "-inkey", privateKey, "-in", digest, "-out", _openssl.PathOf("signature")).Ok);

        // The point stands at the end of a SubjectPublicKeyInfo.
        var key = PublicKey.Parse(File.ReadAllBytes(_openssl.PathOf("public.der")).AsSpan()[^PublicKey.LengthBytes..]);
        var signature = LowS(File.ReadAllBytes(_openssl.PathOf("signature")));

        Assert.True(Signature.TryParseDer(signature, out var parsed));
        Assert.True(key.Verify(Digest, parsed));
        Assert.False(key.Verify(SHA256.HashData(Digest), parsed));
    }

    private static bool Verifies(string publicKey, string digest, string signature) =>
        OpenSsl.Run("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", publicKey, "-in", digest, "-sigfile", signature).Ok;

    /// <summary>Openssl signs with either half of s; wallets, and this suite, accept only the low one (BIP 62, EIP-2).</summary>
    private static byte[] LowS(byte[] der)
    {
        var order = System.Numerics.BigInteger.Parse(
            "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141", System.Globalization.NumberStyles.HexNumber, null);
        var reader = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var (r, s) = (reader.ReadInteger(), reader.ReadInteger());
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(r);
            writer.WriteInteger(s > order / 2 ? order - s : s);
        }

        return writer.Encode();
    }
}
