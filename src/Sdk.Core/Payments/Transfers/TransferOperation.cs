namespace Sdk.Core.Payments.Transfers;

/// <summary>What is submitted to a ledger.</summary>
/// <param name="Side">Which lock.</param>
/// <param name="Kind">What is done with it.</param>
internal readonly record struct TransferOperation(TransferSide Side, OperationKind Kind);

/// <summary>What can be done with a lock.</summary>
internal enum OperationKind
{
    Lock = 0,

    Claim = 1,

    Refund = 2,
}

/// <summary>What came of an operation.</summary>
internal enum OperationResult
{
    /// <summary>It is in a block.</summary>
    Included = 0,

    /// <summary>It is certain that it did not count and will not.</summary>
    Refused = 1,

    /// <summary>It may still count.</summary>
    Unknown = 2,
}
