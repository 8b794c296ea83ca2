using Sdk.Interop.Ethereum;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>That no module is left out.</summary>
public sealed class ModuleSuitesTests
{
    [Fact]
    public async Task Every_module_has_random_operations()
    {
        await using var twins = await TwinLedgers.CreateAsync(withAnvil: false);
        var covered = ModuleSuites.Operations(twins, new Random(0)).Select(operations => operations.Module);
        Assert.Equal(SuiteContracts.Modules.Order(StringComparer.Ordinal), covered.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_modules_here_are_those_of_the_package()
    {
        var contracts = typeof(Sdk.Core.Ledger.ILedger).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".json", StringComparison.Ordinal)).Select(name => name[..^".json".Length]);
        Assert.Equal(contracts.Order(StringComparer.Ordinal), SuiteContracts.Modules.Order(StringComparer.Ordinal));
    }
}
