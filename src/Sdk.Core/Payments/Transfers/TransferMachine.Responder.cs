namespace Sdk.Core.Payments.Transfers;

/// <summary>The responder: steps 4 and 6 of the paper.</summary>
internal sealed partial class TransferMachine
{
    private void DecideResponder()
    {
        if (!Record.IsLockSubmitted)
        {
            // A secret that is known already would give the second lock to the first who reads it, the initiator included, for what it may never pay.
            if (Record.Secret is null && IsFinallyLocked(TransferSide.First) && Second.Latest == LockState.None && IsTimeToLock && AreLedgersSound)
            {
                SubmitLock();
            }

            return;
        }

        if (Record.Secret is null)
        {
            return;
        }

        if (!_mutations.HasFlag(TransferMutations.NoHelp))
        {
            // The initiator's claim was taken back, or it told us instead: what it paid for, it gets.
            Claim(TransferSide.Second);
        }

        if (MayClaimFirst)
        {
            Claim(TransferSide.First);
        }
    }

    /// <summary>
    /// The first lock is the price of the second. If ours was claimed, or is claimed now by ourselves for the initiator, we take it; if ours was
    /// finally paid back or never came about, we do not; in between we wait for finality as long as there is time, and then make sure.
    /// </summary>
    /// <remarks>No margin here: the secret is out, so a claim that may miss the deadline loses a fee, and none loses the price.</remarks>
    private bool MayClaimFirst =>
        Second.Latest == LockState.Claimed
        || (Second.Latest == LockState.Locked && IsInTimeForClaim(TransferSide.Second))
        || _mutations.HasFlag(TransferMutations.TakeBoth)
        || (IsFirstClaimUrgent && Settled(TransferSide.Second) is null or LockState.Claimed);
}
