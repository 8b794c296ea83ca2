using Sdk.Core.Ledger;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>What the token promises, on every ledger.</summary>
public sealed class TokenSuite
{
    public static TheoryData<string> Ledgers => LedgerUnderTest.All;

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task All_that_there_is_was_made_at_deployment_and_only_moves(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var sum = await world.Token.BalanceAsync(world.Deployer.Address);
        foreach (var key in world.Keys)
        {
            sum += await world.Token.BalanceAsync(key.Address);
        }

        Assert.Equal(await world.Token.TotalSupplyAsync(), sum);
        await LedgerUnderTest.RefusedAsync("ERC20InsufficientBalance", () => world.Token.TransferAsync(world.Keys[1].Address, TokenAmount.FromTokens(1_001), world.Keys[0]));
    }

    [Theory]
    [MemberData(nameof(Ledgers))]
    public async Task A_permit_counts_once_and_until_its_deadline(string kind)
    {
        await using var world = await LedgerUnderTest.StartAsync(kind);
        var (owner, spender) = (world.Keys[0], world.Keys[1]);
        var permit = await world.Token.SignPermitAsync(owner, spender.Address, TokenAmount.OneToken, await world.NowAsync() + 3_600);
        await world.Token.PermitAsync(permit, spender);
        await world.Token.TransferFromAsync(owner.Address, spender.Address, TokenAmount.OneToken, spender);
        Assert.Equal(TokenAmount.FromTokens(1_001), await world.Token.BalanceAsync(spender.Address));
        await LedgerUnderTest.RefusedAsync("ERC2612InvalidSigner", () => world.Token.PermitAsync(permit, spender));
        var late = await world.Token.SignPermitAsync(owner, spender.Address, TokenAmount.OneToken, await world.NowAsync() + 3_600);
        await world.AdvanceAsync(TimeSpan.FromHours(2));
        await LedgerUnderTest.RefusedAsync("ERC2612ExpiredSignature", () => world.Token.PermitAsync(late, spender));
    }
}
