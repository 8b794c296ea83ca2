using System.Diagnostics.Metrics;

namespace Sdk.Core.Networking;

/// <summary>Counts of the network under the meter <c>Sdk.Core.Networking</c>. Reasons are few fixed words: nothing a peer says is a tag.</summary>
internal static class Telemetry
{
    public const string MeterName = "Sdk.Core.Networking";

    public const string ReasonTag = "reason";

    private static readonly Meter Meter = new(MeterName);

    public static readonly UpDownCounter<long> Connections =
        Meter.CreateUpDownCounter<long>("sdk.network.connections", "{connection}", "Live secured connections.");

    public static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>("sdk.network.refusals", "{connection}", "Incoming connections refused, by reason: handshakes, time, violation, identity, limit, broken.");

    public static readonly Counter<long> Closures =
        Meter.CreateCounter<long>("sdk.network.closures", "{connection}", "Connections that ended, by reason: local, trimmed, remote, violation, broken.");

    public static readonly Counter<long> StreamResets =
        Meter.CreateCounter<long>("sdk.network.stream_resets", "{stream}", "Streams that peers opened and this side reset, by reason: violation, refused, reset, cancelled, unknown, overload, failed; and violations on streams that this side opened.");

    public static void Refused(string reason) => Refusals.Add(1, new KeyValuePair<string, object?>(ReasonTag, reason));

    public static void Closed(CloseReason reason) => Closures.Add(1, new KeyValuePair<string, object?>(ReasonTag, reason switch
    {
        CloseReason.Local => "local",
        CloseReason.Trimmed => "trimmed",
        CloseReason.Remote => "remote",
        CloseReason.Violation => "violation",
        _ => "broken",
    }));

    public static void StreamReset(string reason) => StreamResets.Add(1, new KeyValuePair<string, object?>(ReasonTag, reason));

    /// <summary>The word for what ended a handshake.</summary>
    public static string RefusalOf(Exception error) => error switch
    {
        OperationCanceledException => "time",
        PeerRefusedException => "identity",
        ProtocolViolationException => "violation",
        _ => "broken",
    };

    /// <summary>The word for what ended a stream's handler.</summary>
    public static string ResetOf(Exception error) => error switch
    {
        ProtocolViolationException => "violation",
        PeerRefusedException => "refused",
        StreamResetException => "reset",
        OperationCanceledException => "cancelled",
        _ => "failed",
    };
}
