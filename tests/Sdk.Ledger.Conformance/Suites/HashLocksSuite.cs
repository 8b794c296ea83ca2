using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.HashLocks;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>What hash locks promise, on every ledger.</summary>
public sealed class HashLocksSuite
{
    private static readonly Hash256 Secret = Hash256.Sha256("a secret"u8);
    private static readonly AccountAddress Elsewhere = AccountAddress.Parse("0x00000000000000000000000000000000000abcde");

    public static TheoryData<string> Ledgers => LedgerUnderTest.All;

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task Anybody_with_the_secret_has_the_recipient_paid_once(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var locks = world.Ledger.Module<HashLocksContract>();
        var terms = await TermsAsync(world) with { Recipient = Elsewhere };
        var receipt = await locks.LockAsync(terms, world.Keys[0]);
        Assert.Equal(terms, HashLockTerms.FromEvent(Assert.Single(receipt.Events)));
        Assert.True(await locks.IsLockedAsync(terms));
        await LedgerUnderTest.RefusedAsync("AlreadyLocked", () => locks.LockAsync(terms, world.Keys[0]));
        await LedgerUnderTest.RefusedAsync("WrongSecret", () => locks.ClaimAsync(terms, terms.SecretHash, world.Keys[2]));
        await LedgerUnderTest.RefusedAsync("NotLocked", () => locks.ClaimAsync(terms with { CounterAmount = 1 }, Secret, world.Keys[2]));
        await locks.ClaimAsync(terms, Secret, world.Keys[2]);
        Assert.Equal(terms.Amount, await world.Ledger.BalanceAsync(Elsewhere));
        Assert.False(await locks.IsLockedAsync(terms));
        await LedgerUnderTest.RefusedAsync("NotLocked", () => locks.ClaimAsync(terms, Secret, world.Keys[2]));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task From_the_deadline_on_only_the_sender_can_be_paid(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var locks = world.Ledger.Module<HashLocksContract>();
        var terms = await TermsAsync(world) with { Token = world.Contracts["Token"] };
        await locks.LockAsync(terms, world.Keys[0]);
        Assert.Equal(TokenAmount.FromTokens(999), await world.Token.BalanceAsync(world.Keys[0].Address));
        await LedgerUnderTest.RefusedAsync("DeadlineNotReached", () => locks.RefundAsync(terms, world.Keys[0]));
        await world.AdvanceAsync(TimeSpan.FromHours(2));
        await LedgerUnderTest.RefusedAsync("DeadlinePassed", () => locks.ClaimAsync(terms, Secret, world.Keys[1]));
        await locks.RefundAsync(terms, world.Keys[2]);
        Assert.Equal(TokenAmount.FromTokens(1_000), await world.Token.BalanceAsync(world.Keys[0].Address));
        await LedgerUnderTest.RefusedAsync("DeadlinePassed", () => locks.LockAsync(terms, world.Keys[0]));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task What_is_locked_for_the_burn_address_can_go_nowhere_else(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var locks = world.Ledger.Module<HashLocksContract>();
        var terms = await TermsAsync(world) with { Token = world.Contracts["Token"], Recipient = HashLocksContract.Burn };
        await locks.LockAsync(terms, world.Keys[0]);
        await LedgerUnderTest.RefusedAsync("NotLocked", () => locks.ClaimAsync(terms with { Recipient = world.Keys[1].Address }, Secret, world.Keys[1]));
        await locks.ClaimAsync(terms, Secret, world.Keys[1]);
        Assert.Equal(terms.Amount, await world.Token.BalanceAsync(HashLocksContract.Burn));
    }

    private static async Task<HashLockTerms> TermsAsync(LedgerUnderTest world) => new(
        world.Keys[0].Address, world.Keys[1].Address, default, TokenAmount.OneToken, Hash256.Sha256(Secret.Bytes), await world.NowAsync() + 3_600,
        CounterChainId: 7, CounterToken: default, Elsewhere, TokenAmount.FromTokens(2));
}
