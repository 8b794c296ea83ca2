using System.Buffers;
using System.Text;
using Sdk.Core.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>The limits of an offer, the same for one that is being signed and for one that comes from outside.</summary>
internal static class OfferShape
{
    /// <summary>What is beyond the limits; null for nothing.</summary>
    public static OfferFault? FindFault(ServiceOffer offer) =>
        offer.Kind == default ? OfferFault.Malformed
        : offer.Number > ServiceOffer.MaxNumber ? OfferFault.Number
        : !ArePrices(offer) ? OfferFault.Prices
        : offer.Capacity == 0 ? OfferFault.Capacity
        : offer.Region is { } region && !IsRegion(region) ? OfferFault.Region
        : !ArePayments(offer.Payments) ? OfferFault.Payments
        : !IsDuration(offer.MaxDuration) ? OfferFault.Duration
        : !AreAttributes(offer.Attributes) ? OfferFault.Attributes
        : !AreAddresses(offer) ? OfferFault.Addresses
        : !IsLifetime(offer) ? OfferFault.Lifetime
        : null;

    public static bool IsRegion(string region) => region.Length == 2 && region.All(char.IsAsciiLetterUpper);

    /// <summary>Whether an address may stand in an offer, where its peer id is left out.</summary>
    public static bool IsShort(Multiaddr address) => address.WithoutPeer().Bytes.Length <= ServiceOffer.MaxAddressBytes;

    private static bool ArePrices(ServiceOffer offer)
    {
        var last = Reputation.Min - 1;
        foreach (var band in offer.Prices)
        {
            if (band.MinReputation <= last || band.MinReputation > Reputation.Max)
            {
                return false;
            }

            last = band.MinReputation;
        }

        return offer.Prices.Count is > 0 and <= ServiceOffer.MaxPrices && Enum.IsDefined(offer.Unit);
    }

    private static bool ArePayments(IReadOnlyList<PaymentMethod> payments) =>
        payments.Count is > 0 and <= ServiceOffer.MaxPayments && payments.Distinct().Count() == payments.Count && !payments.Contains(default);

    private static bool IsDuration(TimeSpan duration) =>
        duration >= TimeSpan.FromSeconds(1) && duration <= ServiceOffer.LongestDuration && duration.Ticks % TimeSpan.TicksPerSecond == 0;

    private static bool AreAttributes(IReadOnlyDictionary<string, string> attributes) =>
        attributes.Count <= ServiceOffer.MaxAttributes
        && attributes.All(pair => ServiceName.IsValid(pair.Key) && IsText(pair.Value));

    private static bool IsText(string value) =>
        value is { Length: <= ServiceOffer.MaxAttributeBytes }
        && Encoding.UTF8.GetByteCount(value) <= ServiceOffer.MaxAttributeBytes
        && !value.Any(char.IsControl)
        && IsWellFormed(value);

    /// <summary>Half of a surrogate pair has no encoding: it would be read as another text.</summary>
    private static bool IsWellFormed(ReadOnlySpan<char> value)
    {
        while (!value.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(value, out _, out var consumed) != OperationStatus.Done)
            {
                return false;
            }

            value = value[consumed..];
        }

        return true;
    }

    private static bool AreAddresses(ServiceOffer offer)
    {
        var peer = offer.Peer;
        return offer.Addresses.Count <= ServiceOffer.MaxAddresses
            && offer.Addresses.Distinct().Count() == offer.Addresses.Count
            && offer.Addresses.All(address => address.Peer == peer && IsShort(address));
    }

    private static bool IsLifetime(ServiceOffer offer)
    {
        var lifetime = offer.Expires - offer.Issued;
        return lifetime >= TimeSpan.FromSeconds(1) && lifetime <= ServiceOffer.LongestLifetime && offer.Expires <= offer.Credential.Expires;
    }
}
