using Sdk.Core.Cryptography;

namespace Sdk.Interop.Ethereum;

/// <summary>That the node which other tests build on does as it is told.</summary>
public sealed class AnvilTests
{
    /// <summary>Stores its one argument in slot 0, or returns slot 0 where there is none; the argument 0 reverts with "0xdead".</summary>
    private static readonly byte[] StoreCode = Convert.FromHexString(
        "602a600c600039602a6000f3" + "36600f57600054600052" + "60206000f3" + "5b60003580602557" + "61dead60f01b60005260026000fd" + "5b60005500");

    [EthereumFact]
    public async Task It_has_ten_keys_that_are_for_tests_only_and_an_address_on_the_loopback()
    {
        await using var anvil = await Anvil.StartAsync();
        Assert.True(anvil.Url.IsLoopback);
        Assert.Equal(10, anvil.Keys.Count);
        Assert.All(anvil.Keys, key => Assert.True(key.IsTestOnly));
        Assert.Equal("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", anvil.Keys[0].Address.ToString());
        Assert.Equal("0x7a69", (await anvil.CallAsync("eth_chainId")).GetString());
    }

    [EthereumFact]
    public async Task It_runs_contracts_counts_their_gas_and_tells_why_they_revert()
    {
        await using var anvil = await Anvil.StartAsync();
        var from = anvil.Keys[0].Address;
        var contract = await anvil.DeployAsync(from, StoreCode);
        var word = new byte[32];
        word[31] = 7;
        var first = await anvil.SendAsync(from, contract, word);
        Assert.True(first.IsSuccess);
        Assert.InRange(first.GasUsed, 43_000UL, 45_000UL);
        Assert.Equal(word, await anvil.QueryAsync(contract, default));
        Assert.False((await anvil.SendAsync(from, contract, new byte[32])).IsSuccess);
        var error = await Assert.ThrowsAsync<AnvilErrorException>(() => anvil.QueryAsync(contract, new byte[32]));
        Assert.Equal("0xdead", error.RevertData);
    }

    [EthereumFact]
    public async Task It_mines_when_told_to_and_turns_its_clock()
    {
        await using var anvil = await Anvil.StartAsync(new AnvilOptions { IsAutomining = false, GenesisTimestampSeconds = 2_000_000_000 });
        var (from, to) = (anvil.Keys[0].Address, anvil.Keys[1].Address);
        var sending = anvil.SendAsync(from, to, default, valueWei: 5);
        Assert.Equal(0UL, await anvil.BlockNumberAsync());
        await anvil.SetNextTimestampAsync(2_000_000_500);

        // The transaction may reach the pool after the first block.
        do
        {
            await anvil.MineAsync();
        }
        while (!sending.IsCompleted);

        Assert.True((await sending).IsSuccess);
        Assert.InRange(await anvil.TimestampAsync(), 2_000_000_500UL, 2_000_001_000UL);
        await anvil.IncreaseTimeAsync(TimeSpan.FromDays(1));
        await anvil.MineAsync();
        Assert.InRange(await anvil.TimestampAsync(), 2_000_086_900UL, 2_000_088_000UL);
    }

    [EthereumFact]
    public async Task It_takes_blocks_back_with_what_was_in_them()
    {
        await using var anvil = await Anvil.StartAsync();
        var receipt = await anvil.SendAsync(anvil.Keys[0].Address, anvil.Keys[1].Address, default, valueWei: 5);
        await anvil.MineAsync(3);
        await anvil.ReorganizeAsync(4);
        Assert.Equal(4UL, await anvil.BlockNumberAsync());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await anvil.CallAsync("eth_getTransactionReceipt", receipt.Hash)).ValueKind);
    }

    [EthereumFact]
    public async Task It_goes_back_to_a_snapshot()
    {
        await using var anvil = await Anvil.StartAsync();
        var account = AccountAddress.Parse("0x00000000000000000000000000000000000000aa");
        var snapshot = await anvil.SnapshotAsync();
        await anvil.SetBalanceAsync(account, UInt128.MaxValue);
        Assert.Equal("0xffffffffffffffffffffffffffffffff", (await anvil.CallAsync("eth_getBalance", account.ToString(), "latest")).GetString());
        await anvil.RevertAsync(snapshot);
        Assert.Equal("0x0", (await anvil.CallAsync("eth_getBalance", account.ToString(), "latest")).GetString());
    }
}
