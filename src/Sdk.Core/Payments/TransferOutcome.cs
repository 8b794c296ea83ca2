namespace Sdk.Core.Payments;

/// <summary>How a transfer ended. Each is final on both ledgers.</summary>
public enum TransferOutcome
{
    /// <summary>Both locks were claimed: both sides have what was agreed.</summary>
    Completed = 1,

    /// <summary>What was locked was paid back; nobody has anything of the other's.</summary>
    Refunded = 2,

    /// <summary>Nothing was locked.</summary>
    NotStarted = 3,

    /// <summary>
    /// One lock was claimed and the other paid back. It takes a responder that stays away, without anybody in its place, for longer than all
    /// margins after the secret was shown; or a ledger that broke what <see cref="TransferTiming"/> says of it.
    /// </summary>
    OneSided = 4,
}
