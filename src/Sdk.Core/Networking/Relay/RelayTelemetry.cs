using System.Diagnostics.Metrics;

namespace Sdk.Core.Networking.Relay;

/// <summary>Counts of this node's work as a relay, under the network's meter.</summary>
internal static class RelayTelemetry
{
    private static readonly Meter Meter = new(Telemetry.MeterName);

    public static readonly UpDownCounter<long> Reservations =
        Meter.CreateUpDownCounter<long>("sdk.network.relay.reservations", "{reservation}", "Peers that have a place on this relay.");

    public static readonly UpDownCounter<long> Circuits =
        Meter.CreateUpDownCounter<long>("sdk.network.relay.circuits", "{circuit}", "Circuits through this relay, those being set up included.");

    public static readonly Counter<long> Bytes =
        Meter.CreateCounter<long>("sdk.network.relay.bytes", "By", "Bytes carried for others, both directions together.");

    public static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>("sdk.network.relay.refusals", "{request}", "Requests that this relay refused, by status.");
}
