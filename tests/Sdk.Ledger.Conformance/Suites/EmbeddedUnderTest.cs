using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Bonds;
using Sdk.Core.Ledger.Modules.Escrow;
using Sdk.Core.Ledger.Modules.Evidence;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>The embedded ledger, in memory.</summary>
internal sealed class EmbeddedUnderTest : LedgerUnderTest
{
    private readonly Clock _clock = new();
    private readonly EmbeddedLedger _ledger;

    public EmbeddedUnderTest()
    {
        var options = new EmbeddedLedgerOptions { TimeProvider = _clock };
        foreach (var key in Keys)
        {
            options.Coins[key.Address] = TokenAmount.FromTokens(1_000);
        }

        var (token, evidence) = (Contracts["Token"], Contracts["Evidence"]);
        foreach (var module in (ContractModule[])
            [
                new TokenModule(SuiteContracts.TokenName, SuiteContracts.TokenSymbol, Deployer.Address, SuiteContracts.Supply),
                new EvidenceModule(Contracts.Writers),
                new VaultModule(token, evidence),
                new EscrowModule(token, evidence),
                new BondsModule(token, evidence),
                new HashLocksModule(),
            ])
        {
            options.Modules.Add(module);
            options.Addresses[module.Name] = Contracts[module.Name];
        }

        _ledger = EmbeddedLedger.OpenInMemory(options);
    }

    public override ILedger Ledger => _ledger;

    public override Task AdvanceAsync(TimeSpan by)
    {
        _clock.Now += by;
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync() => _ledger.DisposeAsync();

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(2_000_000_000);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
