using System.Diagnostics;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Interop.Ethereum;

/// <summary>The Ethereum ledger on a real node: what an application sees.</summary>
public sealed class EthereumLedgerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [EthereumFact]
    public async Task A_contract_is_deployed_called_and_asked()
    {
        await using var chain = await AnvilToken.StartAsync();
        Assert.Equal(31337UL, chain.Ledger.ChainId);
        Assert.Equal(TokenAmount.FromTokens(1000), await chain.Token.BalanceAsync(chain.Holder.Address));
        var receipt = await chain.Token.TransferAsync(chain.Other.Address, 5, chain.Holder);
        Assert.Equal(TokenAmount.FromBaseUnits(5), await chain.Token.BalanceAsync(chain.Other.Address));
        Assert.True(receipt.GasUsed > 21_000);
        var told = Assert.Single(receipt.Events);
        Assert.True(told.Is(TokenAbi.Transferred));
        Assert.Equal(chain.Other.Address, told.TopicAddress(1));
    }

    [EthereumFact]
    public async Task The_native_coin_is_paid_and_counted_on_the_latest_and_on_the_final_state()
    {
        await using var chain = await AnvilToken.StartAsync();
        var account = AccountAddress.Parse("0x00000000000000000000000000000000000000aa");
        await chain.Ledger.SubmitAsync(new LedgerCall(account, default, TokenAmount.OneToken), chain.Holder);
        Assert.Equal(TokenAmount.OneToken, await chain.Ledger.BalanceAsync(account));
        Assert.Equal(TokenAmount.Zero, await chain.Ledger.BalanceAsync(account, LedgerView.Final));
        await chain.Anvil.MineAsync(3);
        Assert.Equal(TokenAmount.OneToken, await chain.Ledger.BalanceAsync(account, LedgerView.Final));
        var head = await chain.Ledger.HeadAsync();
        Assert.Equal(head.Number - 3, head.FinalNumber);
    }

    [EthereumFact]
    public async Task A_refusal_of_the_contract_bears_its_name_before_anything_is_paid()
    {
        await using var chain = await AnvilToken.StartAsync();
        var token = chain.Token;
        var refused = await Assert.ThrowsAsync<LedgerRevertException>(async () => await token.TransferAsync(chain.Holder.Address, 1, chain.Other));
        Assert.Equal("ERC20InsufficientBalance", refused.ErrorName);
        Assert.Equal(4 + (3 * 32), refused.ErrorData.Length);
        Assert.Equal("0x0", (await chain.Anvil.CallAsync("eth_getTransactionCount", chain.Other.Address.ToString(), "latest")).GetString());
    }

    [EthereumFact]
    public async Task A_refusal_in_a_block_bears_its_name_too()
    {
        await using var chain = await AnvilToken.StartAsync();
        var token = chain.Token;
        await token.TransferAsync(chain.Other.Address, 5, chain.Holder);
        await token.ApproveAsync(chain.Holder.Address, 5, chain.Other);
        await chain.Anvil.SetAutomineAsync(false);
        var paying = token.TransferAsync(chain.Holder.Address, 5, chain.Other).AsTask();
        await InPoolAsync(chain.Anvil, 1);

        // Somebody with an allowance offers more, comes first in the same block, and takes all.
        var taking = new AbiWriter().Add(chain.Other.Address).Add(chain.Holder.Address).Add(5).ToCall(TokenAbi.TransferFrom);
        await chain.Anvil.CallAsync("eth_sendTransaction", new
        {
            from = chain.Holder.Address.ToString(),
            to = token.Address.ToString(),
            data = $"0x{Convert.ToHexStringLower(taking)}",
            maxFeePerGas = "0x2540be4000",
            maxPriorityFeePerGas = "0x2540be400",
        });
        await chain.Anvil.MineAsync();
        var refused = await Assert.ThrowsAsync<LedgerRevertException>(() => paying.WaitAsync(Limit));
        Assert.Equal("ERC20InsufficientBalance", refused.ErrorName);
    }

    [EthereumFact]
    public async Task Many_operations_of_one_key_get_one_nonce_each_in_order()
    {
        await using var chain = await AnvilToken.StartAsync();
        var receipts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => chain.Token.TransferAsync(chain.Other.Address, (ulong)i + 1, chain.Holder).AsTask()));
        Assert.Equal(TokenAmount.FromBaseUnits(210), await chain.Token.BalanceAsync(chain.Other.Address));
        Assert.Equal(20, receipts.Select(receipt => receipt.Transaction).Distinct().Count());
        Assert.Equal(21UL, Number((await chain.Anvil.CallAsync("eth_getTransactionCount", chain.Holder.Address.ToString(), "latest")).GetString()!));
    }

    [EthereumFact]
    public async Task Another_chain_another_contract_and_a_key_for_tests_only_are_refused()
    {
        await using var anvil = await Anvil.StartAsync();
        var options = AnvilToken.Options(anvil);
        options.ChainId = 1;
        Assert.Equal(LedgerFailure.WrongChain, (await Assert.ThrowsAsync<LedgerException>(() => EthereumLedger.ConnectAsync(options))).Reason);

        options = AnvilToken.Options(anvil);
        options.Deployment = new LedgerDeployment([new("Token", anvil.Keys[3].Address)]);
        Assert.Equal(LedgerFailure.UnknownModule, (await Assert.ThrowsAsync<LedgerException>(() => EthereumLedger.ConnectAsync(options))).Reason);

        options = AnvilToken.Options(anvil);
        options.AllowsTestOnlyKeys = false;
        await using var ledger = await EthereumLedger.ConnectAsync(options);
        var call = new LedgerCall(anvil.Keys[1].Address, default, 1);
        Assert.Equal(LedgerFailure.TestOnlyKey, (await Assert.ThrowsAsync<LedgerException>(async () => await ledger.SubmitAsync(call, anvil.Keys[0]))).Reason);
    }

    [EthereumFact]
    public async Task A_key_for_tests_only_is_refused_on_any_chain_but_the_development_one()
    {
        await using var anvil = await Anvil.StartAsync(new AnvilOptions { ChainId = 100 });
        await using var ledger = await EthereumLedger.ConnectAsync(AnvilToken.Options(anvil));
        var call = new LedgerCall(anvil.Keys[1].Address, default, 1);
        Assert.Equal(LedgerFailure.TestOnlyKey, (await Assert.ThrowsAsync<LedgerException>(async () => await ledger.SubmitAsync(call, anvil.Keys[0]))).Reason);
    }

    [EthereumFact]
    public async Task Who_cannot_pay_is_told_so()
    {
        await using var anvil = await Anvil.StartAsync();
        await using var ledger = await EthereumLedger.ConnectAsync(AnvilToken.Options(anvil));
        using var poor = KeyPair.Generate();
        var call = new LedgerCall(anvil.Keys[1].Address, default, TokenAmount.OneToken);
        Assert.Equal(LedgerFailure.InsufficientFunds, (await Assert.ThrowsAsync<LedgerException>(async () => await ledger.SubmitAsync(call, poor))).Reason);
        await anvil.SetBalanceAsync(poor.Address, 1_000_000_000_000_000_000);
        Assert.Equal(LedgerFailure.InsufficientFunds, (await Assert.ThrowsAsync<LedgerException>(async () => await ledger.SubmitAsync(call, poor))).Reason);
    }

    [EthereumFact]
    public async Task A_fee_above_the_cap_is_not_paid()
    {
        await using var chain = await AnvilToken.StartAsync(options => options.MaxFeePerGasWei = 10_000_000_000);
        await chain.Anvil.SetNextBaseFeeAsync(20_000_000_000);
        await chain.Anvil.MineAsync();
        var refused = await Assert.ThrowsAsync<LedgerException>(async () => await chain.Token.TransferAsync(chain.Other.Address, 1, chain.Holder));
        Assert.Equal(LedgerFailure.FeeAboveCap, refused.Reason);
    }

    [EthereumFact]
    public async Task An_operation_that_is_stuck_is_replaced_by_one_that_offers_more()
    {
        await using var chain = await AnvilToken.StartAsync(options => options.StuckAfter = TimeSpan.FromMilliseconds(100));
        await chain.Anvil.SetAutomineAsync(false);
        var paying = chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder).AsTask();
        var first = (await InPoolAsync(chain.Anvil, 1)).Single();
        var started = Stopwatch.GetTimestamp();
        while ((await InPoolAsync(chain.Anvil, 1)).Single() == first && Stopwatch.GetElapsedTime(started) < Limit)
        {
            await Task.Yield();
        }

        await chain.Anvil.MineAsync();
        var receipt = await paying.WaitAsync(Limit);
        Assert.NotEqual(first, $"0x{receipt.Transaction}");
        Assert.Equal(TokenAmount.FromBaseUnits(7), await chain.Token.BalanceAsync(chain.Other.Address));
    }

    [EthereumFact]
    public async Task A_base_fee_that_outgrew_the_offer_is_met()
    {
        await using var chain = await AnvilToken.StartAsync(options => options.StuckAfter = TimeSpan.FromMilliseconds(100));
        await chain.Anvil.SetAutomineAsync(false);
        var paying = chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder).AsTask();
        var first = (await InPoolAsync(chain.Anvil, 1)).Single();
        var started = Stopwatch.GetTimestamp();
        while (!paying.IsCompleted && Stopwatch.GetElapsedTime(started) < Limit)
        {
            // anvil forgets what cannot pay the base fee when it makes a block.
            await chain.Anvil.SetNextBaseFeeAsync(30_000_000_000);
            await chain.Anvil.MineAsync();
        }

        Assert.NotEqual(first, $"0x{(await paying.WaitAsync(Limit)).Transaction}");
        Assert.Equal(TokenAmount.FromBaseUnits(7), await chain.Token.BalanceAsync(chain.Other.Address));
    }

    [EthereumFact]
    public async Task An_operation_that_the_node_dropped_is_sent_again()
    {
        await using var chain = await AnvilToken.StartAsync();
        await chain.Anvil.SetAutomineAsync(false);
        var paying = chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder).AsTask();
        var dropped = (await InPoolAsync(chain.Anvil, 1)).Single();
        await chain.Anvil.DropTransactionAsync(dropped);
        await InPoolAsync(chain.Anvil, 1);
        await chain.Anvil.MineAsync();
        Assert.Equal(dropped, $"0x{(await paying.WaitAsync(Limit)).Transaction}");
    }

    [EthereumFact]
    public async Task An_operation_that_a_reorganisation_took_back_is_sent_again_and_becomes_final()
    {
        await using var chain = await AnvilToken.StartAsync();
        var receipt = await chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder);
        var becoming = chain.Ledger.FinalAsync(receipt).AsTask();
        await chain.Anvil.SetAutomineAsync(false);
        await chain.Anvil.ReorganizeAsync(1);
        Assert.Equal(TokenAmount.Zero, await chain.Token.BalanceAsync(chain.Other.Address));
        await InPoolAsync(chain.Anvil, 1);
        Assert.False(becoming.IsCompleted);
        await chain.Anvil.MineAsync(5);
        await becoming.WaitAsync(Limit);
        Assert.Equal(TokenAmount.FromBaseUnits(7), await chain.Token.BalanceAsync(chain.Other.Address, LedgerView.Final));
    }

    [EthereumFact]
    public async Task An_operation_whose_nonce_another_one_took_after_a_reorganisation_is_not_final()
    {
        await using var chain = await AnvilToken.StartAsync();
        var receipt = await chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder);
        await chain.Anvil.SetAutomineAsync(false);
        await chain.Anvil.ReorganizeAsync(1);
        var ours = (await InPoolAsync(chain.Anvil, 1)).Single();
        var becoming = chain.Ledger.FinalAsync(receipt).AsTask();

        // Somebody else who has the key offers more for the same nonce.
        await chain.Anvil.CallAsync("eth_sendTransaction", new
        {
            from = chain.Holder.Address.ToString(),
            to = chain.Holder.Address.ToString(),
            nonce = "0x1",
            maxFeePerGas = "0x2540be4000",
            maxPriorityFeePerGas = "0x2540be400",
        });
        await chain.Anvil.MineAsync(5);
        var failed = await Assert.ThrowsAsync<LedgerException>(() => becoming.WaitAsync(Limit));
        Assert.Equal(LedgerFailure.Reorganized, failed.Reason);
        Assert.NotEmpty(ours);
    }

    [EthereumFact]
    public async Task A_receipt_of_another_process_becomes_final_or_is_gone()
    {
        await using var chain = await AnvilToken.StartAsync();
        var kept = await chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder);
        await chain.Anvil.MineAsync(3);
        await using var other = await EthereumLedger.ConnectAsync(AnvilToken.Options(chain.Anvil));
        await other.FinalAsync(kept);

        var lost = kept with { Transaction = kept.BlockHash };
        var failed = await Assert.ThrowsAsync<LedgerException>(async () => await other.FinalAsync(lost));
        Assert.Equal(LedgerFailure.Reorganized, failed.Reason);
    }

    [EthereumFact]
    public async Task Who_waits_when_the_ledger_is_disposed_is_told()
    {
        await using var chain = await AnvilToken.StartAsync();
        await chain.Anvil.SetAutomineAsync(false);
        var paying = chain.Token.TransferAsync(chain.Other.Address, 7, chain.Holder).AsTask();
        await InPoolAsync(chain.Anvil, 1);
        await chain.Ledger.DisposeAsync();
        Assert.Equal(LedgerFailure.Stopped, (await Assert.ThrowsAsync<LedgerException>(() => paying)).Reason);
    }

    /// <summary>The hashes of what waits in the pool, as soon as it is so many.</summary>
    private static async Task<IReadOnlyList<string>> InPoolAsync(Anvil anvil, int count)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var pool = (await anvil.CallAsync("txpool_content")).GetProperty("pending").EnumerateObject()
                .SelectMany(account => account.Value.EnumerateObject()).Select(waiting => waiting.Value.GetProperty("hash").GetString()!).ToList();
            if (pool.Count == count)
            {
                return pool;
            }

            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private static ulong Number(string hex) => Convert.ToUInt64(hex[2..], 16);
}
