using System.Diagnostics.Metrics;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Overlay.Forwarding;

/// <summary>Counts of routed packets, under the overlay's meter.</summary>
internal static class RouteTelemetry
{
    private const string OutcomeTag = "outcome";

    private static readonly Meter Meter = new(OverlayTelemetry.MeterName);

    private static readonly Counter<long> Packets = Meter.CreateCounter<long>(
        "sdk.overlay.route.packets", "{packet}", "Packets that peers passed on to this node, by what they were told: accepted, busy, no_route, too_wide.");

    private static readonly Counter<long> DroppedPackets =
        Meter.CreateCounter<long>("sdk.overlay.route.dropped", "{packet}", "Packets that were accepted and then found nobody to take them.");

    private static readonly Counter<long> Deliveries =
        Meter.CreateCounter<long>("sdk.overlay.route.delivered", "{packet}", "Packets for this node, by outcome: handled, failed, unhandled.");

    public static void Answered(RouteOutcome outcome) => Packets.Add(1, Tag(outcome switch
    {
        RouteOutcome.Accepted => "accepted",
        RouteOutcome.Busy => "busy",
        RouteOutcome.NoRoute => "no_route",
        _ => "too_wide",
    }));

    public static void Dropped(long count) => DroppedPackets.Add(count);

    public static void Handled() => Deliveries.Add(1, Tag("handled"));

    public static void HandlerFailed() => Deliveries.Add(1, Tag("failed"));

    public static void Unhandled() => Deliveries.Add(1, Tag("unhandled"));

    private static KeyValuePair<string, object?> Tag(string outcome) => new(OutcomeTag, outcome);
}
