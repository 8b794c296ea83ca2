using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>A token that answers everything with one word, zero or one, and does nothing.</summary>
internal sealed class AnsweringModule : ContractModule
{
    public AnsweringModule(string name, bool answer)
        : base(name)
    {
        foreach (var function in new[] { TokenAbi.BalanceOf, TokenAbi.Transfer, TokenAbi.TransferFrom, TokenAbi.Allowance })
        {
            Function(function, (_, ref _, results) => results.Add(answer));
        }
    }

    protected override void DeclareState()
    {
    }
}
