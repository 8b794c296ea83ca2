using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Persistence;
using Sdk.Core.Tests.Networking;
using Sdk.Core.Tests.Persistence;

namespace Sdk.Core.Tests.Payments;

/// <summary>Transfers between two embedded ledgers, with a clock that the test moves.</summary>
public sealed class HashLockTransferTests : IAsyncLifetime, IDisposable
{
    private static readonly TokenAmount Coins = 1_000_000;

    private readonly ManualTimeProvider _clock = new();
    private readonly KeyPair _initiator = KeyPair.GenerateTestOnly();
    private readonly KeyPair _responder = KeyPair.GenerateTestOnly();
    private readonly TemporaryDirectory _folder = new();
    private EmbeddedLedger _first = null!;
    private EmbeddedLedger _second = null!;
    private DataDirectory _initiatorFiles = null!;
    private DataDirectory _responderFiles = null!;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(20);

    private static TransferTiming Timing { get; } = new(LedgerTiming.Embedded, LedgerTiming.Embedded, TimeSpan.FromMinutes(2), TimeSpan.FromHours(4));

    public Task InitializeAsync()
    {
        (_first, _second) = (OpenLedger(), OpenLedger());
        (_initiatorFiles, _responderFiles) = (DataDirectory.Open(_folder["initiator"]), DataDirectory.Open(_folder["responder"]));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        _initiatorFiles.Dispose();
        _responderFiles.Dispose();
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Both_sides_have_what_was_agreed_at_the_end(bool isBurned)
    {
        var quote = Quote(isBurned);
        await using var initiator = await HashLockTransfer.InitiateAsync(quote, Timing, OptionsOf(_initiator, _initiatorFiles));
        await using var responder = await HashLockTransfer.RespondAsync(quote, initiator.Proposal, Timing, OptionsOf(_responder, _responderFiles));

        await EndAsync(TransferOutcome.Completed, initiator, responder);
        Assert.Equal(Coins - 300, await _first.BalanceAsync(_initiator.Address));
        Assert.Equal(Coins + 200, await _second.BalanceAsync(_initiator.Address));
        Assert.Equal(Coins - 200, await _second.BalanceAsync(_responder.Address));
        Assert.Equal(isBurned ? Coins : Coins + 300, await _first.BalanceAsync(_responder.Address));
        Assert.Equal<TokenAmount>(isBurned ? 300UL : 0UL, await _first.BalanceAsync(HashLocksContract.Burn));
        Assert.Empty(HashLockTransfer.Unfinished(_initiatorFiles));
    }

    [Fact]
    public async Task The_proposal_is_told_by_itself_once_the_first_lock_is_there_and_the_secret_after_it()
    {
        var quote = Quote();
        HashLockTransfer? responder = null;
        var responderOptions = OptionsOf(_responder, _responderFiles);
        var options = OptionsOf(_initiator, _initiatorFiles);
        options.Tell = async (message, cancellationToken) =>
        {
            if (responder is { } begun)
            {
                begun.Receive(message);
            }
            else
            {
                responder = await HashLockTransfer.RespondAsync(quote, message, Timing, responderOptions, cancellationToken);
            }
        };
        await using var initiator = await HashLockTransfer.InitiateAsync(quote, Timing, options);
        await WhenAsync(() => ValueTask.FromResult(responder is not null), initiator);
        await EndAsync(TransferOutcome.Completed, initiator, responder!);
        await responder!.DisposeAsync();
    }

    [Fact]
    public async Task Where_nobody_responds_the_initiator_has_its_coins_back()
    {
        await using var initiator = await HashLockTransfer.InitiateAsync(Quote(), Timing, OptionsOf(_initiator, _initiatorFiles));
        await EndAsync(TransferOutcome.Refunded, initiator);
        Assert.Equal(Coins, await _first.BalanceAsync(_initiator.Address));
        Assert.True(_clock.GetUtcNow() >= DateTimeOffset.FromUnixTimeSeconds((long)initiator.Terms.FirstDeadline));
    }

    [Fact]
    public async Task A_side_that_stopped_goes_on_from_its_record()
    {
        var quote = Quote();
        var initiator = await HashLockTransfer.InitiateAsync(quote, Timing, OptionsOf(_initiator, _initiatorFiles));
        await WhenAsync(async () => (await _first.HeadAsync()).Number >= 1, initiator);
        await initiator.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => initiator.Completion);

        await using var responder = await HashLockTransfer.RespondAsync(quote, initiator.Proposal, Timing, OptionsOf(_responder, _responderFiles));
        await WhenAsync(async () => (await _second.HeadAsync()).Number >= 1, responder);
        var (role, terms) = Assert.Single(HashLockTransfer.Unfinished(_initiatorFiles));
        await using var again = HashLockTransfer.Resume(role, terms.SecretHash, OptionsOf(_initiator, _initiatorFiles));
        await EndAsync(TransferOutcome.Completed, again, responder);
        Assert.Equal(Coins + 200, await _second.BalanceAsync(_initiator.Address));
    }

    [Fact]
    public async Task An_initiator_that_never_returns_costs_the_responder_nothing_and_has_its_own_back()
    {
        var quote = Quote();
        var initiator = await HashLockTransfer.InitiateAsync(quote, Timing, OptionsOf(_initiator, _initiatorFiles));
        await WhenAsync(async () => (await _first.HeadAsync()).Number >= 1, initiator);
        await initiator.DisposeAsync();
        await using var responder = await HashLockTransfer.RespondAsync(quote, initiator.Proposal, Timing, OptionsOf(_responder, _responderFiles));
        await EndAsync(TransferOutcome.Refunded, responder);
        Assert.Equal(Coins, await _second.BalanceAsync(_responder.Address));
        Assert.Equal(Coins, await _first.BalanceAsync(_initiator.Address));
    }

    [Fact]
    public async Task A_responder_that_never_returns_has_what_it_paid_for()
    {
        var quote = Quote();
        await using var initiator = await HashLockTransfer.InitiateAsync(quote, Timing, OptionsOf(_initiator, _initiatorFiles));
        var responder = await HashLockTransfer.RespondAsync(quote, initiator.Proposal, Timing, OptionsOf(_responder, _responderFiles));
        await WhenAsync(async () => (await _second.HeadAsync()).Number >= 1, initiator, responder);
        await responder.DisposeAsync();
        await EndAsync(TransferOutcome.Completed, initiator);
        Assert.Equal(Coins + 300, await _first.BalanceAsync(_responder.Address));
    }

    [Fact]
    public async Task Other_terms_than_agreed_are_refused_by_name()
    {
        var quote = Quote();
        await using var initiator = await HashLockTransfer.InitiateAsync(quote, Timing, OptionsOf(_initiator, _initiatorFiles));
        var cheaper = quote with { Second = quote.Second with { Amount = 100 } };
        var options = OptionsOf(_responder, _responderFiles);
        var refused = await Assert.ThrowsAsync<TransferRefusedException>(async () => await HashLockTransfer.RespondAsync(cheaper, initiator.Proposal, Timing, options));
        Assert.Equal(TransferFault.OtherTerms, refused.Fault);
        var strict = new TransferTiming(LedgerTiming.Ethereum, LedgerTiming.Ethereum, TimeSpan.FromMinutes(2), TimeSpan.FromDays(1));
        refused = await Assert.ThrowsAsync<TransferRefusedException>(async () => await HashLockTransfer.RespondAsync(quote, initiator.Proposal, strict, options));
        Assert.Equal(TransferFault.GapTooShort, refused.Fault);
    }

    /// <summary>Moves the clock, each time until everybody has looked again, until something holds.</summary>
    private async Task WhenAsync(Func<ValueTask<bool>> holds, params HashLockTransfer[] transfers)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            var looks = transfers.Select(transfer => transfer.Looks).ToArray();
            _clock.Advance(PollInterval);
            while (transfers.Where((transfer, i) => !transfer.Completion.IsCompleted && transfer.Looks == looks[i]).Any())
            {
                await Task.Delay(1, limit.Token);
            }

            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task EndAsync(TransferOutcome outcome, params HashLockTransfer[] transfers)
    {
        await WhenAsync(() => ValueTask.FromResult(transfers.All(transfer => transfer.Completion.IsCompleted)), transfers);
        foreach (var transfer in transfers)
        {
            Assert.Equal(outcome, await transfer.Completion);
        }
    }

    private EmbeddedLedger OpenLedger()
    {
        var options = new EmbeddedLedgerOptions { TimeProvider = _clock };
        options.Coins[_initiator.Address] = Coins;
        options.Coins[_responder.Address] = Coins;
        options.Modules.Add(new HashLocksModule());
        return EmbeddedLedger.OpenInMemory(options);
    }

    private TransferQuote Quote(bool isBurned = false) => new(
        new TransferLeg(_first.ChainId, _first.Module<HashLocksContract>().Address, default, 300, _initiator.Address, isBurned ? HashLocksContract.Burn : _responder.Address),
        new TransferLeg(_second.ChainId, _second.Module<HashLocksContract>().Address, default, 200, _responder.Address, _initiator.Address));

    private HashLockTransferOptions OptionsOf(KeyPair signer, DataDirectory directory) => new()
    {
        First = _first,
        Second = _second,
        FirstSigner = signer,
        SecondSigner = signer,
        Directory = directory,
        TimeProvider = _clock,
        PollInterval = PollInterval,
    };
}
