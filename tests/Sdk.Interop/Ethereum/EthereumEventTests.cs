using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Interop.Ethereum;

/// <summary>Events of a real node, across reorganisations.</summary>
public sealed class EthereumEventTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [EthereumFact]
    public async Task Events_of_old_and_young_blocks_come_once_each_in_order()
    {
        await using var chain = await AnvilToken.StartAsync(options => options.EventRangeBlocks = 2);
        for (ulong i = 1; i <= 9; i++)
        {
            await chain.Token.TransferAsync(chain.Other.Address, i, chain.Holder);
        }

        await chain.Token.ApproveAsync(chain.Other.Address, 1, chain.Holder);
        var last = await chain.Anvil.BlockNumberAsync();
        var transfers = await ListAsync(chain, new LedgerEventFilter { Kinds = [TokenAbi.Transferred.Topic], FromBlock = 2, ToBlock = last });
        Assert.Equal(Enumerable.Range(1, 9).Select(i => TokenAmount.FromBaseUnits((UInt128)i)), transfers.Select(AmountOf));
        var all = await ListAsync(chain, new LedgerEventFilter { Contracts = [chain.Token.Address], ToBlock = last });
        Assert.Equal(11, all.Count);
        Assert.True(all[^1].Is(TokenAbi.Approval));
        Assert.Empty(await ListAsync(chain, new LedgerEventFilter { Contracts = [chain.Other.Address], ToBlock = last }));
    }

    [EthereumFact]
    public async Task Events_come_as_they_happen()
    {
        await using var chain = await AnvilToken.StartAsync();
        await using var events = chain.Ledger.EventsAsync(new LedgerEventFilter { Kinds = [TokenAbi.Transferred.Topic], FromBlock = 2 }).GetAsyncEnumerator();
        for (ulong i = 1; i <= 8; i++)
        {
            await chain.Token.TransferAsync(chain.Other.Address, i, chain.Holder);
            Assert.Equal(TokenAmount.FromBaseUnits(i), AmountOf(await NextAsync(events)));
        }
    }

    [EthereumFact]
    public async Task Events_that_a_reorganisation_took_back_come_again_as_removed_and_then_as_the_chain_has_them()
    {
        await using var chain = await AnvilToken.StartAsync(options => options.Confirmations = 6);
        await using var events = chain.Ledger.EventsAsync(new LedgerEventFilter { Kinds = [TokenAbi.Transferred.Topic], FromBlock = 2 }).GetAsyncEnumerator();
        await chain.Token.TransferAsync(chain.Other.Address, 1, chain.Holder);
        await chain.Token.TransferAsync(chain.Other.Address, 2, chain.Holder);
        await chain.Token.TransferAsync(chain.Other.Address, 3, chain.Holder);
        LedgerEvent[] first = [await NextAsync(events), await NextAsync(events), await NextAsync(events)];
        Assert.Equal("1 2 3", Amounts(first));

        // The last two blocks are replaced by empty ones; the ledger sends both operations again.
        await chain.Anvil.ReorganizeAsync(2);
        LedgerEvent[] removed = [await NextAsync(events), await NextAsync(events)];
        Assert.Equal(new[] { first[2] with { IsRemoved = true }, first[1] with { IsRemoved = true } }, removed, Same);
        LedgerEvent[] again = [await NextAsync(events), await NextAsync(events)];
        Assert.Equal("2 3", Amounts(again));
        Assert.All(again, told => Assert.False(told.IsRemoved));
        Assert.All(again.Zip(first[1..]), pair => Assert.NotEqual(pair.First.BlockHash, pair.Second.BlockHash));
        Assert.Equal(TokenAmount.FromBaseUnits(6), await chain.Token.BalanceAsync(chain.Other.Address));
    }

    private static bool Same(LedgerEvent left, LedgerEvent right) =>
        left.Transaction == right.Transaction && left.BlockHash == right.BlockHash && left.Index == right.Index && left.IsRemoved == right.IsRemoved;

    private static string Amounts(IEnumerable<LedgerEvent> transfers) => string.Join(' ', transfers.Select(AmountOf));

    private static TokenAmount AmountOf(LedgerEvent transfer) => new AbiReader(transfer.Data.Span).ReadAmount();

    private static async Task<LedgerEvent> NextAsync(IAsyncEnumerator<LedgerEvent> events) =>
        await events.MoveNextAsync().AsTask().WaitAsync(Limit) ? events.Current : throw new InvalidOperationException("The events ended.");

    private static async Task<List<LedgerEvent>> ListAsync(AnvilToken chain, LedgerEventFilter filter)
    {
        using var limit = new CancellationTokenSource(Limit);
        var list = new List<LedgerEvent>();
        await foreach (var told in chain.Ledger.EventsAsync(filter, limit.Token))
        {
            list.Add(told);
        }

        return list;
    }
}
