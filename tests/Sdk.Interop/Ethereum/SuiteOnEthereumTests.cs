using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;

namespace Sdk.Interop.Ethereum;

/// <summary>An application that runs on the embedded ledger runs on an EVM chain, and only an option of its node differs.</summary>
public sealed class SuiteOnEthereumTests
{
    [EthereumFact]
    public async Task The_suite_is_deployed_and_a_node_uses_it()
    {
        await using var anvil = await Anvil.StartAsync();
        LedgerDeployment deployment;
        await using (var bare = await EthereumLedger.ConnectAsync(Options(anvil)))
        {
            deployment = await SuiteModules.DeployAsync(bare, anvil.Keys[0], ("Token", "TOK"), anvil.Keys[1].Address, SuiteModules.Supply);
        }

        var ledger = Options(anvil);
        ledger.Deployment = deployment;
        var onEthereum = new NodeOptions { Account = anvil.Keys[1], Ledger = LedgerOptions.Ethereum(ledger) };
        Assert.Equal<TokenAmount>(70, await CashAsync(onEthereum));
        Assert.Equal<TokenAmount>(70, await CashAsync(new NodeOptions { Account = anvil.Keys[1], Ledger = LedgerOptions.Embedded() }));
    }

    // What an application does, whatever the ledger.
    private static async Task<TokenAmount> CashAsync(NodeOptions options)
    {
        using var beneficiary = KeyPair.GenerateTestOnly();
        await using var node = await Node.StartAsync(options);
        var (token, vault) = (node.Ledger.Module<TokenContract>(), node.Ledger.Module<VaultContract>());
        await token.ApproveAsync(vault.Address, 100, node.AccountKey);
        await vault.DepositAsync(node.Account, 100, node.AccountKey);
        var domain = new ChequeDomain(node.Ledger.ChainId, vault.Address);
        var cheque = domain.Sign(new Cheque(node.Account, beneficiary.Address, 70), node.AccountKey);
        await vault.CashChequeAsync(beneficiary.Address, new VaultCheque(node.Account, 70, cheque.Signature), node.AccountKey);
        return (await vault.DepositOfAsync(beneficiary.Address)).Amount;
    }

    private static EthereumLedgerOptions Options(Anvil anvil) => new() { Url = anvil.Url, AllowsTestOnlyKeys = true, PollInterval = TimeSpan.FromMilliseconds(20) };
}
