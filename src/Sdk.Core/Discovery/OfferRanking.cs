using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>The order in which a buyer sees offers.</summary>
internal static class OfferRanking
{
    /// <summary>
    /// Per unit, the cheapest first at the buyer's reputation; of equal prices the provider of the better reputation, then the larger
    /// capacity, then by hash, so that everybody sees one order. Providers that are blocked or below the filter's reputation are left out,
    /// and of a device's offers under one number all but the newest.
    /// </summary>
    public static IReadOnlyList<ServiceOffer> Rank(IEnumerable<(ServiceOffer Offer, TrustVerdict Provider)> offers, OfferFilter filter) =>
    [
        .. offers
            .Where(one => !one.Provider.IsBlocked && one.Provider.Score >= filter.MinProviderReputation)
            .GroupBy(one => (one.Offer.Credential.Device, one.Offer.Number))
            .Select(versions => versions.MaxBy(one => (one.Offer.Version, one.Offer.Hash)))
            .Where(one => filter.Matches(one.Offer))
            .OrderBy(one => one.Offer.Unit)
            .ThenBy(one => one.Offer.PriceAt(filter.BuyerReputation)!.Value)
            .ThenByDescending(one => one.Provider.Score)
            .ThenByDescending(one => one.Offer.Capacity)
            .ThenBy(one => one.Offer.Hash)
            .Select(one => one.Offer)
            .Take(filter.MaxResults),
    ];
}
