using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class Curve25519Tests
{
    private const string SignatureFile = "ed25519_test.json";

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
