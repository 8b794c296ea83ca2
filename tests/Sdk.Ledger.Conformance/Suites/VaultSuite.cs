using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>What the vault promises, on every ledger.</summary>
public sealed class VaultSuite
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static TheoryData<string> Ledgers => LedgerUnderTest.All;

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_deposit_can_be_made_for_another_account_and_by_permit(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (payer, other) = (world.Keys[0], world.Keys[1]);
        await world.Vault.DepositAsync(other.Address, Tokens(5), payer);
        await world.Token.ApproveAsync(world.Vault.Address, TokenAmount.Zero, payer);
        var permit = await world.Token.SignPermitAsync(payer, world.Vault.Address, Tokens(2), await world.NowAsync() + 1_000);
        await world.Vault.DepositWithPermitAsync(payer.Address, permit, payer);
        Assert.Equal(new VaultDeposit(Tokens(5), TokenAmount.Zero), await world.Vault.DepositOfAsync(other.Address));
        Assert.Equal(Tokens(2), (await world.Vault.DepositOfAsync(payer.Address)).Amount);
        Assert.Equal(Tokens(7), await world.Token.BalanceAsync(world.Vault.Address));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_permit_that_somebody_else_submitted_first_still_pays_the_deposit(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (payer, thief) = (world.Keys[0], world.Keys[1]);
        await world.Token.ApproveAsync(world.Vault.Address, TokenAmount.Zero, payer);
        var permit = await world.Token.SignPermitAsync(payer, world.Vault.Address, Tokens(2), await world.NowAsync() + 1_000);
        await world.Token.PermitAsync(permit, thief);
        await world.Vault.DepositWithPermitAsync(payer.Address, permit, payer);
        Assert.Equal(Tokens(2), (await world.Vault.DepositOfAsync(payer.Address)).Amount);
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_cashed_cheque_credits_a_deposit_on_which_its_owner_draws_in_turn(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (first, second, third) = (world.Keys[0], world.Keys[1], world.Keys[2]);
        await world.Vault.DepositAsync(first.Address, Tokens(10), first);
        var receipt = await CashAsync(world, first, second, 4);
        Assert.Contains(receipt.Events, told => told.Is(VaultAbi.ChequeCashed) && told.TopicAddress(0) == first.Address && told.TopicAddress(1) == second.Address);
        await CashAsync(world, second, third, 3);
        await CashAsync(world, first, second, 6);
        Assert.Equal(Tokens(4), (await world.Vault.DepositOfAsync(first.Address)).Amount);
        Assert.Equal(Tokens(3), (await world.Vault.DepositOfAsync(second.Address)).Amount);
        Assert.Equal(Tokens(3), (await world.Vault.DepositOfAsync(third.Address)).Amount);
        await world.Vault.CashOutAsync(second.Address, Cheque(world, first, second, 7), second);
        Assert.Equal(Tokens(1_001), await world.Token.BalanceAsync(second.Address));
        Assert.Equal(Tokens(7), (await world.Vault.BookOfAsync(first.Address, second.Address)).PaidOut);
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task What_is_no_good_cheque_is_refused_by_name(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (issuer, beneficiary) = (world.Keys[0], world.Keys[1]);
        await world.Vault.DepositAsync(issuer.Address, Tokens(10), issuer);
        await CashAsync(world, issuer, beneficiary, 4);
        await LedgerUnderTest.RefusedAsync("ChequeAlreadyCashed", () => CashAsync(world, issuer, beneficiary, 4));
        await LedgerUnderTest.RefusedAsync("ChequeAlreadyCashed", () => CashAsync(world, issuer, beneficiary, 3));
        var good = Cheque(world, issuer, beneficiary, 5);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => world.Vault.CashChequeAsync(beneficiary.Address, good with { CumulativePayout = Tokens(6) }, beneficiary));
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => world.Vault.CashChequeAsync(world.Keys[2].Address, good, beneficiary));
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => world.Vault.CashOutAsync(issuer.Address, good, world.Keys[2]));
        var foreign = new ChequeDomain(world.Ledger.ChainId + 1, world.Vault.Address).Sign(new Cheque(issuer.Address, beneficiary.Address, Tokens(5)), issuer);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => world.Vault.CashChequeAsync(beneficiary.Address, good with { Signature = foreign.Signature }, beneficiary));
        await LedgerUnderTest.RefusedAsync("OwnCheque", () => CashAsync(world, issuer, issuer, 1));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task What_cannot_be_paid_is_on_record_until_it_is_made_good(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (issuer, beneficiary) = (world.Keys[0], world.Keys[1]);
        await world.Vault.DepositAsync(issuer.Address, Tokens(10), issuer);
        await CashAsync(world, issuer, beneficiary, 15);
        var evidence = world.Ledger.Module<EvidenceContract>();
        Assert.Equal(new VaultBook(Tokens(10), TokenAmount.Zero, Tokens(5)), await world.Vault.BookOfAsync(issuer.Address, beneficiary.Address));
        Assert.Equal((Tokens(5), 1UL), ((await evidence.StandingAsync(issuer.Address)).Outstanding, (await evidence.StandingAsync(issuer.Address)).BouncesOpen));
        await LedgerUnderTest.RefusedAsync("NoCover", () => CashAsync(world, issuer, beneficiary, 15));

        // The issuer tops up and has its own cheque cashed for the other side.
        await world.Vault.DepositAsync(issuer.Address, Tokens(6), issuer);
        await world.Vault.CashChequeAsync(beneficiary.Address, Cheque(world, issuer, beneficiary, 15), issuer);
        Assert.Equal(new VaultBook(Tokens(15), TokenAmount.Zero, TokenAmount.Zero), await world.Vault.BookOfAsync(issuer.Address, beneficiary.Address));
        Assert.Equal((TokenAmount.Zero, 0UL), ((await evidence.StandingAsync(issuer.Address)).Outstanding, (await evidence.StandingAsync(issuer.Address)).BouncesOpen));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_batch_passes_over_what_was_cashed_meanwhile(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var beneficiary = world.Keys[3];
        foreach (var issuer in world.Keys.Take(3))
        {
            await world.Vault.DepositAsync(issuer.Address, Tokens(10), issuer);
        }

        List<VaultCheque> batch = [.. world.Keys.Take(3).Select(issuer => Cheque(world, issuer, beneficiary, 2))];
        await CashAsync(world, world.Keys[1], beneficiary, 2);
        await world.Vault.CashBatchAsync(beneficiary.Address, batch, beneficiary);
        Assert.Equal(Tokens(6), (await world.Vault.DepositOfAsync(beneficiary.Address)).Amount);
        await LedgerUnderTest.RefusedAsync("NothingToCash", () => world.Vault.CashBatchAsync(beneficiary.Address, batch, beneficiary));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_hard_deposit_is_its_beneficiarys_alone(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (issuer, trusted, other) = (world.Keys[0], world.Keys[1], world.Keys[2]);
        await world.Vault.DepositAsync(issuer.Address, Tokens(10), issuer);
        await world.Vault.IncreaseHardDepositAsync(trusted.Address, Tokens(6), issuer);
        await LedgerUnderTest.RefusedAsync("InsufficientDeposit", () => world.Vault.IncreaseHardDepositAsync(trusted.Address, Tokens(5), issuer));
        Assert.Equal(Tokens(4), await world.Vault.CoverAsync(issuer.Address, other.Address));
        await CashAsync(world, issuer, other, 10);
        Assert.Equal(Tokens(6), (await world.Vault.BookOfAsync(issuer.Address, other.Address)).Missing);
        Assert.Equal(Tokens(6), await world.Vault.CoverAsync(issuer.Address, trusted.Address));
        await CashAsync(world, issuer, trusted, 6);
        Assert.Equal(Tokens(6), (await world.Vault.DepositOfAsync(trusted.Address)).Amount);
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_decrease_takes_what_a_cash_out_between_announcement_and_decrease_has_left(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (issuer, beneficiary) = (world.Keys[0], world.Keys[1]);
        await world.Vault.DepositAsync(issuer.Address, Tokens(10), issuer);
        await world.Vault.IncreaseHardDepositAsync(beneficiary.Address, Tokens(6), issuer);
        await world.Vault.RequestHardDepositDecreaseAsync(beneficiary.Address, Tokens(5), issuer);
        Assert.Equal(Tokens(5), await world.Vault.CoverAsync(issuer.Address, beneficiary.Address));
        await LedgerUnderTest.RefusedAsync("TooEarly", () => world.Vault.DecreaseHardDepositAsync(beneficiary.Address, issuer));
        await CashAsync(world, issuer, beneficiary, 4);
        await world.AdvanceAsync(Day);
        await world.Vault.DecreaseHardDepositAsync(beneficiary.Address, issuer);
        Assert.Equal(new VaultDeposit(Tokens(6), TokenAmount.Zero), await world.Vault.DepositOfAsync(issuer.Address));
        await LedgerUnderTest.RefusedAsync("NothingRequested", () => world.Vault.DecreaseHardDepositAsync(beneficiary.Address, issuer));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_withdrawal_waits_a_day_counts_as_no_cover_and_gives_way_to_cheques(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (issuer, beneficiary) = (world.Keys[0], world.Keys[1]);
        await world.Vault.DepositAsync(issuer.Address, Tokens(10), issuer);
        await world.Vault.RequestWithdrawalAsync(Tokens(8), issuer);
        Assert.Equal(Tokens(2), await world.Vault.CoverAsync(issuer.Address, beneficiary.Address));
        await LedgerUnderTest.RefusedAsync("TooEarly", () => world.Vault.WithdrawAsync(issuer.Address, issuer));
        await CashAsync(world, issuer, beneficiary, 7);
        await world.AdvanceAsync(Day);
        await world.Vault.WithdrawAsync(issuer.Address, issuer);
        Assert.Equal(Tokens(1_000 - 10 + 3), await world.Token.BalanceAsync(issuer.Address));
        Assert.Equal(TokenAmount.Zero, (await world.Vault.DepositOfAsync(issuer.Address)).Amount);
    }

    private static TokenAmount Tokens(ulong tokens) => TokenAmount.FromTokens(tokens);

    private static VaultCheque Cheque(LedgerUnderTest world, KeyPair issuer, KeyPair beneficiary, ulong tokens) => new(
        issuer.Address, Tokens(tokens), new ChequeDomain(world.Ledger.ChainId, world.Vault.Address).Sign(new Cheque(issuer.Address, beneficiary.Address, Tokens(tokens)), issuer).Signature);

    private static ValueTask<LedgerReceipt> CashAsync(LedgerUnderTest world, KeyPair issuer, KeyPair beneficiary, ulong tokens) =>
        world.Vault.CashChequeAsync(beneficiary.Address, Cheque(world, issuer, beneficiary, tokens), beneficiary);
}
