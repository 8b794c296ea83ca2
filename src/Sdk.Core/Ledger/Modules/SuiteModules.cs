using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;

namespace Sdk.Core.Ledger.Modules;

/// <summary>The contracts that the suite itself uses: token, evidence, vault, escrow, bonds and hash locks, each knowing those that it calls.</summary>
public static class SuiteModules
{
    /// <summary>What the token of an embedded ledger is called.</summary>
    public const string TokenName = "Sdk Token";

    /// <summary>The token's symbol.</summary>
    public const string TokenSymbol = "SDK";

    // The constructors of later ones ask earlier ones.
    private static readonly string[] Order =
    [
        TokenContract.ModuleName, EvidenceContract.ModuleName, VaultContract.ModuleName, EscrowContract.ModuleName, BondsContract.ModuleName, HashLocksContract.ModuleName,
    ];

    /// <summary>Who writes down what accounts did.</summary>
    private static readonly IReadOnlyList<string> Writers = [VaultContract.ModuleName, EscrowContract.ModuleName, BondsContract.ModuleName];

    /// <summary>All tokens of an embedded ledger: a thousand million.</summary>
    public static TokenAmount Supply => TokenAmount.FromTokens(1_000_000_000);

    /// <summary>Puts the suite's contracts on an embedded ledger.</summary>
    /// <param name="options">The ledger that is about to be opened.</param>
    /// <param name="holder">Who gets all tokens at genesis; of no account afterwards.</param>
    public static void AddTo(EmbeddedLedgerOptions options, AccountAddress holder)
    {
        ArgumentNullException.ThrowIfNull(options);
        var token = options.AddressOf(TokenContract.ModuleName);
        var evidence = options.AddressOf(EvidenceContract.ModuleName);
        options.Modules.Add(new TokenModule(TokenName, TokenSymbol, holder, Supply));
        options.Modules.Add(new EvidenceModule([.. Writers.Select(options.AddressOf)]));
        options.Modules.Add(new VaultModule(token, evidence));
        options.Modules.Add(new EscrowModule(token, evidence));
        options.Modules.Add(new BondsModule(token, evidence));
        options.Modules.Add(new HashLocksModule());
    }

    /// <summary>
    /// Deploys the suite's contracts on an EVM chain, one after the other. They name each other before they are there: their addresses
    /// follow from the deployer's nonces, so the deployer's key must do nothing else meanwhile.
    /// </summary>
    /// <param name="ledger">The chain; what it has deployed already plays no part.</param>
    /// <param name="deployer">Pays the gas, and has no rights afterwards.</param>
    /// <param name="token">The token's name and symbol.</param>
    /// <param name="holder">Who gets all tokens.</param>
    /// <param name="supply">How many there are, in base units.</param>
    /// <param name="cancellationToken">Gives up; what was deployed stays, and is of no use.</param>
    /// <returns>For <see cref="EthereumLedgerOptions.Deployment"/>.</returns>
    /// <exception cref="LedgerException">The chain did not take one, or the key did something else (<see cref="LedgerFailure.Nonce"/>).</exception>
    public static async ValueTask<LedgerDeployment> DeployAsync(
        EthereumLedger ledger,
        KeyPair deployer,
        (string Name, string Symbol) token,
        AccountAddress holder,
        TokenAmount supply,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(deployer);
        var first = await ledger.NonceAsync(deployer.Address, cancellationToken).ConfigureAwait(false);
        var places = Order.Select((module, index) => KeyValuePair.Create(module, ContractAddress.Create(deployer.Address, first + (ulong)index))).ToList();
        var deployment = new LedgerDeployment(places);
        foreach (var (module, place) in places)
        {
            byte[] code = [.. ContractArtifact.Load(module).CreationCode.Span, .. Arguments(module, deployment, token, holder, supply).ToArray()];
            if (await ledger.DeployAsync(code, deployer, cancellationToken).ConfigureAwait(false) != place)
            {
                throw new LedgerException(LedgerFailure.Nonce, "The deployer's key signed something else while it deployed.");
            }
        }

        return deployment;
    }

    private static AbiWriter Arguments(string module, LedgerDeployment deployment, (string Name, string Symbol) token, AccountAddress holder, TokenAmount supply)
    {
        var arguments = new AbiWriter();
        if (module == TokenContract.ModuleName)
        {
            return arguments.AddString(token.Name).AddString(token.Symbol).Add(holder).Add(supply);
        }

        if (module == EvidenceContract.ModuleName)
        {
            return arguments.AddArray(Writers.Count, Writers.Aggregate(new AbiWriter(), (list, writer) => list.Add(deployment[writer])));
        }

        return module == HashLocksContract.ModuleName ? arguments : arguments.Add(deployment[TokenContract.ModuleName]).Add(deployment[EvidenceContract.ModuleName]);
    }
}
