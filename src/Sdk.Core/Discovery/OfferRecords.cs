using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Discovery;

/// <summary>
/// Offers as records of the overlay. Every node that keeps such records checks them, so that nobody fills the buckets with what no buyer
/// would take: an offer is put up by the device that signed it, where it belongs, and no longer than it is good for.
/// </summary>
internal static class OfferRecords
{
    /// <summary>The kind, with its check.</summary>
    public static RecordKind Kind { get; } = RecordKinds.ServiceOffer.WithValidator(FindRefusal);

    /// <summary>An offer under one of its keys.</summary>
    public static OverlayRecord Create(ServiceOffer offer, OverlayAddress key, KeyPair nodeKey, DateTimeOffset now) => OverlayRecord.Create(
        nodeKey, offer.NetworkId, Kind, key, offer.Version, offer.Encoded.Span, now, offer.Expires - UnixTime.Truncate(now, nameof(now)));

    private static string? FindRefusal(OverlayRecord record) =>
        !ServiceOffer.TryDecode(record.Value.Span, out var offer, out var fault) ? fault.ToString()
        : offer.FindFault(record.NetworkId, record.Issued) is { } late ? late.ToString()
        : record.Writer != AccountAddress.FromPublicKey(offer.Credential.NodeKey) ? "another's offer"
        : !OfferPlaces.Of(offer).Contains(record.Key) ? "another offer's key"
        : record.Version != offer.Version ? "another version"
        : record.Expires > offer.Expires ? "longer than the offer"
        : null;
}
