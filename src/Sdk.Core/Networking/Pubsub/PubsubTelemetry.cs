using System.Diagnostics.Metrics;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>Counts of pubsub, under the network's meter.</summary>
internal static class PubsubTelemetry
{
    private static readonly Meter Meter = new(Telemetry.MeterName);

    public static readonly Counter<long> Delivered =
        Meter.CreateCounter<long>("sdk.pubsub.delivered", "{message}", "Messages of peers, handed to subscriptions.");

    public static readonly Counter<long> Overflowed =
        Meter.CreateCounter<long>("sdk.pubsub.overflowed", "{message}", "Messages dropped because a subscription was not read.");

    public static readonly Counter<long> Unjudged =
        Meter.CreateCounter<long>("sdk.pubsub.unjudged", "{message}", "Messages dropped because too many validators were at work.");

    private static readonly Counter<long> Faults = Meter.CreateCounter<long>(
        "sdk.pubsub.faults", "{fault}", "What peers sent against the rules, by reason: policy, forged, rejected, replayed, garbage, backoff, announcements, promise, deaf.");

    public static void Fault(PubsubFault fault, int count) => Faults.Add(count, new KeyValuePair<string, object?>(Telemetry.ReasonTag, WordOf(fault)));

    public static string WordOf(PubsubFault fault) => fault switch
    {
        PubsubFault.Policy => "policy",
        PubsubFault.Forged => "forged",
        PubsubFault.Rejected => "rejected",
        PubsubFault.Replayed => "replayed",
        PubsubFault.Garbage => "garbage",
        PubsubFault.Backoff => "backoff",
        PubsubFault.Announcements => "announcements",
        PubsubFault.Promise => "promise",
        _ => "deaf",
    };
}
