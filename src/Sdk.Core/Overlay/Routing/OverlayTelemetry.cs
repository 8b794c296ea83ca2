using System.Diagnostics.Metrics;

namespace Sdk.Core.Overlay.Routing;

/// <summary>Counts of the overlay. Reasons are few fixed words: nothing a peer says is a tag.</summary>
internal static class OverlayTelemetry
{
    public const string MeterName = "Sdk.Core.Overlay";

    private const string ReasonTag = "reason";

    private static readonly Meter Meter = new(MeterName);

    public static readonly UpDownCounter<long> Peers =
        Meter.CreateUpDownCounter<long>("sdk.overlay.peers", "{peer}", "Peers connected in the overlay.");

    private static readonly Counter<long> RefusedRecords = Meter.CreateCounter<long>(
        "sdk.overlay.refused_records", "{record}",
        "Node records refused, by reason: network, expired, future, credential, signature, private, peer, malformed.");

    private static readonly Counter<long> RefusedPeers = Meter.CreateCounter<long>(
        "sdk.overlay.refused_peers", "{peer}", "Peers refused, by reason: record, banned, full, duplicate.");

    private static readonly Counter<long> Closures =
        Meter.CreateCounter<long>("sdk.overlay.closures", "{peer}", "Peers let go, by reason: pruned, idle, silent, faulty.");

    private static readonly Counter<long> Lookups =
        Meter.CreateCounter<long>("sdk.overlay.lookups", "{lookup}", "Lookups ended, by reason: done, spent.");

    private static readonly Counter<long> BusyAnswers =
        Meter.CreateCounter<long>("sdk.overlay.busy", "{question}", "Questions of peers that asked too much.");

    public static void RecordRefused(NodeRecordFault fault) => RecordRefused(fault switch
    {
        NodeRecordFault.Network => "network",
        NodeRecordFault.Expired => "expired",
        NodeRecordFault.Future => "future",
        NodeRecordFault.Credential => "credential",
        _ => "signature",
    });

    public static void RecordRefused(string reason) => RefusedRecords.Add(1, Tag(reason));

    public static void PeerRefused(string reason) => RefusedPeers.Add(1, Tag(reason));

    public static void PeerClosed(OverlayCloseReason reason) => Closures.Add(1, Tag(reason switch
    {
        OverlayCloseReason.Pruned => "pruned",
        OverlayCloseReason.Idle => "idle",
        OverlayCloseReason.Silent => "silent",
        _ => "faulty",
    }));

    public static void LookupEnded(bool isSpent) => Lookups.Add(1, Tag(isSpent ? "spent" : "done"));

    public static void Busy() => BusyAnswers.Add(1);

    private static KeyValuePair<string, object?> Tag(string reason) => new(ReasonTag, reason);
}
