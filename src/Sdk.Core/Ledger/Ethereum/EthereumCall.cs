using System.Text.Json.Nodes;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>A call as a node takes it to run or to estimate.</summary>
/// <param name="From">As whom.</param>
/// <param name="To">The contract or account; null makes a contract.</param>
/// <param name="Data">Calldata, or creation code.</param>
/// <param name="ValueWei">Native coin sent along.</param>
internal sealed record EthereumCall(AccountAddress From, AccountAddress? To, ReadOnlyMemory<byte> Data, TokenAmount ValueWei)
{
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["from"] = From.ToString(),
            ["value"] = EthereumJson.Quantity(ValueWei),
            ["input"] = EthereumJson.Data(Data.Span),
        };
        if (To is { } to)
        {
            json["to"] = to.ToString();
        }

        return json;
    }
}
