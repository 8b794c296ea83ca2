using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>What terms must be like to be about an offer, whoever judges and whenever.</summary>
internal static class AgreementRules
{
    /// <summary>How many seconds a buyer's clock, and its proposal on the way, may be behind the provider's.</summary>
    public static readonly TimeSpan StartTolerance = TimeSpan.FromMinutes(5);

    /// <summary>What in the terms is not the offer's; null for nothing. The price per unit is left to negotiation.</summary>
    public static AgreementRefusal? FindFault(AgreementTerms terms, ServiceOffer offer) =>
        terms.OfferHash != offer.Hash || terms.Provider != offer.Provider || terms.NetworkId != offer.NetworkId ? AgreementRefusal.UnknownOffer
        : terms.Quantity == 0 || terms.Quantity > offer.Capacity ? AgreementRefusal.Quantity
        : terms.End <= terms.Start || terms.End - terms.Start > offer.MaxDuration ? AgreementRefusal.Duration
        : !offer.Payments.Contains(terms.Payment) ? AgreementRefusal.Payment
        : !IsTotal(terms, offer) ? AgreementRefusal.Total
        : null;

    /// <summary>The total of an offer; false where it is beyond all amounts.</summary>
    public static bool TryTotal(ServiceOffer offer, TokenAmount pricePerUnit, ulong quantity, TimeSpan duration, out TokenAmount total)
    {
        try
        {
            total = offer.TotalOf(pricePerUnit, quantity, duration);
            return true;
        }
        catch (AmountOutOfRangeException)
        {
            total = default;
            return false;
        }
    }

    private static bool IsTotal(AgreementTerms terms, ServiceOffer offer) =>
        TryTotal(offer, terms.PricePerUnit, terms.Quantity, terms.End - terms.Start, out var total) && terms.Total == total;
}
