using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>What the bonds promise, on every ledger. The first account is the provider, the deployer challenges, the others are witnesses.</summary>
public sealed class BondsSuite
{
    private const int Seats = 3;

    private static readonly Hash256 Nonce = Hash256.Sha256("a nonce"u8);
    private static readonly Hash256 Proof = Hash256.Sha256("a proof"u8);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static TheoryData<string> Ledgers => LedgerUnderTest.All;

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_provider_keeps_its_nonce_and_leaves_after_seven_days(string kind)
    {
        await using var world = await StartAsync(kind);
        var (provider, bonds) = (world.Keys[0], world.Ledger.Module<BondsContract>());
        var known = await bonds.ProviderAsync(provider.Address);
        Assert.Equal((Nonce, Tokens(100), 1U), (known.OverlayNonce, known.Bond, known.Number));
        await LedgerUnderTest.RefusedAsync("AlreadyRegistered", () => bonds.RegisterAsync(Proof, Tokens(1), provider));
        await bonds.PostAsync(Tokens(5), provider);
        await bonds.RequestLeaveAsync(Tokens(105), provider);
        Assert.Equal(TokenAmount.Zero, (await bonds.ProviderAsync(provider.Address)).Liable);
        await LedgerUnderTest.RefusedAsync("TooEarly", () => bonds.WithdrawAsync(provider));
        await world.AdvanceAsync(7 * Day);
        await bonds.WithdrawAsync(provider);
        Assert.Equal(Tokens(1_000), await world.Token.BalanceAsync(provider.Address));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task Who_does_not_answer_loses_to_challenger_and_witnesses(string kind)
    {
        await using var world = await StartAsync(kind);
        var (provider, bonds) = (world.Keys[0], world.Ledger.Module<BondsContract>());
        await ChallengeAsync(world);
        await LedgerUnderTest.RefusedAsync("TooEarly", () => TestifyAsync(world, default, 0, served: false));
        await world.AdvanceAsync(Day * 1.5);
        await TestifyAsync(world, default, 0, served: false);
        await LedgerUnderTest.RefusedAsync("AlreadyTestified", () => TestifyAsync(world, default, 0, served: false));
        await TestifyAsync(world, default, 1, served: false);
        await TestifyAsync(world, default, 2, served: true);
        await LedgerUnderTest.RefusedAsync("TooEarly", () => bonds.JudgeAsync(1, world.Deployer));
        await world.AdvanceAsync(Day);
        await bonds.JudgeAsync(1, world.Deployer);
        Assert.Equal(BondCaseState.Guilty, (await bonds.CaseAsync(1)).State);
        Assert.Equal(Tokens(90), (await bonds.ProviderAsync(provider.Address)).Bond);
        Assert.Equal(Tokens(6), await bonds.OwedAsync(world.Deployer.Address));
        var quarter = TokenAmount.OneToken.Divide(4, TokenRounding.Down);
        Assert.Equal(quarter, await bonds.OwedAsync(await bonds.WitnessAsync(1, 0)));
        Assert.Equal(TokenAmount.Zero, await bonds.OwedAsync(await bonds.WitnessAsync(1, 2)));
        var standing = await world.Ledger.Module<EvidenceContract>().StandingAsync(provider.Address);
        Assert.Equal((1UL, Tokens(10)), (standing.Slashes, standing.Slashed));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task Who_is_cleared_by_witnesses_has_the_stake(string kind)
    {
        await using var world = await StartAsync(kind);
        var (provider, bonds) = (world.Keys[0], world.Ledger.Module<BondsContract>());
        await ChallengeAsync(world);
        await LedgerUnderTest.RefusedAsync("NotProvider", () => bonds.AnswerAsync(1, Proof, world.Keys[1]));
        await bonds.AnswerAsync(1, Proof, provider);
        await LedgerUnderTest.RefusedAsync("InvalidSignature", () => TestifyAsync(world, default, 0, served: true));
        await TestifyAsync(world, Proof, 0, served: true);
        await TestifyAsync(world, Proof, 1, served: true);
        await world.AdvanceAsync(2 * Day + TimeSpan.FromMinutes(1));
        await bonds.JudgeAsync(1, world.Keys[2]);
        var half = TokenAmount.OneToken.Divide(2, TokenRounding.Down);
        Assert.Equal((BondCaseState.Acquitted, half), ((await bonds.CaseAsync(1)).State, await bonds.OwedAsync(provider.Address)));
        await bonds.CollectAsync(provider);
        Assert.Equal(Tokens(900) + half, await world.Token.BalanceAsync(provider.Address));
        await LedgerUnderTest.RefusedAsync("NothingToPay", () => bonds.CollectAsync(world.Deployer));
        var evidence = world.Ledger.Module<EvidenceContract>();
        Assert.Equal(1UL, (await evidence.StandingAsync(provider.Address)).Acquittals);
        Assert.Equal(1UL, (await evidence.StandingAsync(world.Deployer.Address)).FalseAccusations);
    }

    private static TokenAmount Tokens(ulong tokens) => TokenAmount.FromTokens(tokens);

    private static async Task<LedgerUnderTest> StartAsync(string kind)
    {
        var world = await LedgerUnderTest.StartAsync(kind);
        await world.Token.ApproveAsync(world.Contracts["Bonds"], TokenAmount.MaxValue, world.Deployer);
        foreach (var key in world.Keys)
        {
            await world.Token.ApproveAsync(world.Contracts["Bonds"], TokenAmount.MaxValue, key);
            await world.Ledger.Module<BondsContract>().RegisterAsync(Nonce, Tokens(100), key);
        }

        return world;
    }

    /// <summary>Challenges the provider, and draws the witnesses when the block that draws is over.</summary>
    private static async Task ChallengeAsync(LedgerUnderTest world)
    {
        var bonds = world.Ledger.Module<BondsContract>();
        await world.Token.ApproveAsync(world.Contracts["Bonds"], TokenAmount.MaxValue, world.Keys[3]);
        await bonds.ChallengeAsync(world.Keys[0].Address, BondCaseKind.HeldPacket, Hash256.Sha256("a packet"u8), Seats, TokenAmount.OneToken, world.Deployer);
        await LedgerUnderTest.RefusedAsync("TooEarly", () => bonds.DrawAsync(1, world.Keys[3]));
        await world.Token.ApproveAsync(world.Contracts["Bonds"], TokenAmount.MaxValue, world.Keys[3]);
        await bonds.DrawAsync(1, world.Keys[3]);
        Assert.Equal(Seats, (await bonds.CaseAsync(1)).Drawn);
    }

    private static async ValueTask<LedgerReceipt> TestifyAsync(LedgerUnderTest world, Hash256 answer, int seat, bool served)
    {
        var bonds = world.Ledger.Module<BondsContract>();
        var account = await bonds.WitnessAsync(1, seat);
        var testimony = new WitnessTestimony(1, answer, served);
        var signature = testimony.Sign(world.Ledger.ChainId, bonds.Address, world.Keys.First(key => key.Address == account));
        return await bonds.TestifyAsync(testimony, seat, signature, world.Deployer);
    }
}
