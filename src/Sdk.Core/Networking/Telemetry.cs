using System.Diagnostics.Metrics;

namespace Sdk.Core.Networking;

/// <summary>Counts of the network under the meter <c>Sdk.Core.Networking</c>.</summary>
internal static class Telemetry
{
    public const string MeterName = "Sdk.Core.Networking";

    private static readonly Meter Meter = new(MeterName);

    public static readonly UpDownCounter<long> Connections =
        Meter.CreateUpDownCounter<long>("sdk.network.connections", "{connection}", "Live secured connections.");

    public static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>("sdk.network.refusals", "{connection}", "Incoming connections refused: garbage, failed handshakes, limits.");
}
