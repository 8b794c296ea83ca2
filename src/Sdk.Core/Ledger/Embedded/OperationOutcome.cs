namespace Sdk.Core.Ledger.Embedded;

/// <summary>What came of an operation that was offered to a block.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Failure">Why the ledger did not run the call; null where it did. Only one of a wrong nonce is not in the block.</param>
/// <param name="IsDone">Whether the call did not revert.</param>
/// <param name="Returned">What the call returned, or reverted with.</param>
/// <param name="Events">What contracts told.</param>
internal sealed record OperationOutcome(
    LedgerOperation Operation, LedgerFailure? Failure, bool IsDone, ReadOnlyMemory<byte> Returned, IReadOnlyList<LedgerEvent> Events)
{
    /// <summary>Whether it is in the block and used its nonce.</summary>
    public bool IsIncluded => Failure != LedgerFailure.Nonce;
}
