using System.Diagnostics.Metrics;

namespace Sdk.Core.Networking.Mdns;

/// <summary>Counts of local discovery, under the network's meter. Reasons are few fixed words.</summary>
internal static class MdnsTelemetry
{
    private const string ReasonTag = "reason";

    private static readonly Meter Meter = new(Telemetry.MeterName);

    public static readonly Counter<long> Found =
        Meter.CreateCounter<long>("sdk.network.mdns.found", "{peer}", "Peers heard of on a local network that were not known there, or not at that address.");

    private static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>("sdk.network.mdns.refusals", "{message}", "Messages on the local network that were not heeded, by reason: flood, source, malformed.");

    private static readonly Counter<long> AddressRefusals =
        Meter.CreateCounter<long>("sdk.network.mdns.address_refusals", "{address}", "Addresses in messages that were not believed, by reason: flood, format, peer, place.");

    public static void Refused(string reason) => Refusals.Add(1, new KeyValuePair<string, object?>(ReasonTag, reason));

    public static void AddressRefused(string reason) => AddressRefusals.Add(1, new KeyValuePair<string, object?>(ReasonTag, reason));
}
