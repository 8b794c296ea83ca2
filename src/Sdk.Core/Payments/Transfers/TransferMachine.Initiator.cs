namespace Sdk.Core.Payments.Transfers;

/// <summary>The initiator: steps 1, 2, 3 and 5 of the paper.</summary>
internal sealed partial class TransferMachine
{
    private void DecideInitiator()
    {
        if (!Record.IsLockSubmitted)
        {
            if (First.Latest == LockState.None && IsTimeToLock && AreLedgersSound)
            {
                SubmitLock();
            }

            return;
        }

        if (First.Latest == LockState.Locked && Second.Latest == LockState.None)
        {
            Tell(new TransferMessage.Proposal(Terms, Record.FirstFromBlock));
        }

        if (Second.Latest == LockState.Locked && MayShowSecret)
        {
            Claim(TransferSide.Second);
        }

        if (Second.Final == LockState.Claimed && First.Latest == LockState.Locked)
        {
            Tell(new TransferMessage.Secret(Terms.SecretHash, Record.Secret!));
            if (IsFirstClaimUrgent && !_mutations.HasFlag(TransferMutations.NoHelp))
            {
                // The responder has what the first lock pays for and does not take it: gone, perhaps. We have ours, so it gets its own.
                Claim(TransferSide.First);
            }
        }
    }

    /// <summary>
    /// The secret is shown once the second lock is final, and never so late that the claim might miss its deadline: the other side could read
    /// the secret, claim the first lock with it, and have the second back. What is out, is out: then only submitting again helps.
    /// </summary>
    private bool MayShowSecret =>
        Record.IsSecretOut || _isSecretShown
        || (IsFinallyLocked(TransferSide.Second) && _now - _views[(int)TransferSide.Second].SeenAt <= Timing.Response / 2
            && (IsInTimeForClaim(TransferSide.Second) || _mutations.HasFlag(TransferMutations.LateClaim)));
}
