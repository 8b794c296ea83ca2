using System.Security.Cryptography;
using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class WycheproofTests
{
    private const string P256File = "ecdsa_secp256r1_sha256_p1363_test.json";
    private const string AgreementFile = "ecdh_secp256r1_ecpoint_test.json";

    [VectorFact(P256File)]
    public void P256_signatures_are_judged_as_published()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(VectorFactAttribute.PathOf(P256File)));
        var judged = 0;
        foreach (var group in file.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var point = Hex.Bytes(group.GetProperty("publicKey").GetProperty("uncompressed").GetString()!);
            using var key = VerifyingKey.Import([(byte)(2 | (point[64] & 1)), .. point[1..33]]);
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var digest = SHA256.HashData(Hex.Bytes(test.GetProperty("msg").GetString()!));
                Assert.True(
                    (test.GetProperty("result").GetString() == "valid") == key.Verify(digest, Hex.Bytes(test.GetProperty("sig").GetString()!)),
                    $"{test.GetProperty("tcId")}: {test.GetProperty("comment")}");
                judged++;
            }
        }

        Assert.Equal(file.RootElement.GetProperty("numberOfTests").GetInt32(), judged);
    }

    // The file also holds compressed points, as "acceptable"; RFC 9180 sends uncompressed ones, so they are refused here.
    [VectorFact(AgreementFile)]
    public void P256_agreements_are_judged_as_published()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(VectorFactAttribute.PathOf(AgreementFile)));
        var judged = 0;
        foreach (var test in file.RootElement.GetProperty("testGroups").EnumerateArray().SelectMany(g => g.GetProperty("tests").EnumerateArray()))
        {
            var scalar = Hex.Bytes(test.GetProperty("private").GetString()!);
            // Published as a signed number of any length: with leading zeros cut or one added.
            var digits = scalar.AsSpan().TrimStart((byte)0);
            using var key = AgreementKey.FromScalar([.. new byte[32 - digits.Length], .. digits]);
            var secret = new byte[32];
            var agreed = TryAgree(key, Hex.Bytes(test.GetProperty("public").GetString()!), secret);
            Assert.True(
                (test.GetProperty("result").GetString() == "valid") == agreed, $"{test.GetProperty("tcId")}: {test.GetProperty("comment")}");
            if (agreed)
            {
                Assert.Equal(test.GetProperty("shared").GetString(), Hex.Text(secret));
            }

            judged++;
        }

        Assert.Equal(file.RootElement.GetProperty("numberOfTests").GetInt32(), judged);
    }

    private static bool TryAgree(AgreementKey key, byte[] publicKey, byte[] secret)
    {
        try
        {
            key.Agree(publicKey, secret);
            return true;
        }
        catch (InvalidKeyException)
        {
            return false;
        }
    }
}
