using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class Curve25519Tests
{
    private const string AgreementFile = "x25519_test.json";
    private const string SignatureFile = "ed25519_test.json";

    [Fact]
    public void The_agreement_of_rfc_7748_gives_both_sides_its_secret()
    {
        // RFC 7748, section 6.1.
        var alice = Hex.Bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        var bob = Hex.Bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        Assert.Equal("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", Hex.Text(X25519.PublicKeyOf(alice)));
        Assert.Equal("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", Hex.Text(X25519.PublicKeyOf(bob)));
        byte[] first = new byte[32], second = new byte[32];
        Assert.True(X25519.TryAgree(alice, X25519.PublicKeyOf(bob), first));
        Assert.True(X25519.TryAgree(bob, X25519.PublicKeyOf(alice), second));
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Hex.Text(first));
        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void No_secret_is_shared_with_a_key_of_small_order(string hex) =>
        Assert.False(X25519.TryAgree(X25519.GenerateKey(), Hex.Bytes(hex), new byte[32]));

    [VectorFact(AgreementFile)]
    public void X25519_agreements_are_judged_as_published()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(VectorFactAttribute.PathOf(AgreementFile)));
        var judged = 0;
        foreach (var test in file.RootElement.GetProperty("testGroups").EnumerateArray().SelectMany(group => group.GetProperty("tests").EnumerateArray()))
        {
            byte[] Field(string name) => Hex.Bytes(test.GetProperty(name).GetString()!);
            var secret = new byte[32];
            Assert.Equal(Field("shared").AsSpan().ContainsAnyExcept((byte)0), X25519.TryAgree(Field("private"), Field("public"), secret));
            Assert.Equal(Field("shared"), secret);
            judged++;
        }

        Assert.Equal(file.RootElement.GetProperty("numberOfTests").GetInt32(), judged);
    }

    [VectorFact(SignatureFile)]
    public void Ed25519_signatures_are_judged_as_published()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(VectorFactAttribute.PathOf(SignatureFile)));
        var judged = 0;
        foreach (var group in file.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var key = Hex.Bytes(group.GetProperty("publicKey").GetProperty("pk").GetString()!);
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                Assert.True(
                    (test.GetProperty("result").GetString() == "valid")
                        == Ed25519.Verify(key, Hex.Bytes(test.GetProperty("msg").GetString()!), Hex.Bytes(test.GetProperty("sig").GetString()!)),
                    $"{test.GetProperty("tcId")}: {test.GetProperty("comment")}");
                judged++;
            }
        }

        Assert.Equal(file.RootElement.GetProperty("numberOfTests").GetInt32(), judged);
    }
}
