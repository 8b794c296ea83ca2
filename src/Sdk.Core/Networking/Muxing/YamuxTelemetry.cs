using System.Diagnostics.Metrics;

namespace Sdk.Core.Networking.Muxing;

/// <summary>Counts of what the muxer ends or resets on its own account, under the network's meter.</summary>
internal static class YamuxTelemetry
{
    private static readonly Meter Meter = new(Telemetry.MeterName);

    private static readonly Counter<long> Faults = Meter.CreateCounter<long>(
        "sdk.network.yamux_faults",
        "{fault}",
        "Connections that the muxer ended (frame, window, stream-id, length, overflow, replies, silent) and streams that it reset (streams, unread, unwelcome, unended), by reason.");

    public static void Fault(YamuxFault fault) => Faults.Add(1, new KeyValuePair<string, object?>(Telemetry.ReasonTag, WordOf(fault)));

    public static string WordOf(YamuxFault fault) => fault switch
    {
        YamuxFault.Frame => "frame",
        YamuxFault.Window => "window",
        YamuxFault.StreamId => "stream-id",
        YamuxFault.Length => "length",
        YamuxFault.Overflow => "overflow",
        YamuxFault.Replies => "replies",
        YamuxFault.Silent => "silent",
        YamuxFault.Streams => "streams",
        YamuxFault.Unread => "unread",
        YamuxFault.Unwelcome => "unwelcome",
        _ => "unended",
    };
}
