using Sdk.Core.Ledger;

namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// What a ledger shows of one lock, all of it at once: whatever a reorganisation changed is simply other in the next sight, and nothing has
/// to be taken back.
/// </summary>
/// <param name="Head">Where the ledger stood.</param>
/// <param name="Latest">The lock in the newest block.</param>
/// <param name="Final">The lock in the newest final block.</param>
/// <param name="Secret">What a claim showed.</param>
internal sealed record LedgerSight(LedgerHead Head, LockState Latest, LockState Final, TransferSecret? Secret);
