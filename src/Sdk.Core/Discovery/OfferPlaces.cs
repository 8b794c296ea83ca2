using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Discovery;

/// <summary>
/// Under which keys an offer is put up: one for its kind, and one for kind and region. Each is one of sixteen buckets, by the device
/// and number of the offer, so that no node keeps all offers of a kind. A device's offers of one kind have different buckets: under a key it has one record.
/// </summary>
internal static class OfferPlaces
{
    /// <summary>Buckets of a kind, or of a kind in a region: a search asks for all of them.</summary>
    public const int Buckets = (int)ServiceOffer.MaxNumber + 1;

    /// <summary>Where an offer belongs.</summary>
    public static IReadOnlyList<OverlayAddress> Of(ServiceOffer offer)
    {
        var bucket = BucketOf(offer);
        return offer.Region is { } region
            ? [KeyOf(offer.Kind, null, bucket), KeyOf(offer.Kind, region, bucket)]
            : [KeyOf(offer.Kind, null, bucket)];
    }

    /// <summary>Where offers of a kind are found, anywhere or in one region.</summary>
    public static IEnumerable<OverlayAddress> Of(ServiceKind kind, string? region) =>
        Enumerable.Range(0, Buckets).Select(bucket => KeyOf(kind, region, bucket));

    private static OverlayAddress KeyOf(ServiceKind kind, string? region, int bucket) =>
        RecordKinds.ServiceOffer.KeyOf($"{kind}/{region ?? "any"}/{bucket}");

    private static int BucketOf(ServiceOffer offer) =>
        (Hash256.Sha256("sdk/offer-bucket/1"u8, offer.Credential.NodeKey.Bytes.Span).Bytes[0] + (int)offer.Number) % Buckets;
}
