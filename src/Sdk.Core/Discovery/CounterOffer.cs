using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>What a provider would agree to where it does not agree to what was proposed. It binds nobody.</summary>
/// <param name="Quantity">How much it has left, at most what was asked for.</param>
/// <param name="PricePerUnit">Its price for this buyer.</param>
/// <param name="Payment">A means of payment that it takes.</param>
public sealed record CounterOffer(ulong Quantity, TokenAmount PricePerUnit, PaymentMethod Payment);
