using System.Text.Json;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Interop.Ethereum;

/// <summary>RLP against the public cases.</summary>
public sealed class RlpKnownAnswerTests
{
    [EthereumFact]
    public void All_61_cases_are_encoded_and_decoded()
    {
        KnownAnswers.All(KnownAnswers.Read("rlp-coder", 61), known =>
        {
            var encoded = known.Bytes("encoded");
            Assert.Equal(encoded, Encode(known.GetProperty("decoded")).Items.ToArray());
            var reader = new RlpReader(encoded);
            CheckNext(ref reader, known.GetProperty("decoded"));
            reader.ReadEnd();
        });
    }

    private static RlpWriter Encode(JsonElement item)
    {
        var writer = new RlpWriter();
        return item.ValueKind == JsonValueKind.Array ? writer.AddList(ItemsOf(item)) : writer.Add(KnownAnswers.Bytes(item.GetString()!));
    }

    private static RlpWriter ItemsOf(JsonElement list)
    {
        var items = new RlpWriter();
        foreach (var inner in list.EnumerateArray())
        {
            if (inner.ValueKind == JsonValueKind.Array)
            {
                items.AddList(ItemsOf(inner));
            }
            else
            {
                items.Add(KnownAnswers.Bytes(inner.GetString()!));
            }
        }

        return items;
    }

    private static void CheckNext(ref RlpReader reader, JsonElement expected)
    {
        if (expected.ValueKind != JsonValueKind.Array)
        {
            Assert.Equal(KnownAnswers.Bytes(expected.GetString()!), reader.ReadBytes().ToArray());
            return;
        }

        var list = reader.ReadList();
        foreach (var inner in expected.EnumerateArray())
        {
            CheckNext(ref list, inner);
        }

        list.ReadEnd();
    }
}
