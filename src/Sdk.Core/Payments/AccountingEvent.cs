namespace Sdk.Core.Payments;

/// <summary>What happened in the books that somebody outside wants to know.</summary>
internal readonly record struct AccountingEvent(PaymentNoticeKind Kind, PeerSheet Sheet, UInt128 Amount);
