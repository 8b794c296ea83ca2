using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments;

/// <summary>The rules of the books. The percentages are of the payment threshold, and begin with Swarm's values.</summary>
/// <param name="Domain">The vault that cheques are drawn on.</param>
/// <param name="Self">Our account.</param>
internal sealed record AccountingParameters(ChequeDomain Domain, AccountAddress Self)
{
    /// <summary>A debtor pays on its own from here on, unasked.</summary>
    public const uint EarlySettlementPercent = 50;

    /// <summary>A creditor sends its invoice from here on: before the threshold, so that service goes on while it is answered.</summary>
    public const uint InvoicePercent = 75;

    /// <summary>Beyond it, aborted services and bounced cheques counted, a peer is cut off for a time.</summary>
    public const uint DisconnectPercent = 125;

    /// <summary>How far a payer follows an invoice beyond its own book: answers that were lost on their way are in the peer's book only.</summary>
    public const uint SlackPercent = 25;

    /// <summary>
    /// A debtor counts on this part of the free allowance only. Clocks and lost answers make two books differ; what is not counted on mends
    /// such a difference with time.
    /// </summary>
    public const uint CountedAllowancePercent = 90;

    /// <summary>The smallest cheque is what is free in a fifth of a second.</summary>
    public const uint MinChequeDivisor = 5;

    /// <summary>A held cheque is cashed once it is worth so many times what cashing costs.</summary>
    public const int CashValueOverGas = 50;

    /// <summary>The largest price, threshold or allowance, in base units: sums of them stay far below 128 bits.</summary>
    public static readonly UInt128 AmountMax = UInt128.One << 96;

    /// <summary>The largest cumulative payout that is issued or taken.</summary>
    public static readonly UInt128 PayoutMax = UInt128.One << 120;

    /// <summary>How long a peer has to answer an invoice with a cheque.</summary>
    public TimeSpan InvoiceDeadline { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A held cheque is cashed after this time even if little would be left after the cost.</summary>
    public TimeSpan CashDeadline { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long a hard deposit counts after the ledger was asked: less than the delay of its decrease by the time that cashing takes.
    /// </summary>
    public TimeSpan SecuredFor { get; init; } = TimeSpan.FromHours(12);

    /// <summary>How often a cheque is sent again until it is acknowledged, and an invoice until it is answered.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Peers with a sheet: bounds the books in memory and on disk.</summary>
    public int MaxPeers { get; init; } = 16_384;

    /// <summary>Reservations under way at once.</summary>
    public int MaxReservations { get; init; } = 65_536;

    /// <summary>The ring of the journal, a multiple of 4096.</summary>
    public long JournalBytes { get; init; } = 4 << 20;

    /// <summary>A deliberate bug, for simulations that must notice it.</summary>
    public AccountingMutations Mutations { get; init; }
}

/// <summary>Deliberate bugs: each breaks a promise that the simulation checks.</summary>
[Flags]
internal enum AccountingMutations
{
    None = 0,

    /// <summary>Nothing is written down.</summary>
    NoJournal = 1,

    /// <summary>A cheque is acknowledged before it is durable.</summary>
    AcknowledgeBeforeSync = 2,

    /// <summary>What the ledger says of the cover plays no part.</summary>
    NoSolvencyCheck = 4,

    /// <summary>An issued cheque counts only once the peer has acknowledged it.</summary>
    NoShadowBalance = 8,

    /// <summary>Held cheques count as money before they are cashed.</summary>
    NoExposure = 16,

    /// <summary>Invoices are paid as they come.</summary>
    TrustInvoices = 32,

    /// <summary>A cheque that does not rise is credited again.</summary>
    TakeReplays = 64,

    /// <summary>Reservations do not count until they are applied.</summary>
    NoReservations = 128,

    /// <summary>What we pay may raise what we can lose to the peer beyond its threshold: money is given for cheques.</summary>
    PayUnlimited = 256,
}
