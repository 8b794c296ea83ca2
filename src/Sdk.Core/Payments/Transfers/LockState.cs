namespace Sdk.Core.Payments.Transfers;

/// <summary>What became of a lock.</summary>
internal enum LockState
{
    /// <summary>Nothing is locked under its id.</summary>
    None = 0,

    Locked = 1,

    Claimed = 2,

    Refunded = 3,
}
