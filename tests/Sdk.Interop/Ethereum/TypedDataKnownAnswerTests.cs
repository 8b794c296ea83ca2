using System.Text.Json.Nodes;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Interop.Ethereum;

/// <summary>EIP-712 against the public cases.</summary>
public sealed class TypedDataKnownAnswerTests
{
    [EthereumFact]
    public void All_1025_documents_are_encoded_and_hashed()
    {
        KnownAnswers.All(KnownAnswers.Read("eip712", 1025), known =>
        {
            var document = new JsonObject
            {
                ["types"] = JsonNode.Parse(known.GetProperty("types").GetRawText()),
                ["primaryType"] = known.GetProperty("primaryType").GetString(),
                ["domain"] = JsonNode.Parse(known.GetProperty("domain").GetRawText()),
                ["message"] = JsonNode.Parse(known.GetProperty("data").GetRawText()),
            };
            var typed = TypedData.Parse(document.ToJsonString());
            Assert.Equal(known.Bytes("encoded"), typed.EncodedMessage.ToArray());
            Assert.Equal(known.Bytes("digest"), typed.Digest.ToArray());
            if (known.TryGetProperty("signature", out _))
            {
                using var key = KeyPair.FromPrivateKey(known.Bytes("privateKey"));
                Assert.Equal(known.Bytes("signature"), key.SignDigest(typed.Digest.Bytes).ToArray());
            }
        });
    }
}
