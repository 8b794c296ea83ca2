using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Tests.Networking;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Core.Tests.Ledger.Embedded;

public sealed class EmbeddedLedgerTests
{
    private readonly KeyPair _key = KeyPair.GenerateTestOnly();
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task An_operation_is_included_and_its_event_is_told()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var receipt = await GrowAsync(ledger, 5);
        var told = Assert.Single(receipt.Events);
        Assert.True(told.Is(TallyModule.Grew));
        Assert.Equal((_key.Address, receipt.BlockHash, receipt.Transaction), (told.TopicAddress(0), told.BlockHash, told.Transaction));
        Assert.Equal(5UL, await TallyAsync(ledger));
        Assert.Equal((1UL, 1UL), ((await ledger.HeadAsync()).Number, await ledger.NonceAsync(_key.Address)));
    }

    [Fact]
    public async Task An_operation_that_reverts_says_why()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        ledger.Module<Tally>();
        var revert = await Assert.ThrowsAsync<LedgerRevertException>(async () =>
            await ledger.SubmitAsync(CallOf(ledger, TallyModule.GrowAndFail, new AbiWriter().Add(1)), _key));
        Assert.Equal("TooGreat", revert.ErrorName);
        Assert.Equal(0UL, await TallyAsync(ledger));
    }

    [Fact]
    public async Task A_thousand_operations_at_once_keep_the_order_of_their_account_and_share_blocks()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var receipts = await Task.WhenAll(Enumerable.Range(1, 1000).Select(_ => GrowAsync(ledger, 1).AsTask()));
        Assert.Equal(1000UL, await TallyAsync(ledger));
        Assert.Equal(Enumerable.Range(1, 1000).Select(value => (ulong)value), receipts.Select(receipt => Value(receipt.Events[0])));
        Assert.True((await ledger.HeadAsync()).Number < 1000);
    }

    [Fact]
    public async Task An_operation_signed_elsewhere_counts_once()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var signed = LedgerOperation.Sign(CallOf(ledger, TallyModule.Grow, new AbiWriter().Add(2)), nonce: 0, ledger.ChainId, _key);
        await ledger.SubmitSignedAsync(signed.Encoded);
        var again = await Assert.ThrowsAsync<LedgerException>(async () => await ledger.SubmitSignedAsync(signed.Encoded));
        Assert.Equal(LedgerFailure.Nonce, again.Reason);
        Assert.Equal(2UL, await TallyAsync(ledger));
    }

    [Fact]
    public async Task An_operation_for_another_chain_is_refused()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var signed = LedgerOperation.Sign(CallOf(ledger, TallyModule.Grow, new AbiWriter().Add(2)), nonce: 0, ledger.ChainId ^ 1, _key);
        var refused = await Assert.ThrowsAsync<LedgerException>(async () => await ledger.SubmitSignedAsync(signed.Encoded));
        Assert.Equal(LedgerFailure.WrongChain, refused.Reason);
    }

    [Fact]
    public async Task Coins_that_an_account_has_not_are_not_paid_and_its_next_operation_goes_through()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var pay = ledger.SubmitAsync(CallOf(ledger, TallyModule.Pay, new AbiWriter()) with { Value = 1001 }, _key).AsTask();
        var grow = GrowAsync(ledger, 1).AsTask();
        Assert.Equal(LedgerFailure.InsufficientFunds, (await Assert.ThrowsAsync<LedgerException>(() => pay)).Reason);
        await grow;
        Assert.Equal<TokenAmount>(1000, await ledger.BalanceAsync(_key.Address));
    }

    [Fact]
    public async Task A_key_that_is_gone_stops_nobody_else()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var gone = KeyPair.GenerateTestOnly();
        var address = gone.Address;
        gone.Dispose();
        var lost = ledger.SubmitAsync(CallOf(ledger, TallyModule.Grow, new AbiWriter().Add(1)), gone).AsTask();
        await GrowAsync(ledger, 1);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => lost);
        Assert.Equal(0UL, await ledger.NonceAsync(address));
    }

    [Fact]
    public async Task Whoever_follows_events_gets_the_old_ones_and_those_that_come()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        await GrowAsync(ledger, 1);
        await using var events = ledger.EventsAsync(new LedgerEventFilter { Kinds = [TallyModule.Grew.Topic] }).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(1UL, Value(events.Current));
        var next = events.MoveNextAsync();
        Assert.False(next.IsCompleted);
        await GrowAsync(ledger, 1);
        Assert.True(await next);
        Assert.Equal(2UL, Value(events.Current));
    }

    [Fact]
    public async Task Events_that_are_not_kept_any_more_are_not_passed_over_in_silence()
    {
        var options = Options();
        options.EventsKept = 2;
        await using var ledger = EmbeddedLedger.OpenInMemory(options);
        for (var round = 0; round < 4; round++)
        {
            await GrowAsync(ledger, 1);
        }

        async Task<List<ulong>> Read(ulong from)
        {
            var read = new List<ulong>();
            await foreach (var told in ledger.EventsAsync(new LedgerEventFilter { FromBlock = from, ToBlock = 4 }))
            {
                read.Add(Value(told));
            }

            return read;
        }

        Assert.Equal([3UL, 4UL], await Read(3));
        Assert.Equal(LedgerFailure.HistoryGone, (await Assert.ThrowsAsync<LedgerException>(() => Read(2))).Reason);
    }

    [Fact]
    public async Task Events_that_were_let_go_stay_gone_when_more_are_kept_later()
    {
        var (log, snapshot) = (new SimBlockFile(), new SimBlockFile());
        var few = Options();
        few.EventsKept = 2;
        await using (var ledger = EmbeddedLedger.Open(few, log, snapshot))
        {
            for (var round = 0; round < 4; round++)
            {
                await GrowAsync(ledger, 1);
            }
        }

        // A new module is deployed by a snapshot, which has what was kept until then.
        var fewAgain = Options();
        fewAgain.EventsKept = 2;
        fewAgain.Modules.Add(new TallyModule("Second"));
        await using (EmbeddedLedger.Open(fewAgain, log, snapshot))
        {
        }

        var many = Options();
        many.Modules.Add(new TallyModule("Second"));
        await using var again = EmbeddedLedger.Open(many, log, snapshot);
        await using var events = again.EventsAsync(new LedgerEventFilter { FromBlock = 2 }).GetAsyncEnumerator();
        Assert.Equal(LedgerFailure.HistoryGone, (await Assert.ThrowsAsync<LedgerException>(async () => await events.MoveNextAsync())).Reason);
    }

    [Fact]
    public async Task Contracts_see_the_time_of_the_clock_which_never_goes_back()
    {
        await using var ledger = EmbeddedLedger.OpenInMemory(Options());
        var first = (await ledger.HeadAsync()).Time;
        _clock.Advance(TimeSpan.FromMinutes(1));
        await GrowAsync(ledger, 1);
        Assert.Equal(first + TimeSpan.FromMinutes(1), (await ledger.HeadAsync()).Time);
    }

    [Fact]
    public async Task A_chain_id_is_drawn_for_every_genesis()
    {
        await using var one = EmbeddedLedger.OpenInMemory(Options());
        await using var other = EmbeddedLedger.OpenInMemory(Options());
        Assert.NotEqual(one.ChainId, other.ChainId);
        Assert.InRange(one.ChainId, 1UL, (ulong)long.MaxValue);
    }

    [Fact]
    public async Task A_ledger_is_the_same_after_it_was_opened_again()
    {
        var (log, snapshot) = (new SimBlockFile(), new SimBlockFile());
        byte[] before;
        await using (var ledger = EmbeddedLedger.Open(Options(), log, snapshot))
        {
            await GrowAsync(ledger, 5);
            await ledger.SubmitAsync(CallOf(ledger, TallyModule.Pay, new AbiWriter()) with { Value = 7 }, _key);
            before = await ledger.SnapshotAsync();
        }

        await using var again = EmbeddedLedger.Open(Options(), log, snapshot);
        Assert.Equal(before, await again.SnapshotAsync());
    }

    [Fact]
    public async Task A_log_that_fills_up_becomes_a_snapshot()
    {
        var (log, snapshot) = (new SimBlockFile(), new SimBlockFile());
        var options = Options();
        options.LogBytes = 2 * LedgerStore.BlockBytesMax;
        var ballast = new byte[100_000];
        await using (var ledger = EmbeddedLedger.Open(options, log, snapshot))
        {
            for (var round = 0; round < 100; round++)
            {
                await ledger.SubmitAsync(new LedgerCall(_key.Address, ballast), _key);
            }
        }

        await using var again = EmbeddedLedger.Open(Options(), log, snapshot);
        Assert.Equal((100UL, 100UL), ((await again.HeadAsync()).Number, await again.NonceAsync(_key.Address)));
    }

    [Fact]
    public async Task A_module_that_was_deployed_may_not_be_missing_and_a_new_one_joins()
    {
        var (log, snapshot) = (new SimBlockFile(), new SimBlockFile());
        await using (var ledger = EmbeddedLedger.Open(Options(), log, snapshot))
        {
            await GrowAsync(ledger, 5);
        }

        var missing = Assert.Throws<LedgerException>(() => EmbeddedLedger.Open(new EmbeddedLedgerOptions(), log, snapshot));
        Assert.Equal(LedgerFailure.UnknownModule, missing.Reason);

        var more = Options();
        more.Modules.Add(new TallyModule("Second"));
        await using var grown = EmbeddedLedger.Open(more, log, snapshot);
        Assert.Equal(["Tally", "Second"], grown.Deployment.Modules);
        Assert.Equal(5UL, await TallyAsync(grown));
    }

    [Fact]
    public async Task A_log_without_the_snapshot_that_it_builds_on_is_refused()
    {
        var log = new SimBlockFile();
        await using (var ledger = EmbeddedLedger.Open(Options(), log, new SimBlockFile()))
        {
            await GrowAsync(ledger, 5);
        }

        Assert.Throws<LogCorruptException>(() => EmbeddedLedger.Open(Options(), log, new SimBlockFile()));
    }

    /// <summary>The power fails at each write and sync in turn: what was acknowledged is there afterwards, and nothing is there twice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_acknowledged_survives_a_power_cut_at_any_write(int seed)
    {
        for (var cut = 1; cut < 60; cut++)
        {
            var random = new SimRandom((ulong)((seed * 1000) + cut));
            var (log, snapshot) = (new SimBlockFile(), new SimBlockFile());
            await using (var ledger = EmbeddedLedger.Open(Options(), log, snapshot))
            {
            }

            var acknowledged = 0UL;
            var submitted = 0UL;
            var ledgerThatDies = EmbeddedLedger.Open(Options(), log, snapshot);
            log.CutPowerAfter(cut);
            try
            {
                while (submitted < 40)
                {
                    submitted++;
                    await GrowAsync(ledgerThatDies, 1);
                    acknowledged++;
                }
            }
            catch (LedgerException stopped)
            {
                Assert.Equal(LedgerFailure.Stopped, stopped.Reason);
            }

            await ledgerThatDies.DisposeAsync();
            log.Crash(random);
            snapshot.Crash(random);
            await using var again = EmbeddedLedger.Open(Options(), log, snapshot);
            Assert.InRange(await TallyAsync(again), acknowledged, submitted);
        }
    }

    /// <summary>As above, while a snapshot takes the place of the log.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_was_acknowledged_survives_a_power_cut_while_the_log_becomes_a_snapshot(int cut)
    {
        var (log, snapshot) = (new SimBlockFile(), new SimBlockFile());
        var options = Options();
        options.LogBytes = 2 * LedgerStore.BlockBytesMax;
        var ledgerThatDies = EmbeddedLedger.Open(options, log, snapshot);
        snapshot.CutPowerAfter(cut);
        var acknowledged = 0UL;
        await Assert.ThrowsAsync<LedgerException>(async () =>
        {
            for (; acknowledged < 200; acknowledged++)
            {
                await ledgerThatDies.SubmitAsync(new LedgerCall(_key.Address, new byte[100_000]), _key);
            }
        });
        await ledgerThatDies.DisposeAsync();
        var random = new SimRandom((ulong)cut);
        log.Crash(random);
        snapshot.Crash(random);
        await using var again = EmbeddedLedger.Open(Options(), log, snapshot);
        Assert.InRange(await again.NonceAsync(_key.Address), acknowledged, acknowledged + 1);
    }

    private static LedgerCall CallOf(EmbeddedLedger ledger, AbiFunction function, AbiWriter arguments) =>
        new(ledger.Deployment["Tally"], arguments.ToCall(function));

    private static ulong Value(LedgerEvent told) => new AbiReader(told.Data.Span).ReadUInt64();

    private EmbeddedLedgerOptions Options() => new()
    {
        Modules = { new TallyModule() },
        Coins = { [_key.Address] = 1000 },
        TimeProvider = _clock,
    };

    private ValueTask<LedgerReceipt> GrowAsync(EmbeddedLedger ledger, ulong by) =>
        ledger.SubmitAsync(CallOf(ledger, TallyModule.Grow, new AbiWriter().Add(by)), _key);

    private async Task<ulong> TallyAsync(EmbeddedLedger ledger) =>
        new AbiReader(await ledger.QueryAsync(CallOf(ledger, TallyModule.Of, new AbiWriter().Add(_key.Address)))).ReadUInt64();

    private sealed class Tally(ILedger ledger, AccountAddress address) : ContractClient(ledger, address), IContract<Tally>
    {
        public static string ModuleName => "Tally";

        public static IReadOnlyList<AbiError> Errors => [TallyModule.TooGreat];

        public static Tally Bind(ILedger ledger, AccountAddress address) => new(ledger, address);
    }
}
