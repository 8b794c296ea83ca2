using System.Text;
using System.Text.Json;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Fuzz.Targets;

/// <summary>A node's answer to one call, and what the ledger reads from its result: a block, a receipt with events, bytes, a quantity.</summary>
internal sealed class JsonRpcTarget : FuzzTarget
{
    private static readonly string[] Documents =
    [
        $$$"""
        {"jsonrpc":"2.0","id":1,"result":{"number":"0x5","hash":"{{{Word('a')}}}","parentHash":"{{{Word('b')}}}","timestamp":"0x6b01f0c5","baseFeePerGas":"0x3b9aca00","transactions":["{{{Word('c')}}}"]}}
        """,
        $$$"""
        {"jsonrpc":"2.0","id":1,"result":{"transactionHash":"{{{Word('c')}}}","blockNumber":"0x5","blockHash":"{{{Word('a')}}}","status":"0x1","gasUsed":"0x5208","contractAddress":null,"logs":[
        {"address":"0x00000000000000000000000000000000000000aa","topics":["{{{Word('d')}}}"],"data":"0x0102","blockNumber":"0x5","blockHash":"{{{Word('a')}}}","transactionHash":"{{{Word('c')}}}","logIndex":"0x0","removed":false}]}}
        """,
        """{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x08c379a0"}}""",
        """{"jsonrpc":"2.0","id":1,"error":{"code":-32015,"message":"VM execution error.","data":{"data":"Reverted 0x08"}}}""",
        """{"jsonrpc":"2.0","id":1,"result":null}""",
        """{"jsonrpc":"2.0","id":1,"result":"0x5208"}""",
    ];

    private JsonRpcAnswer _answer;

    public override string Name => "json-rpc";

    /// <summary>The reader keeps some twelve bytes for every two of the input, and grows by doubling.</summary>
    public override long AllowedBytes(byte[] input) => (48L * input.Length) + (16 * 1024);

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "\"result\":", "\"error\":", "\"id\":1", "null", "\"0x\"", "\"0x1\"", "\"\\ud800\"", "[]", "{}", "1e400", "\"removed\":true", "\"status\":\"0x0\"" }.Select(Encoding.UTF8.GetBytes)];

    public override bool Decode(object input)
    {
        _answer = JsonRpcAnswer.Read((byte[])input, firstId: 1, count: 1, isBatch: false)[0];
        if (_answer.Error is not null || _answer.IsNull)
        {
            return true;
        }

        var result = _answer.Result;
        if (result.ValueKind == JsonValueKind.String)
        {
            EthereumJson.Amount(result);
            EthereumJson.UInt64(result);
        }
        else if (EthereumJson.Optional(result, "status") is null)
        {
            _ = EthereumBlock.Read(result).Time;
        }
        else
        {
            EthereumReceipt.Read(result);
        }

        return true;
    }

    public override void Check(object input) => Require(_answer.Error is null || _answer.Error.Message.Length <= 300, "A message is short.");

    protected override IEnumerable<byte[]> MakeCorpus() => Documents.Select(Encoding.UTF8.GetBytes);

    private static string Word(char digit) => $"0x{new string(digit, 64)}";
}
