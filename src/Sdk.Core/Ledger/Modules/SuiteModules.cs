using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Embedded;
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
        AccountAddress[] writers = [options.AddressOf(VaultContract.ModuleName), options.AddressOf(EscrowContract.ModuleName), options.AddressOf(BondsContract.ModuleName)];
        options.Modules.Add(new TokenModule(TokenName, TokenSymbol, holder, Supply));
        options.Modules.Add(new EvidenceModule(writers));
        options.Modules.Add(new VaultModule(token, evidence));
        options.Modules.Add(new EscrowModule(token, evidence));
        options.Modules.Add(new BondsModule(token, evidence));
        options.Modules.Add(new HashLocksModule());
    }
}
