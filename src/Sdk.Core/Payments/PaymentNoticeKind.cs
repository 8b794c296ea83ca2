namespace Sdk.Core.Payments;

/// <summary>What happened between this node and a peer.</summary>
public enum PaymentNoticeKind
{
    /// <summary>This node asked the peer for a cheque of the amount.</summary>
    InvoiceSent = 1,

    /// <summary>This node issued a cheque that adds the amount.</summary>
    ChequeIssued = 2,

    /// <summary>This node took a cheque that adds the amount.</summary>
    ChequeReceived = 3,

    /// <summary>The vault did not pay a cheque of the peer in full; the amount is missing, and on record on the ledger.</summary>
    ChequeBounced = 4,

    /// <summary>A bounced cheque was made good; the amount was missing.</summary>
    BounceCleared = 5,

    /// <summary>The peer did not answer an invoice in time; the amount was asked for.</summary>
    PaymentLate = 6,

    /// <summary>The peer asks for more than this node's book says; the amount is the difference.</summary>
    Overcharged = 7,

    /// <summary>This node's deposit does not cover what it should pay; the amount is what is missing.</summary>
    FundsMissing = 8,

    /// <summary>A service was refused to the peer, since it would owe more than its threshold, which is the amount.</summary>
    LimitNear = 9,

    /// <summary>The peer is cut off for a time; the amount is what it owes, aborted services counted.</summary>
    Blocked = 10,
}
