using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Suites;

/// <summary>The Ethereum ledger, with anvil as its node.</summary>
internal sealed class AnvilUnderTest : LedgerUnderTest
{
    private readonly Anvil _anvil;
    private EthereumLedger _ledger = null!;

    private AnvilUnderTest(Anvil anvil) => _anvil = anvil;

    public static bool IsAvailable => EthereumInstallation.Missing is null;

    public override ILedger Ledger => _ledger;

    public static async Task<AnvilUnderTest> CreateAsync()
    {
        var ledger = new AnvilUnderTest(await Anvil.StartAsync());
        try
        {
            await ledger._anvil.CallAsync("anvil_autoImpersonateAccount", true);
            foreach (var key in ledger.Keys.Append(ledger.Deployer))
            {
                await ledger._anvil.SetBalanceAsync(key.Address, (UInt128)1_000 * 1_000_000_000_000_000_000);
            }

            await SuiteContracts.DeployAsync(ledger._anvil, ledger.Deployer.Address);
            ledger._ledger = await EthereumLedger.ConnectAsync(new EthereumLedgerOptions
            {
                Url = ledger._anvil.Url,
                ChainId = ledger._anvil.ChainId,
                Deployment = ledger.Contracts.Deployment,
                AllowsTestOnlyKeys = true,
                PollInterval = TimeSpan.FromMilliseconds(20),
            });
            return ledger;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    public override async Task AdvanceAsync(TimeSpan by)
    {
        await _anvil.IncreaseTimeAsync(by);
        await _anvil.MineAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_ledger is not null)
        {
            await _ledger.DisposeAsync();
        }

        await _anvil.DisposeAsync();
    }
}
