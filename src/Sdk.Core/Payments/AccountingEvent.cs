namespace Sdk.Core.Payments;

/// <summary>What happened in the books that somebody outside wants to know.</summary>
internal enum AccountingEventKind
{
    /// <summary>We asked the peer for a cheque.</summary>
    InvoiceSent = 1,

    /// <summary>We issued a cheque.</summary>
    ChequeIssued = 2,

    /// <summary>We took a cheque.</summary>
    ChequeReceived = 3,

    /// <summary>The vault did not pay a cheque of the peer in full.</summary>
    ChequeBounced = 4,

    /// <summary>A bounced cheque was made good.</summary>
    BounceCleared = 5,

    /// <summary>An invoice was not answered in time.</summary>
    PaymentLate = 6,

    /// <summary>The peer asks for more than our book says; the amount is the difference.</summary>
    Overcharged = 7,

    /// <summary>Our deposit does not cover what we should pay; the amount is what is missing.</summary>
    FundsMissing = 8,

    /// <summary>The peer nears its threshold: a service was refused for it.</summary>
    LimitNear = 9,

    /// <summary>The peer is cut off for a time.</summary>
    Blocked = 10,
}

/// <summary>One such event.</summary>
internal readonly record struct AccountingEvent(AccountingEventKind Kind, PeerSheet Sheet, UInt128 Amount);
