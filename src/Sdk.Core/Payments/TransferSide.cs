namespace Sdk.Core.Payments;

/// <summary>One of the two locks of a transfer, and the ledger that it is on.</summary>
internal enum TransferSide
{
    /// <summary>The initiator's.</summary>
    First = 0,

    /// <summary>The responder's.</summary>
    Second = 1,
}
