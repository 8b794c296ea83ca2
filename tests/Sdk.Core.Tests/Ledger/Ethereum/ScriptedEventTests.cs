using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Tests.Networking;

namespace Sdk.Core.Tests.Ledger.Ethereum;

/// <summary>Events of a node that says too much, too little, or what it was not asked.</summary>
public sealed class ScriptedEventTests : IDisposable
{
    private static readonly AccountAddress Contract = AccountAddress.Parse("0x00000000000000000000000000000000000000cc");
    private static readonly Hash256 Kind = Hash256.FromHex(new string('a', 64));
    private readonly ScriptedNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public async Task A_range_that_is_too_much_for_the_node_is_halved()
    {
        _node.Mine(100);
        var asked = new List<(ulong First, ulong Last)>();
        _node.Lies["eth_getLogs"] = (parameters, _) =>
        {
            if (parameters[0]!["blockHash"] is not null)
            {
                return new JsonArray();
            }

            var (first, last) = (Number(parameters[0]!["fromBlock"]!), Number(parameters[0]!["toBlock"]!));
            if (last - first >= 10)
            {
                throw new ScriptedErrorException(-32005, "query returned more than 10000 results");
            }

            asked.Add((first, last));
            return new JsonArray([.. Enumerable.Range((int)first, (int)(last - first + 1)).Select(number => (JsonNode)Log((ulong)number, 0))]);
        };
        var events = await ListAsync(new LedgerEventFilter { Kinds = [Kind], ToBlock = 90 });
        Assert.Equal(Enumerable.Range(0, 91).Select(number => (ulong)number), events.Select(told => told.BlockNumber));
        Assert.All(asked.Skip(1).Zip(asked), pair => Assert.Equal(pair.Second.Last + 1, pair.First.First));
    }

    [Fact]
    public async Task A_node_that_refuses_one_block_is_named()
    {
        _node.Mine(10);
        _node.Lies["eth_getLogs"] = (_, _) => throw new ScriptedErrorException(-32005, "too many");
        Assert.Equal(LedgerFailure.Refused, await FailureAsync());
    }

    public static TheoryData<string, Action<JsonArray>> Lies => new()
    {
        { "another contract", logs => logs[0]!["address"] = Payee },
        { "another kind", logs => logs[0]!["topics"] = new JsonArray($"0x{new string('b', 64)}") },
        { "no kind", logs => logs[0]!["topics"] = new JsonArray() },
        { "five topics", logs => logs[0]!["topics"] = new JsonArray([.. Enumerable.Range(0, 5).Select(_ => JsonValue.Create($"0x{new string('a', 64)}"))]) },
        { "a block outside", logs => logs[0]!["blockNumber"] = "0x99" },
        { "out of order", logs => logs[1]!["blockNumber"] = "0x0" },
        { "twice", logs => logs.Add(logs[1]!.DeepClone()) },
        { "no index", logs => logs[0]!.AsObject().Remove("logIndex") },
        { "an index that is too large", logs => logs[0]!["logIndex"] = "0xffffffff" },
        { "half a byte", logs => logs[0]!["data"] = "0x0" },
        { "an event that is no object", logs => logs[0] = 1 },
        { "a flag that is none", logs => logs[0]!["removed"] = "yes" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Events_that_were_not_asked_for_are_named(string what, Action<JsonArray> lie)
    {
        Assert.NotEmpty(what);
        _node.Mine(10);
        _node.Lies["eth_getLogs"] = (parameters, _) =>
        {
            var logs = new JsonArray();
            if (parameters[0]!["fromBlock"] is not null)
            {
                logs = new JsonArray(Log(1, 0), Log(2, 3));
                lie(logs);
            }

            return logs;
        };
        Assert.Equal(LedgerFailure.Untrustworthy, await FailureAsync());
    }

    [Fact]
    public async Task Events_that_the_node_itself_calls_removed_are_left_out()
    {
        _node.Mine(10);
        _node.Lies["eth_getLogs"] = (parameters, _) =>
        {
            var removed = Log(1, 0);
            removed["removed"] = true;
            return parameters[0]!["fromBlock"] is null ? new JsonArray() : new JsonArray(removed, Log(2, 0));
        };
        Assert.Equal(2UL, Assert.Single(await ListAsync(new LedgerEventFilter { ToBlock = 5 })).BlockNumber);
    }

    [Fact]
    public async Task Events_of_another_block_under_a_hash_are_named()
    {
        _node.Mine(1);
        _node.Lies["eth_getLogs"] = (parameters, _) => parameters[0]!["blockHash"] is null ? new JsonArray() : new JsonArray(Log(1, 0));
        Assert.Equal(LedgerFailure.Untrustworthy, await FailureAsync());
    }

    [Fact]
    public async Task A_reorganisation_below_what_counted_as_final_ends_the_events()
    {
        var clock = new ManualTimeProvider();
        _node.Mine(10);
        await using var ledger = await ConnectAsync(clock);
        await using var events = ledger.EventsAsync(new LedgerEventFilter()).GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        _node.Reorganize(9);
        while (!next.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(LedgerFailure.Reorganized, (await Assert.ThrowsAsync<LedgerException>(() => next)).Reason);
    }

    private static string Payee => "0x00000000000000000000000000000000000000aa";

    private static JsonObject Log(ulong block, ulong index) => new()
    {
        ["address"] = Contract.ToString(),
        ["topics"] = new JsonArray($"0x{Kind}"),
        ["data"] = "0x",
        ["blockNumber"] = $"0x{block:x}",
        ["blockHash"] = ScriptedNode.Hash($"of {block}"),
        ["transactionHash"] = ScriptedNode.Hash("transaction"),
        ["logIndex"] = $"0x{index:x}",
    };

    private static ulong Number(JsonNode hex) => Convert.ToUInt64(hex.GetValue<string>()[2..], 16);

    private Task<EthereumLedger> ConnectAsync(TimeProvider clock) => EthereumLedger.ConnectAsync(
        new EthereumLedgerOptions { Url = new Uri("http://127.0.0.1:1"), Confirmations = 4 }, clock, NullLoggerFactory.Instance, _node, default);

    private async Task<LedgerFailure> FailureAsync() => (await Assert.ThrowsAsync<LedgerException>(
        () => ListAsync(new LedgerEventFilter { Contracts = [Contract], Kinds = [Kind], ToBlock = 8 }))).Reason;

    private async Task<List<LedgerEvent>> ListAsync(LedgerEventFilter filter)
    {
        await using var ledger = await ConnectAsync(new ManualTimeProvider());
        var list = new List<LedgerEvent>();
        await foreach (var told in ledger.EventsAsync(filter))
        {
            list.Add(told);
        }

        return list;
    }
}
