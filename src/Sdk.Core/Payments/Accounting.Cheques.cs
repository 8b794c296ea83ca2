using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>Cheques that peers give us, until the vault has paid them; and what of it belongs to others.</summary>
internal sealed partial class Accounting
{
    /// <summary>Whether a cheque may be taken, all checks but the ledger's: cheap ones first. Nothing is booked.</summary>
    /// <returns>Why not; null where the cover is to be asked for next.</returns>
    public ChequeFault? Check(PeerSheet sheet, SignedCheque cheque, DateTimeOffset now)
    {
        lock (_gate)
        {
            Refresh(sheet, now.ToUnixTimeMilliseconds());
            return Expectation(sheet).FindFault(cheque);
        }
    }

    /// <summary>Books a cheque that was checked; it is acknowledged after the next <see cref="Commit"/>.</summary>
    /// <param name="sheet">Who gave it.</param>
    /// <param name="cheque">The cheque.</param>
    /// <param name="cover">What the ledger says stands behind it.</param>
    /// <param name="now">The time.</param>
    /// <returns>Why it is refused, and nothing was booked; null where it counts.</returns>
    public ChequeFault? Receive(PeerSheet sheet, SignedCheque cheque, ChequeCover cover, DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            Refresh(sheet, nowMs);
            if (Expectation(sheet).FindFault(cheque) is { } fault)
            {
                return fault;
            }

            var payout = ToUInt128(cheque.Cheque.CumulativePayout);
            if (!cover.Covers(cheque.Cheque.CumulativePayout) && !_mutations.HasFlag(AccountingMutations.NoSolvencyCheck))
            {
                return ChequeFault.NoCover;
            }

            var value = payout > sheet.Received ? payout - sheet.Received : payout;
            sheet.Received = UInt128.Max(sheet.Received, payout);
            sheet.ReceivedSignature = cheque.Signature;
            sheet.Balance -= (Int128)value;
            sheet.Advanced = UInt128.Min(sheet.Advanced, (UInt128)Int128.Max(0, sheet.Balance));
            Secure(sheet, cover, nowMs);
            sheet.UncashedSinceMs = sheet.UncashedSinceMs == 0 ? nowMs : sheet.UncashedSinceMs;
            CloseInvoice(sheet);
            Want(sheet, Outgoing.Acknowledgement);
            Raise(PaymentNoticeKind.ChequeReceived, sheet, value);
            if (_mutations.HasFlag(AccountingMutations.AcknowledgeBeforeSync))
            {
                sheet.DurableReceived = sheet.Received;
                Release(sheet, Outgoing.Acknowledgement);
            }

            return null;
        }
    }

    /// <summary>A cheque came again that we hold, or an older one: its sender has not heard so.</summary>
    public void AcknowledgeAgain(PeerSheet sheet)
    {
        lock (_gate)
        {
            Want(sheet, Outgoing.Acknowledgement);
        }
    }

    /// <summary>
    /// Peers whose cheques are worth cashing now: much more than it costs, held long enough, or in the way of more service. The caller
    /// presents <see cref="HeldCheque"/>, several in one transaction, and tells <see cref="Cashed"/> when the outcome is final.
    /// </summary>
    /// <param name="costs">What cashing one costs, in the token's base units.</param>
    /// <param name="max">How many at most.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<PeerSheet> BeginCashing(UInt128 costs, int max, DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            var chosen = new List<PeerSheet>();
            foreach (var sheet in _sheets)
            {
                if (chosen.Count < max && !sheet.IsCashing && sheet.DurableReceived == sheet.Received && IsWorthCashing(sheet, costs, nowMs))
                {
                    sheet.IsCashing = true;
                    chosen.Add(sheet);
                }
            }

            return chosen;
        }
    }

    /// <summary>The last cheque of a peer; null where there is none.</summary>
    public SignedCheque? HeldCheque(PeerSheet sheet)
    {
        lock (_gate)
        {
            return sheet.Received == 0
                ? null
                : new SignedCheque(
                    _parameters.Domain.ChainId,
                    _parameters.Domain.Vault,
                    new Cheque(sheet.Account, _parameters.Self, TokenAmount.FromBaseUnits(sheet.Received)),
                    sheet.ReceivedSignature);
        }
    }

    /// <summary>What the vault says of a peer's cheques, once that is final; also after a start, for each peer whose cheques were held.</summary>
    /// <param name="sheet">Who issued them.</param>
    /// <param name="presented">The highest cumulative payout that the vault has seen.</param>
    /// <param name="paid">What it has paid us in all. Where that is less, the cheque has bounced: its credit is taken back until it is made good.</param>
    /// <param name="now">The time.</param>
    public void Cashed(PeerSheet sheet, UInt128 presented, UInt128 paid, DateTimeOffset now)
    {
        lock (_gate)
        {
            var nowMs = now.ToUnixTimeMilliseconds();
            Refresh(sheet, nowMs);
            if (paid > sheet.Received)
            {
                // The issuer had a higher cheque of its own cashed for us: it counts as if it had come first.
                sheet.Balance -= (Int128)(paid - sheet.Received);
                sheet.Received = paid;
            }

            var bouncedBefore = sheet.Bounced;
            var owedBefore = (UInt128)Int128.Max(0, sheet.Balance) + sheet.Unpresented;
            var gained = paid > sheet.Cashed ? paid - sheet.Cashed : 0;
            sheet.Presented = UInt128.Max(sheet.Presented, UInt128.Min(presented, sheet.Received));
            sheet.Cashed = UInt128.Max(sheet.Cashed, paid);
            sheet.Balance += (Int128)sheet.Bounced - (Int128)bouncedBefore;
            sheet.IsCashing = sheet.IsPressed = false;
            sheet.HardDeposit = 0; // What is left of it the next cover says.
            Due(sheet);
            sheet.UncashedSinceMs = sheet.Unpresented == 0 ? 0 : nowMs;
            if (sheet.Bounced > bouncedBefore)
            {
                Raise(PaymentNoticeKind.ChequeBounced, sheet, sheet.Bounced);
            }
            else if (sheet.Bounced == 0 && bouncedBefore > 0)
            {
                Raise(PaymentNoticeKind.BounceCleared, sheet, bouncedBefore);
            }

            if (gained > 0)
            {
                SettleShares(sheet, gained, owedBefore, nowMs);
            }

            BlockBeyondLimit(sheet, nowMs);
            Changed(sheet);
        }
    }

    /// <summary>The attempt to cash came to nothing: the cheques are as they were.</summary>
    public void CashingFailed(IEnumerable<PeerSheet> sheets)
    {
        lock (_gate)
        {
            foreach (var sheet in sheets)
            {
                sheet.IsCashing = false;
            }
        }
    }

    /// <summary>Up to which cumulative payout the peer's cheques are held, and durable.</summary>
    public UInt128 AcknowledgedTo(PeerSheet sheet)
    {
        lock (_gate)
        {
            return sheet.DurableReceived;
        }
    }

    /// <summary>What the ledger says now of a peer's cover: a cheque that has bounced is presented again once there is some.</summary>
    public void Covered(PeerSheet sheet, ChequeCover cover, DateTimeOffset now)
    {
        lock (_gate)
        {
            Secure(sheet, cover, now.ToUnixTimeMilliseconds());
            sheet.IsPressed |= sheet.Bounced > 0 && !cover.Available.IsZero;
        }
    }

    private void Secure(PeerSheet sheet, ChequeCover cover, long nowMs)
    {
        sheet.HardDeposit = ToUInt128(cover.HardDeposit);
        sheet.SecuredUntilMs = nowMs + (long)_parameters.SecuredFor.TotalMilliseconds;
    }

    private ChequeExpectation Expectation(PeerSheet sheet)
    {
        var owed = sheet.Balance > 0 ? (UInt128)sheet.Balance : 0;
        var smallest = UInt128.Min(MinCheque(new PeerTerms(sheet.Threshold, sheet.RefreshPerSecond)), UInt128.Max(1, owed));
        var largest = UInt128.Min(owed + sheet.Threshold, AccountingParameters.PayoutMax - UInt128.Min(sheet.Received, AccountingParameters.PayoutMax));
        var isReplayTaken = _mutations.HasFlag(AccountingMutations.TakeReplays);
        return new ChequeExpectation(
            _parameters.Domain,
            sheet.Account,
            _parameters.Self,
            TokenAmount.FromBaseUnits(isReplayTaken ? 0 : sheet.Received),
            TokenAmount.FromBaseUnits(smallest),
            isReplayTaken ? TokenAmount.MaxValue : TokenAmount.FromBaseUnits(largest));
    }

    private bool IsWorthCashing(PeerSheet sheet, UInt128 costs, long nowMs)
    {
        var value = sheet.Unpresented + (sheet.IsPressed ? sheet.Bounced : 0);
        return value > costs
            && (value / AccountingParameters.CashValueOverGas >= costs
                || nowMs - sheet.UncashedSinceMs >= (long)_parameters.CashDeadline.TotalMilliseconds
                || sheet.IsPressed
                || Exposure(sheet, nowMs) >= sheet.InvoiceLevel);
    }

    /// <summary>Notes who has a part of what the peer owes; it is theirs when the peer has paid.</summary>
    private void Claim(PeerSheet sheet, UInt128 price, ServiceShares shares)
    {
        foreach (var share in shares.All)
        {
            var amount = price * (uint)share.BasisPoints / PaymentShare.BasisPointsMax;
            if (sheet.FirstShare.Amount == 0 || sheet.FirstShare.Account == share.Account)
            {
                sheet.FirstShare = new ShareClaim(share.Account, sheet.FirstShare.Amount + amount);
            }
            else if (sheet.SecondShare.Amount == 0 || sheet.SecondShare.Account == share.Account)
            {
                sheet.SecondShare = new ShareClaim(share.Account, sheet.SecondShare.Amount + amount);
            }
            else
            {
                // More than two: the oldest claim is met now, before the peer has paid, so that none is forgotten.
                Credit(sheet.FirstShare, sheet.RefreshedAtMs);
                sheet.FirstShare = sheet.SecondShare;
                sheet.SecondShare = new ShareClaim(share.Account, amount);
            }
        }
    }

    /// <summary>Of what was claimed, the same part as was paid of what was owed.</summary>
    private void SettleShares(PeerSheet sheet, UInt128 paid, UInt128 owed, long nowMs)
    {
        sheet.FirstShare = Settle(sheet.FirstShare);
        sheet.SecondShare = Settle(sheet.SecondShare);

        ShareClaim Settle(ShareClaim claim)
        {
            var due = paid >= owed
                ? claim.Amount
                : ToUInt128(TokenAmount.FromBaseUnits(claim.Amount).MultiplyBy(TokenAmount.FromBaseUnits(paid), TokenAmount.FromBaseUnits(owed), TokenRounding.Down));
            Credit(claim with { Amount = due }, nowMs);
            return claim with { Amount = claim.Amount - due };
        }
    }

    /// <summary>A share is a debt of ours like any other: its owner is paid by cheque.</summary>
    private void Credit(ShareClaim claim, long nowMs)
    {
        if (claim.Amount == 0 || claim.Account == _parameters.Self || OpenSheet(claim.Account, nowMs) is not { } owner)
        {
            return;
        }

        Refresh(owner, nowMs);
        owner.Balance -= (Int128)claim.Amount;
        owner.Spent += claim.Amount;
        Changed(owner);
        Due(owner);
    }

    private static UInt128 ToUInt128(TokenAmount amount) => amount.TryToBaseUnits(out var baseUnits) ? baseUnits : UInt128.MaxValue;
}
