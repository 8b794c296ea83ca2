using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Tests.Networking;

namespace Sdk.Core.Tests.Ledger.Ethereum;

/// <summary>What the Ethereum ledger makes of what a node says, which may be wrong.</summary>
public sealed class ScriptedLedgerTests : IDisposable
{
    private static readonly AccountAddress Payee = AccountAddress.Parse("0x00000000000000000000000000000000000000aa");
    private static readonly LedgerCall Payment = new(Payee, default, 5);
    private readonly ManualTimeProvider _clock = new();
    private readonly ScriptedNode _node = new();
    private readonly KeyPair _key = KeyPair.Generate();

    // The clock runs fast while a test waits, so limits of time are years where a test is not about them.
    private readonly EthereumLedgerOptions _options = new()
    {
        Url = new Uri("http://127.0.0.1:1"),
        Confirmations = 2,
        RequestTimeout = TimeSpan.FromDays(1),
        StuckAfter = TimeSpan.FromDays(10_000),
        SubmitTimeout = TimeSpan.FromDays(10_000),
    };

    public void Dispose()
    {
        _key.Dispose();
        _node.Dispose();
    }

    [Fact]
    public async Task An_operation_offers_twice_the_base_fee_and_the_tip_and_a_fifth_more_gas_than_estimated()
    {
        await using var ledger = await ConnectAsync();
        var receipt = await DriveAsync(ledger.SubmitAsync(Payment, _key));
        var sent = Assert.Single(_node.Sent);
        Assert.Equal((TokenAmount)3_000_000_000, sent.MaxFeePerGasWei);
        Assert.Equal((TokenAmount)1_000_000_000, sent.MaxPriorityFeePerGasWei);
        Assert.Equal((TokenAmount)25_200, sent.GasLimit);
        Assert.Equal(31337UL, sent.ChainId);
        Assert.Equal(Payee, sent.To);
        Assert.Equal(sent.Hash(), receipt.Transaction);
        Assert.Equal(_node.Head.Hash, $"0x{receipt.BlockHash}");
    }

    [Fact]
    public async Task A_tip_is_not_above_what_the_owner_gives()
    {
        _node.Lies["eth_maxPriorityFeePerGas"] = (_, _) => $"0x{new string('f', 64)}";
        await using var ledger = await ConnectAsync();
        await DriveAsync(ledger.SubmitAsync(Payment, _key));
        Assert.Equal(_options.MaxTipPerGasWei, _node.Sent[0].MaxPriorityFeePerGasWei);
        Assert.Equal((TokenAmount)7_000_000_000, _node.Sent[0].MaxFeePerGasWei);
    }

    [Fact]
    public async Task An_operation_that_takes_more_gas_than_the_owner_gives_is_refused()
    {
        _node.Lies["eth_estimateGas"] = (_, _) => "0xffffffffffffffff";
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(LedgerFailure.TooLarge, ledger.SubmitAsync(Payment, _key));
        Assert.Empty(_node.Sent);
    }

    [Fact]
    public async Task A_receipt_that_is_not_there_yet_is_no_failure()
    {
        _node.IsAutomining = false;
        await using var ledger = await ConnectAsync();
        var paying = ledger.SubmitAsync(Payment, _key).AsTask();
        await PollsAsync(20);
        Assert.False(paying.IsCompleted);
        _node.Mine();
        Assert.Equal(_node.Head.Number, (await DriveAsync(paying)).BlockNumber);
        Assert.Single(_node.Sent);
    }

    public static TheoryData<string, string, string> ReceiptLies => new()
    {
        { "a block that does not exist", "blockHash", ScriptedNode.Hash("nowhere") },
        { "another transaction", "transactionHash", ScriptedNode.Hash("another") },
        { "a status that is none", "status", "0x2" },
        { "a block of another number", "blockNumber", "0x0" },
    };

    [Theory]
    [MemberData(nameof(ReceiptLies))]
    public async Task A_receipt_that_cannot_be_true_is_named_and_nothing_is_booked(string what, string member, string value)
    {
        Assert.NotEmpty(what);
        _node.Lies["eth_getTransactionReceipt"] = (_, truth) => Edit(truth(), receipt => receipt[member] = value);
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(LedgerFailure.Untrustworthy, ledger.SubmitAsync(Payment, _key));
    }

    [Fact]
    public async Task A_block_that_does_not_hold_the_transaction_is_named()
    {
        _node.Lies["eth_getBlockByHash"] = (_, truth) => Edit(truth(), block => block["transactions"] = new JsonArray());
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(LedgerFailure.Untrustworthy, ledger.SubmitAsync(Payment, _key));
    }

    [Fact]
    public async Task A_status_that_flips_between_two_asks_is_named()
    {
        var asks = 0;
        _node.Lies["eth_getTransactionReceipt"] = (_, truth) => Edit(truth(), receipt => receipt["status"] = asks++ % 2 == 0 ? "0x1" : "0x0");
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(LedgerFailure.Untrustworthy, ledger.SubmitAsync(Payment, _key));
    }

    [Fact]
    public async Task A_receipt_that_turns_after_it_was_believed_is_not_final()
    {
        await using var ledger = await ConnectAsync();
        var receipt = await DriveAsync(ledger.SubmitAsync(Payment, _key));
        var becoming = ledger.FinalAsync(receipt).AsTask();
        _node.Lies["eth_getTransactionReceipt"] = (_, truth) => Edit(truth(), changed => changed["gasUsed"] = "0x9999");
        _node.Mine(3);
        await AssertFailsAsync(LedgerFailure.Untrustworthy, becoming);
    }

    [Fact]
    public async Task A_receipt_in_a_block_beside_the_chain_waits_until_it_is_in_it()
    {
        var isBeside = true;
        _node.Lies["eth_getBlockByNumber"] = (parameters, truth) => isBeside && parameters[0]!.GetValue<string>() == "0x1"
            ? Edit(truth(), block => block["hash"] = ScriptedNode.Hash("beside"))
            : truth();
        await using var ledger = await ConnectAsync();
        var paying = ledger.SubmitAsync(Payment, _key).AsTask();
        await PollsAsync(5);
        Assert.False(paying.IsCompleted);
        isBeside = false;
        await DriveAsync(paying);
    }

    [Fact]
    public async Task An_operation_is_final_after_its_confirmations()
    {
        await using var ledger = await ConnectAsync();
        var receipt = await DriveAsync(ledger.SubmitAsync(Payment, _key));
        var becoming = ledger.FinalAsync(receipt).AsTask();
        _node.Mine();
        await PollsAsync(5);
        Assert.False(becoming.IsCompleted);
        _node.Mine();
        await DriveAsync(becoming);
    }

    [Fact]
    public async Task An_operation_that_a_reorganisation_took_back_is_sent_again_until_it_is_final()
    {
        await using var ledger = await ConnectAsync();
        var receipt = await DriveAsync(ledger.SubmitAsync(Payment, _key));
        var becoming = ledger.FinalAsync(receipt).AsTask();
        _node.Reorganize(1);
        while (_node.Sent.Count < 2)
        {
            await PollsAsync(1);
        }

        _node.Mine(2);
        await DriveAsync(becoming);
        Assert.Equal(_node.Sent[0].Hash(), _node.Sent[1].Hash());
    }

    [Fact]
    public async Task An_operation_that_comes_again_and_is_refused_is_not_final()
    {
        await using var ledger = await ConnectAsync();
        var receipt = await DriveAsync(ledger.SubmitAsync(Payment, _key));
        var becoming = ledger.FinalAsync(receipt).AsTask();
        _node.Reorganize(1);
        _node.Revert($"0x{receipt.Transaction}");
        while (_node.Sent.Count < 2)
        {
            await PollsAsync(1);
        }

        _node.Mine(2);
        await AssertFailsAsync(LedgerFailure.Reorganized, becoming);
    }

    [Fact]
    public async Task An_operation_that_was_reverted_in_its_block_bears_the_name_of_the_error()
    {
        _node.Lies["eth_getTransactionReceipt"] = (_, truth) => Edit(truth(), receipt => receipt["status"] = "0x0");
        _node.Lies["eth_call"] = (_, _) => throw new ScriptedErrorException(3, "execution reverted", $"0x4e487b71{new string('0', 62)}11");
        await using var ledger = await ConnectAsync();
        var refused = await Assert.ThrowsAsync<LedgerRevertException>(() => DriveAsync(ledger.SubmitAsync(Payment, _key)));
        Assert.Equal("Panic", refused.ErrorName);
    }

    [Fact]
    public async Task A_stuck_operation_is_replaced_at_a_higher_fee_but_not_above_the_cap()
    {
        _node.IsAutomining = false;
        _options.StuckAfter = TimeSpan.FromSeconds(30);
        _options.MaxFeePerGasWei = 3_500_000_000;
        await using var ledger = await ConnectAsync();
        var paying = ledger.SubmitAsync(Payment, _key).AsTask();
        await PollsAsync(200);
        Assert.Equal(2, _node.Sent.Count);
        Assert.Equal(_node.Sent[0].Nonce, _node.Sent[1].Nonce);
        Assert.Equal((TokenAmount)3_375_000_001, _node.Sent[1].MaxFeePerGasWei);
        Assert.Equal((TokenAmount)1_125_000_001, _node.Sent[1].MaxPriorityFeePerGasWei);
        _node.Mine();
        Assert.Equal(_node.Sent[1].Hash(), (await DriveAsync(paying)).Transaction);
    }

    [Fact]
    public async Task The_first_of_two_transactions_may_be_the_one_that_is_included()
    {
        _node.IsAutomining = false;
        _options.StuckAfter = TimeSpan.FromSeconds(30);
        await using var ledger = await ConnectAsync();
        var paying = ledger.SubmitAsync(Payment, _key).AsTask();
        while (_node.Sent.Count < 2)
        {
            await PollsAsync(1);
        }

        _node.SetPool(_node.Sent[0]);
        _node.Mine();
        Assert.Equal(_node.Sent[0].Hash(), (await DriveAsync(paying)).Transaction);
    }

    [Fact]
    public async Task A_nonce_that_somebody_else_used_is_drawn_anew()
    {
        var refusals = 0;
        _node.Lies["eth_sendRawTransaction"] = (_, truth) => refusals++ == 0 ? throw new ScriptedErrorException(-32003, "nonce too low") : truth();
        await using var ledger = await ConnectAsync();
        await DriveAsync(ledger.SubmitAsync(Payment, _key));
        Assert.Single(_node.Sent);
    }

    [Theory]
    [InlineData("nonce too low", LedgerFailure.Nonce)]
    [InlineData("insufficient funds for gas * price + value", LedgerFailure.InsufficientFunds)]
    [InlineData("the moon is full", LedgerFailure.Refused)]
    public async Task A_refusal_is_named_and_the_nonce_is_free(string message, LedgerFailure reason)
    {
        _node.Lies["eth_sendRawTransaction"] = (_, _) => throw new ScriptedErrorException(-32000, message);
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(reason, ledger.SubmitAsync(Payment, _key));
        _node.Lies.Clear();
        await DriveAsync(ledger.SubmitAsync(Payment, _key));
        Assert.Equal(0UL, Assert.Single(_node.Sent).Nonce);
    }

    [Fact]
    public async Task An_answer_that_was_lost_on_its_way_does_not_send_twice_or_skip_a_nonce()
    {
        var isLost = true;
        _node.Lies["eth_sendRawTransaction"] = (_, truth) =>
        {
            var name = truth();
            return isLost ? throw new HttpRequestException("the connection broke") : name;
        };
        await using var ledger = await ConnectAsync();
        await DriveAsync(ledger.SubmitAsync(Payment, _key));
        isLost = false;
        await DriveAsync(ledger.SubmitAsync(Payment, _key));
        Assert.Equal("0 1", string.Join(' ', _node.Sent.Select(sent => sent.Nonce)));
    }

    [Fact]
    public async Task A_node_that_never_includes_anything_is_not_waited_for_longer_than_the_limit()
    {
        _node.IsAutomining = false;
        _options.SubmitTimeout = TimeSpan.FromMinutes(10);
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(LedgerFailure.Unreachable, ledger.SubmitAsync(Payment, _key));
    }

    [Fact]
    public async Task A_node_that_cannot_be_reached_for_a_while_is_asked_again()
    {
        _node.IsAutomining = false;
        await using var ledger = await ConnectAsync();
        var paying = ledger.SubmitAsync(Payment, _key).AsTask();
        await PollsAsync(2);
        _node.Http = (_, _) => throw new HttpRequestException("refused");
        await PollsAsync(5);
        Assert.False(paying.IsCompleted);
        _node.Http = null;
        _node.Mine();
        await DriveAsync(paying);
    }

    [Fact]
    public async Task Another_transaction_in_the_nonces_place_is_named_only_when_it_is_final()
    {
        _node.IsAutomining = false;
        await using var ledger = await ConnectAsync();
        var paying = ledger.SubmitAsync(Payment, _key).AsTask();
        await PollsAsync(2);
        var other = (_node.Sent[0] with { Data = new byte[] { 1 }, Signature = null }).Sign(_key);
        _node.SetPool(other);
        _node.Mine();
        await PollsAsync(5);
        Assert.False(paying.IsCompleted);
        _node.Mine(2);
        await AssertFailsAsync(LedgerFailure.Replaced, paying);
    }

    [Fact]
    public async Task Operations_of_one_key_count_on_while_the_node_has_forgotten_the_last()
    {
        _node.IsAutomining = false;
        await using var ledger = await ConnectAsync();
        var first = ledger.SubmitAsync(Payment, _key).AsTask();
        _node.SetPool();
        var second = ledger.SubmitAsync(Payment, _key).AsTask();
        while (_node.Pool.Select(waiting => waiting.Nonce).Distinct().Count() < 2)
        {
            await PollsAsync(1);
        }

        _node.Mine();
        Assert.NotEqual((await DriveAsync(first)).Transaction, (await DriveAsync(second)).Transaction);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_the_operation_under_way()
    {
        _node.IsAutomining = false;
        await using var ledger = await ConnectAsync();
        using var stop = new CancellationTokenSource();
        var paying = ledger.SubmitAsync(Payment, _key, stop.Token).AsTask();
        await PollsAsync(2);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => paying);
        _node.SetPool();
        while (_node.Pool.Count == 0)
        {
            await PollsAsync(1);
        }

        Assert.Equal(_node.Sent[0].Hash(), _node.Pool[0].Hash());
    }

    public static TheoryData<string, Action<EthereumLedgerOptions>> WrongOptions => new()
    {
        { "no address", options => options.Url = null },
        { "another scheme", options => options.Url = new Uri("ftp://127.0.0.1") },
        { "no address of a host", options => options.Url = new Uri("/", UriKind.Relative) },
        { "fewer than no confirmations", options => options.Confirmations = -1 },
        { "no fee", options => options.MaxFeePerGasWei = 0 },
        { "any fee", options => options.MaxFeePerGasWei = TokenAmount.MaxValue },
        { "no gas", options => options.GasLimitMax = 0 },
        { "a limit of time that no timer takes", options => options.RequestTimeout = TimeSpan.FromDays(50) },
        { "no interval", options => options.PollInterval = TimeSpan.Zero },
        { "no answers", options => options.AnswerBytesMax = 0 },
        { "no blocks", options => options.EventRangeBlocks = 0 },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task Options_out_of_their_range_are_refused_before_anything_is_asked(string what, Action<EthereumLedgerOptions> spoil)
    {
        Assert.NotEmpty(what);
        spoil(_options);
        await Assert.ThrowsAnyAsync<ArgumentException>(ConnectAsync);
        Assert.Equal(0, _node.CountOf("eth_chainId"));
    }

    [Fact]
    public async Task Another_chain_is_refused()
    {
        _options.ChainId = 1;
        var failed = await Assert.ThrowsAsync<LedgerException>(ConnectAsync);
        Assert.Equal(LedgerFailure.WrongChain, failed.Reason);
    }

    [Fact]
    public async Task A_place_without_code_is_no_contract()
    {
        _options.Deployment = new LedgerDeployment([new("Anything", Payee)]);
        var failed = await Assert.ThrowsAsync<LedgerException>(ConnectAsync);
        Assert.Equal(LedgerFailure.UnknownModule, failed.Reason);
    }

    [Fact]
    public async Task A_key_for_tests_only_is_refused_off_the_loopback_whatever_the_options_say()
    {
        _options.Url = new Uri("https://example.org");
        _options.AllowsTestOnlyKeys = true;
        using var testOnly = KeyPair.GenerateTestOnly();
        await using var ledger = await ConnectAsync();
        await AssertFailsAsync(LedgerFailure.TestOnlyKey, ledger.SubmitAsync(Payment, testOnly));
        Assert.Empty(_node.Sent);
    }

    [Fact]
    public async Task A_balance_or_a_head_that_is_none_is_named()
    {
        await using var ledger = await ConnectAsync();
        Assert.Equal((TokenAmount)16, await ledger.BalanceAsync(Payee));
        foreach (var lie in new JsonNode?[] { "16", "0x", "0xg", 16, null, $"0x1{new string('0', 64)}" })
        {
            _node.Lies["eth_getBalance"] = (_, _) => lie;
            Assert.Equal(LedgerFailure.Untrustworthy, (await Assert.ThrowsAsync<LedgerException>(async () => await ledger.BalanceAsync(Payee))).Reason);
        }

        _node.Lies["eth_getBlockByNumber"] = (_, truth) => Edit(truth(), block => block["timestamp"] = "0xffffffffffffffff");
        Assert.Equal(LedgerFailure.Untrustworthy, (await Assert.ThrowsAsync<LedgerException>(async () => await ledger.HeadAsync())).Reason);
    }

    private static JsonNode? Edit(JsonNode? truth, Action<JsonObject> edit)
    {
        if (truth is JsonObject json)
        {
            edit(json);
        }

        return truth;
    }

    private Task<EthereumLedger> ConnectAsync() => EthereumLedger.ConnectAsync(_options, _clock, NullLoggerFactory.Instance, _node, default);

    private Task<T> DriveAsync<T>(ValueTask<T> task) => DriveAsync(task.AsTask());

    /// <summary>Lets the clock run until a task ends; the limit is of real time, for a test that would hang.</summary>
    private async Task<T> DriveAsync<T>(Task<T> task)
    {
        await DriveAsync((Task)task);
        return await task;
    }

    private async Task DriveAsync(Task task)
    {
        var started = Stopwatch.GetTimestamp();
        while (!task.IsCompleted)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "It takes too long.");
            _clock.Advance(_options.PollInterval);
            await Task.Yield();
        }

        await task;
    }

    /// <summary>Lets the ledger ask for news so many times.</summary>
    private async Task PollsAsync(int polls)
    {
        var started = Stopwatch.GetTimestamp();
        int Asked() => _node.CountOf("eth_getBlockByNumber");
        for (var before = Asked(); polls > 0; polls--)
        {
            do
            {
                Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "It takes too long.");
                _clock.Advance(_options.PollInterval);
                await Task.Yield();
            }
            while (_node.Http is null && Asked() == before);
            before = Asked();
        }
    }

    private async Task AssertFailsAsync(LedgerFailure reason, ValueTask<LedgerReceipt> task) => await AssertFailsAsync(reason, task.AsTask());

    private async Task AssertFailsAsync(LedgerFailure reason, Task task) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<LedgerException>(() => DriveAsync(task))).Reason);
}
