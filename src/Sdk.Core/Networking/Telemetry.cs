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

    public static readonly Counter<long> PubsubDelivered =
        Meter.CreateCounter<long>("sdk.pubsub.delivered", "{message}", "Messages of peers, handed to subscriptions.");

    public static readonly Counter<long> PubsubRejected =
        Meter.CreateCounter<long>("sdk.pubsub.rejected", "{message}", "Messages of peers that were forged, or that a validator rejected.");

    public static readonly Counter<long> PubsubOverflowed =
        Meter.CreateCounter<long>("sdk.pubsub.overflowed", "{message}", "Messages dropped because a subscription was not read.");
}
