using System.Diagnostics.Metrics;

namespace Sdk.Core.Discovery;

/// <summary>Counts of services offered, sold and bought under the meter <c>Sdk.Core.Discovery</c>. Reasons are the names of the refusals and faults.</summary>
internal static class DiscoveryTelemetry
{
    public const string MeterName = "Sdk.Core.Discovery";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Sold =
        Meter.CreateCounter<long>("sdk.discovery.sold", "{agreement}", "Agreements that this node made as a provider.");

    private static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>("sdk.discovery.refusals", "{proposal}", "Proposals that this node refused as a provider, by reason.");

    private static readonly Counter<long> BadOffers =
        Meter.CreateCounter<long>("sdk.discovery.bad_offers", "{offer}", "Offers of others that were not good, by reason.");

    public static void Agreed() => Sold.Add(1);

    public static void Refused(AgreementRefusal reason) => Refusals.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    public static void BadOffer(OfferFault reason) => BadOffers.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
}
