using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Ledger;

public sealed class NodeLedgerTests
{
    [Fact]
    public async Task A_local_node_has_a_ledger_with_the_suites_contracts_and_all_tokens()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        Assert.Equal(["Token", "Evidence", "Vault", "Escrow", "Bonds", "HashLocks"], node.Ledger.Deployment.Modules);
        Assert.Equal(SuiteModules.Supply, await node.Ledger.Module<TokenContract>().BalanceAsync(node.Account));
    }

    [Fact]
    public async Task The_contracts_know_each_other()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        var (token, vault) = (node.Ledger.Module<TokenContract>(), node.Ledger.Module<VaultContract>());
        await token.ApproveAsync(vault.Address, 100, node.AccountKey);
        await vault.DepositAsync(node.Account, 100, node.AccountKey);
        Assert.Equal<TokenAmount>(100, await token.BalanceAsync(vault.Address));
    }

    [Fact]
    public async Task A_node_keeps_its_ledger_in_its_data_directory()
    {
        var place = Directory.CreateTempSubdirectory("sdk-ledger-");
        try
        {
            ulong chainId;
            using var account = KeyPair.GenerateTestOnly();
            await using (var node = await Node.StartAsync(Options()))
            {
                chainId = node.Ledger.ChainId;
                await node.Ledger.Module<TokenContract>().TransferAsync(node.Ledger.Deployment["Vault"], 5, account);
            }

            await using var again = await Node.StartAsync(Options());
            Assert.Equal(chainId, again.Ledger.ChainId);
            Assert.Equal<TokenAmount>(5, await again.Ledger.Module<TokenContract>().BalanceAsync(again.Ledger.Deployment["Vault"]));

            NodeOptions Options() => new() { Account = account, DataDirectory = place.FullName, Ledger = LedgerOptions.Embedded() };
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_local_node_that_deals_with_others_has_no_ledger_of_its_own()
    {
        var options = NodeOptions.Local();
        options.Listen.Add(Multiaddr.Parse("/ip4/0.0.0.0/tcp/0"));
        await using var node = await Node.StartAsync(options);
        Assert.Throws<InvalidOperationException>(() => node.Ledger);
    }

    [Fact]
    public async Task A_node_without_a_ledger_says_so()
    {
        var options = NodeOptions.Local();
        options.Ledger = null;
        await using var node = await Node.StartAsync(options);
        Assert.Throws<InvalidOperationException>(() => node.Ledger);
    }
}
