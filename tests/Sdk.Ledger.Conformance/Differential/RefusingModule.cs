using Sdk.Core.Ledger.Embedded;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>A contract that has no functions and takes no coins.</summary>
internal sealed class RefusingModule() : ContractModule(TwinLedgers.Refuser)
{
    protected override void DeclareState()
    {
    }
}
