using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>
/// What one peer and we owe each other. Written by <see cref="Accounting"/> alone, under its lock. The first half is journalled; the second
/// is known anew after a start: reservations of a past life are void.
/// </summary>
internal sealed class PeerSheet(int index, AccountAddress account)
{
    /// <summary>Place in the books, never used for another peer.</summary>
    public int Index { get; } = index;

    /// <summary>The peer's account.</summary>
    public AccountAddress Account { get; } = account;

    /// <summary>What the peer owes us; negative where we owe it. Cheques count from their issue, or their acceptance, on.</summary>
    public Int128 Balance { get; set; }

    /// <summary>What of <see cref="Balance"/> is money that we gave beyond our debt: time does not forgive it.</summary>
    public UInt128 Advanced { get; set; }

    /// <summary>Until when the free allowance is booked.</summary>
    public long RefreshedAtMs { get; set; }

    /// <summary>Cumulative payout of our last cheque to the peer.</summary>
    public UInt128 Issued { get; set; }

    /// <summary>What of it the peer says it holds.</summary>
    public UInt128 Acknowledged { get; set; }

    /// <summary>Cumulative payout of the peer's last cheque.</summary>
    public UInt128 Received { get; set; }

    /// <summary>The signature of that cheque: with it the cheque is money.</summary>
    public Signature ReceivedSignature { get; set; }

    /// <summary>The highest of the peer's cheques that the vault has seen.</summary>
    public UInt128 Presented { get; set; }

    /// <summary>What the vault has paid us of the peer's cheques, for good.</summary>
    public UInt128 Cashed { get; set; }

    /// <summary>Since when there is a cheque to cash; 0 where there is none.</summary>
    public long UncashedSinceMs { get; set; }

    /// <summary>Services that the peer began and did not let us finish.</summary>
    public UInt128 Aborted { get; set; }

    /// <summary>No service until then.</summary>
    public long BlockedUntilMs { get; set; }

    /// <summary>The cumulative payout that we asked the peer for; 0 where no invoice is open.</summary>
    public UInt128 InvoiceTarget { get; set; }

    /// <summary>Until when.</summary>
    public long InvoiceDueMs { get; set; }

    /// <summary>All that the peer ever used of us.</summary>
    public UInt128 Earned { get; set; }

    /// <summary>All that we ever used of the peer.</summary>
    public UInt128 Spent { get; set; }

    /// <summary>All that the peer ever had free.</summary>
    public UInt128 Forgiven { get; set; }

    /// <summary>Parts of <see cref="Earned"/> that belong to others once the peer has paid.</summary>
    public ShareClaim FirstShare { get; set; }

    /// <summary>The same, for a second account.</summary>
    public ShareClaim SecondShare { get; set; }

    /// <summary>Reserved for services under way to the peer.</summary>
    public UInt128 ReservedEarnings { get; set; }

    /// <summary>Reserved for services under way from the peer.</summary>
    public UInt128 ReservedSpending { get; set; }

    /// <summary>The most that we may lose to the peer; 0 until its band is known.</summary>
    public UInt128 Threshold { get; set; }

    /// <summary>What the peer has free each second.</summary>
    public UInt128 RefreshPerSecond { get; set; }

    /// <summary>An invoice is due from this balance on.</summary>
    public Int128 InvoiceLevel { get; set; }

    /// <summary>A cheque of ours is due from this debt on.</summary>
    public Int128 SettlementLevel { get; set; }

    /// <summary>What the peer announced of its side; all zero until it has.</summary>
    public PeerTerms Announced { get; set; }

    /// <summary>What the issuer has set aside for us alone, as the ledger said last.</summary>
    public UInt128 HardDeposit { get; set; }

    /// <summary>Until when that is certain: the issuer may have announced to take it back.</summary>
    public long SecuredUntilMs { get; set; }

    /// <summary>What the vault has paid the peer of our cheques, as the ledger said last.</summary>
    public UInt128 PaidToPeer { get; set; }

    /// <summary>Messages reach the peer.</summary>
    public bool IsConnected { get; set; }

    /// <summary>Cheques of the peer stand in the way of more service: they are cashed whatever it costs.</summary>
    public bool IsPressed { get; set; }

    /// <summary>A cheque is on its way to the vault.</summary>
    public bool IsCashing { get; set; }

    /// <summary>When cheque or invoice were sent last.</summary>
    public long SentAtMs { get; set; }

    /// <summary>The peer's lateness was reported.</summary>
    public bool IsReportedLate { get; set; }

    /// <summary>What the journal holds of <see cref="Issued"/>: no cheque above it leaves.</summary>
    public UInt128 DurableIssued { get; set; }

    /// <summary>What the journal holds of <see cref="Received"/>: no cheque above it is acknowledged.</summary>
    public UInt128 DurableReceived { get; set; }

    /// <summary>Changed since the last commit began.</summary>
    public bool IsDirty { get; set; }

    /// <summary>A service was refused for want of money: an invoice is due below its level too.</summary>
    public bool IsShort { get; set; }

    /// <summary>In the queue of sheets to settle.</summary>
    public bool IsDue { get; set; }

    /// <summary>What is to be sent once it is durable.</summary>
    public Outgoing Wanted { get; set; }

    /// <summary>What a commit under way will make of <see cref="DurableIssued"/>.</summary>
    public UInt128 CommittingIssued { get; set; }

    /// <summary>What a commit under way will make of <see cref="DurableReceived"/>.</summary>
    public UInt128 CommittingReceived { get; set; }

    /// <summary>What a commit under way will make durable.</summary>
    public Outgoing Committing { get; set; }

    /// <summary>What may be sent.</summary>
    public Outgoing Ready { get; set; }

    /// <summary>The part of the peer's cheques that the vault refused so far.</summary>
    public UInt128 Bounced => Presented > Cashed ? Presented - Cashed : 0;

    /// <summary>Cheques that the vault has not seen.</summary>
    public UInt128 Unpresented => Received - UInt128.Max(Presented, Cashed);

    /// <summary>What of the peer's cheques nothing but its word stands behind.</summary>
    public UInt128 Unsecured(long nowMs) => nowMs >= SecuredUntilMs ? Unpresented : Unpresented > HardDeposit ? Unpresented - HardDeposit : 0;
}

/// <summary>Messages that wait for a commit.</summary>
[Flags]
internal enum Outgoing
{
    None = 0,
    Cheque = 1,
    Acknowledgement = 2,
    Invoice = 4,
}

/// <summary>What a side says of itself: on what terms it lends.</summary>
/// <param name="Threshold">The most that it lends.</param>
/// <param name="RefreshPerSecond">What is free each second.</param>
internal readonly record struct PeerTerms(UInt128 Threshold, UInt128 RefreshPerSecond);

/// <summary>A part of what a peer owes that belongs to somebody else once it is paid.</summary>
/// <param name="Account">To whom.</param>
/// <param name="Amount">How much.</param>
internal readonly record struct ShareClaim(AccountAddress Account, UInt128 Amount);
