using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>What the escrow promises, on every ledger.</summary>
public sealed class EscrowSuite
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static TheoryData<string> Ledgers => LedgerUnderTest.All;

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task Vouchers_pay_the_provider_and_the_shares_and_the_rest_goes_back(string kind)
    {
        await using var world = await StartAsync(kind);
        var (buyer, provider, developer) = (world.Keys[0], world.Keys[1], world.Keys[2]);
        var escrow = world.Ledger.Module<EscrowContract>();
        var terms = Terms(world) with { Developer = developer.Address, DeveloperShare = 1_000 };
        var receipt = await escrow.LockAsync(terms, Tokens(10), await InAsync(world, Hour), buyer);
        Assert.Contains(receipt.Events, told => told.Is(EscrowAbi.Locked) && told.Topics[1] == terms.TradeId());
        await SettleAsync(world, terms, 3);
        await SettleAsync(world, terms, 4, isLast: true);
        Assert.Equal(Tokens(1_003) + Part(6), await world.Token.BalanceAsync(provider.Address));
        Assert.Equal(Tokens(996), await world.Token.BalanceAsync(buyer.Address));
        Assert.Equal(Part(4), await escrow.OwedAsync(developer.Address));
        await escrow.CollectAsync(developer);
        Assert.Equal(Tokens(1_000) + Part(4), await world.Token.BalanceAsync(developer.Address));
        Assert.Equal(EscrowState.Closed, (await escrow.TradeAsync(terms.TradeId())).State);
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task What_is_no_good_voucher_is_refused_by_name(string kind)
    {
        await using var world = await StartAsync(kind);
        var (buyer, provider) = (world.Keys[0], world.Keys[1]);
        var escrow = world.Ledger.Module<EscrowContract>();
        var terms = Terms(world);
        await LedgerUnderTest.RefusedAsync("TradeNotLive", () => SettleAsync(world, terms, 1));
        await escrow.LockAsync(terms, Tokens(10), await InAsync(world, Hour), buyer);
        await SettleAsync(world, terms, 4);
        await LedgerUnderTest.RefusedAsync("NothingToPay", () => SettleAsync(world, terms, 4));
        var voucher = new EscrowVoucher(terms.TradeId(), Tokens(5));
        var good = voucher.Sign(world.Ledger.ChainId, escrow.Address, buyer);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => escrow.SettleAsync(terms, Tokens(6), false, good, provider));
        await LedgerUnderTest.RefusedAsync("NotProvider", () => escrow.SettleAsync(terms, Tokens(5), false, good, buyer));
        var foreign = voucher.Sign(world.Ledger.ChainId + 1, escrow.Address, buyer);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => escrow.SettleAsync(terms, Tokens(5), false, foreign, provider));
        var own = voucher.Sign(world.Ledger.ChainId, escrow.Address, provider);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => escrow.SettleAsync(terms, Tokens(5), false, own, provider));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task The_buyer_has_the_rest_back_after_the_dispute_window(string kind)
    {
        await using var world = await StartAsync(kind);
        var buyer = world.Keys[0];
        var escrow = world.Ledger.Module<EscrowContract>();
        var terms = Terms(world);
        await escrow.LockAsync(terms, Tokens(10), await InAsync(world, Hour), buyer);
        await world.AdvanceAsync(Hour * 1.5);
        await LedgerUnderTest.RefusedAsync("TooEarly", () => escrow.RefundAsync(terms, buyer));
        await SettleAsync(world, terms, 2);
        await world.AdvanceAsync(Hour);
        await LedgerUnderTest.RefusedAsync("TradeOver", () => SettleAsync(world, terms, 3));
        await escrow.RefundAsync(terms, buyer);
        Assert.Equal(Tokens(998), await world.Token.BalanceAsync(buyer.Address));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_late_top_up_and_the_trade_are_on_record_and_each_side_rates_once(string kind)
    {
        await using var world = await StartAsync(kind);
        var (buyer, provider) = (world.Keys[0], world.Keys[1]);
        var escrow = world.Ledger.Module<EscrowContract>();
        var evidence = world.Ledger.Module<EvidenceContract>();
        var terms = Terms(world);
        await escrow.LockAsync(terms, Tokens(10), await InAsync(world, Hour), buyer);
        await world.AdvanceAsync(Hour * 1.5);
        await escrow.RollAsync(terms, Tokens(1), await InAsync(world, 2 * Hour), buyer);
        await LedgerUnderTest.RefusedAsync("TradeNotClosed", () => escrow.RateAsync(terms, 90, default, buyer));
        await SettleAsync(world, terms, 11, isLast: true);
        await escrow.RateAsync(terms, 90, Hash256.Sha256("details"u8), buyer);
        await escrow.RateAsync(terms, 70, default, provider);
        await LedgerUnderTest.RefusedAsync("AlreadyRated", () => escrow.RateAsync(terms, 10, default, buyer));
        await LedgerUnderTest.RefusedAsync("NotParty", () => escrow.RateAsync(terms, 10, default, world.Keys[3]));
        var (paid, served) = (await evidence.StandingAsync(buyer.Address), await evidence.StandingAsync(provider.Address));
        Assert.Equal((1UL, 1UL, Tokens(1), Tokens(11), 70.0), (paid.SettlementsPaid, paid.LatePayments, paid.LateVolume, paid.VolumePaid, paid.RatingMean));
        Assert.Equal((1UL, Tokens(11), 1UL, 90.0), (served.SettlementsReceived, served.VolumeReceived, served.Ratings, served.RatingMean));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task Both_sides_end_a_trade_together_or_the_provider_lets_go(string kind)
    {
        await using var world = await StartAsync(kind);
        var (buyer, provider) = (world.Keys[0], world.Keys[1]);
        var escrow = world.Ledger.Module<EscrowContract>();
        var (first, second) = (Terms(world), Terms(world) with { Agreement = Hash256.Sha256("another agreement"u8) });
        await escrow.LockAsync(first, Tokens(10), await InAsync(world, Hour), buyer);
        await escrow.LockAsync(second, Tokens(10), await InAsync(world, Hour), buyer);
        var consent = new EscrowVoucher(first.TradeId(), Tokens(3)).SignClose(world.Ledger.ChainId, escrow.Address, provider);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => escrow.CloseAsync(first, Tokens(2), consent, buyer));
        await escrow.CloseAsync(first, Tokens(3), consent, buyer);
        await LedgerUnderTest.RefusedAsync("NotProvider", () => escrow.ReleaseAsync(second, buyer));
        await escrow.ReleaseAsync(second, provider);
        await escrow.CollectAsync(provider);
        Assert.Equal((Tokens(997), Tokens(1_003)), (await world.Token.BalanceAsync(buyer.Address), await world.Token.BalanceAsync(provider.Address)));
        await LedgerUnderTest.RefusedAsync("TradeExists", async () => await escrow.LockAsync(first, Tokens(1), await InAsync(world, Hour), buyer));
    }

    private static TokenAmount Tokens(ulong tokens) => TokenAmount.FromTokens(tokens);

    /// <summary>So many tenths of a token.</summary>
    private static TokenAmount Part(ulong tenths) => TokenAmount.FromTokens(tenths).Divide(10, TokenRounding.Down);

    private static async Task<LedgerUnderTest> StartAsync(string kind)
    {
        var world = await LedgerUnderTest.StartAsync(kind);
        foreach (var key in world.Keys)
        {
            await world.Token.ApproveAsync(world.Contracts["Escrow"], TokenAmount.MaxValue, key);
        }

        return world;
    }

    private static EscrowTerms Terms(LedgerUnderTest world) => new()
    {
        Agreement = Hash256.Sha256("an agreement"u8),
        Buyer = world.Keys[0].Address,
        Provider = world.Keys[1].Address,
        DisputeWindowSeconds = 3_600,
    };

    private static async Task<DateTimeOffset> InAsync(LedgerUnderTest world, TimeSpan time) =>
        DateTimeOffset.FromUnixTimeSeconds((long)await world.NowAsync()) + time;

    private static ValueTask<LedgerReceipt> SettleAsync(LedgerUnderTest world, EscrowTerms terms, ulong tokens, bool isLast = false)
    {
        var escrow = world.Ledger.Module<EscrowContract>();
        var signature = new EscrowVoucher(terms.TradeId(), Tokens(tokens)).Sign(world.Ledger.ChainId, escrow.Address, world.Keys[0]);
        return escrow.SettleAsync(terms, Tokens(tokens), isLast, signature, world.Keys[1]);
    }
}
