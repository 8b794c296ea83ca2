using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Simulation.Transfer;

/// <summary>An operation on a simulated ledger.</summary>
internal sealed class SimOperation
{
    public required AccountAddress Sender { get; init; }

    public required OperationKind Kind { get; init; }

    public required HashLockTerms Terms { get; init; }

    public Hash256 Secret { get; init; }

    public required bool IsHonest { get; init; }

    /// <summary>Called when it first stands in a block: whether it did not revert, and in which.</summary>
    public Action<bool, ulong>? Included { get; set; }

    public int Number { get; set; }

    /// <summary>From when on a block may take it.</summary>
    public TimeSpan EligibleAt { get; set; }

    /// <summary>When it must be in a block for good, by what the ledger claims of itself.</summary>
    public TimeSpan DueBy { get; set; }

    public LedgerCall CallOf(AccountAddress contract) => Kind switch
    {
        OperationKind.Lock => new LedgerCall(
            contract,
            new AbiWriter().Add(Terms.Recipient).Add(Terms.SecretHash).Add(Terms.Deadline)
                .Add(Terms.CounterChainId).Add(Terms.CounterToken).Add(Terms.CounterRecipient).Add(Terms.CounterAmount).ToCall(HashLocksAbi.Lock),
            Terms.Amount),
        OperationKind.Claim => new LedgerCall(contract, Terms.Write(new AbiWriter()).Add(Secret).ToCall(HashLocksAbi.Claim)),
        _ => new LedgerCall(contract, Terms.Write(new AbiWriter()).ToCall(HashLocksAbi.Refund)),
    };
}
