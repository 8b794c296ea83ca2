using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Tests.Networking;

public class IdentityKeyTests
{
    private static readonly byte[] Message = [.. "what the peer signs"u8];

    public static TheoryData<string> Types => new("ed25519", "rsa2048", "rsa4096", "P-256", "P-384", "P-521", "secp256k1");

    [Theory]
    [MemberData(nameof(Types))]
    public void A_signature_of_each_key_type_verifies_and_an_altered_one_does_not(string type)
    {
        using var foreign = ForeignIdentity.Create(type);
        var signature = foreign.Sign(Message);
        Assert.True(IdentityKey.TryDecode(foreign.Encoded, out var key));
        Assert.True(key.Verify(Message, signature));
        Assert.False(key.Verify([.. Message, 0], signature));
        Assert.False(key.Verify(Message, signature.AsSpan(..^1)));
        Assert.False(key.Verify(Message, []));
        signature[^2] ^= 1;
        Assert.False(key.Verify(Message, signature));
        Assert.Equal(type == "secp256k1", key.Secp256k1 is not null);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_certificate_proves_an_identity_of_each_key_type(string type)
    {
        using var foreign = ForeignIdentity.Create(type);
        var proven = LibP2PCertificate.Verify(LibP2PCertificateTests.Forge.Foreign(foreign), LibP2PCertificateTests.Forge.Now);
        Assert.Equal(foreign.Encoded, proven.Encoded.ToArray());
        Assert.StartsWith(type is "ed25519" ? "12D3KooW" : type is "secp256k1" ? "16Uiu2HA" : "Qm", PeerId.FromIdentity(proven).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(1536)]
    public void An_rsa_key_that_is_too_short_is_no_identity(int bits)
    {
        using var rsa = RSA.Create(bits);
        Assert.False(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Rsa, rsa.ExportSubjectPublicKeyInfo()), out _));
    }

    [Fact]
    public void Keys_with_trailing_bytes_other_curves_or_of_another_type_are_no_identities()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var info = ecdsa.ExportSubjectPublicKeyInfo();
        Assert.True(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Ecdsa, info), out _));
        Assert.False(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Ecdsa, [.. info, 0]), out _));

        // A bit string that says that one of its bits does not count: OpenSSL reads it all the same.
        byte[] another = [.. info];
        another[another.AsSpan().IndexOf<byte>([0x03, 0x42, 0x00]) + 2] = 1;
        Assert.False(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Ecdsa, another), out _));
        Assert.False(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Rsa, info), out _));
        using var other = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        Assert.False(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Ecdsa, other.ExportSubjectPublicKeyInfo()), out _));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void An_ed25519_key_of_small_order_or_not_in_shortest_form_is_no_identity(string hex)
    {
        var key = Convert.FromHexString(hex);
        Assert.False(Ed25519.IsPublicKey(key));
        Assert.False(IdentityKey.TryDecode(ForeignIdentity.Encode(IdentityKeyType.Ed25519, key), out _));
    }
}

/// <summary>The identity of a peer that nobody here wrote: any of libp2p's key types.</summary>
internal sealed class ForeignIdentity : IDisposable
{
    private readonly IDisposable? _key;
    private readonly Func<byte[], byte[]> _sign;

    private ForeignIdentity(byte[] encoded, Func<byte[], byte[]> sign, IDisposable? key)
    {
        Encoded = encoded;
        _sign = sign;
        _key = key;
    }

    public byte[] Encoded { get; }

    public byte[] Sign(byte[] message) => _sign(message);

    public static ForeignIdentity Create(string type)
    {
        if (type == "ed25519")
        {
            var generator = new Ed25519KeyPairGenerator();
            generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
            var pair = generator.GenerateKeyPair();
            return new ForeignIdentity(Encode(IdentityKeyType.Ed25519, ((Ed25519PublicKeyParameters)pair.Public).GetEncoded()), message =>
            {
                var signer = new Ed25519Signer();
                signer.Init(true, pair.Private);
                signer.BlockUpdate(message, 0, message.Length);
                return signer.GenerateSignature();
            }, null);
        }

        if (type == "secp256k1")
        {
            var pair = KeyPair.GenerateTestOnly();
            return new ForeignIdentity(IdentityKey.From(pair.PublicKey).Encoded.ToArray(), message => IdentityKey.Sign(pair, message), pair);
        }

        if (type.StartsWith("rsa", StringComparison.Ordinal))
        {
            var rsa = RSA.Create(int.Parse(type[3..], System.Globalization.CultureInfo.InvariantCulture));
            return new ForeignIdentity(
                Encode(IdentityKeyType.Rsa, rsa.ExportSubjectPublicKeyInfo()),
                message => rsa.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), rsa);
        }

        var ecdsa = ECDsa.Create(type switch
        {
            "P-256" => ECCurve.NamedCurves.nistP256,
            "P-384" => ECCurve.NamedCurves.nistP384,
            _ => ECCurve.NamedCurves.nistP521,
        });
        return new ForeignIdentity(
            Encode(IdentityKeyType.Ecdsa, ecdsa.ExportSubjectPublicKeyInfo()),
            message => ecdsa.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), ecdsa);
    }

    /// <summary>The protobuf of a key, whether or not it is one.</summary>
    public static byte[] Encode(IdentityKeyType type, byte[] data)
    {
        var length = new byte[Varint.MaxBytes];
        return [0x08, (byte)type, 0x12, .. length.AsSpan(0, Varint.Write(length, (ulong)data.Length)), .. data];
    }

    public void Dispose() => _key?.Dispose();
}
