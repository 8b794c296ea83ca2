using System.Diagnostics.Metrics;

namespace Sdk.Core.Overlay.Records;

/// <summary>Counts of the record store, under the overlay's meter. Reasons are few fixed words: nothing a peer says is a tag.</summary>
internal static class RecordTelemetry
{
    public const string MeterName = "Sdk.Core.Overlay";

    private static readonly Meter Meter = new(MeterName);

    private static readonly string[] Words = [.. Enum.GetValues<RecordOutcome>().Select(WordOf)];

    public static readonly Counter<long> Outcomes =
        Meter.CreateCounter<long>("sdk.overlay.records.outcomes", "{record}", "Records offered to this node, by outcome.");

    public static readonly UpDownCounter<long> Held =
        Meter.CreateUpDownCounter<long>("sdk.overlay.records.held", "{record}", "Records kept for the network.");

    public static readonly UpDownCounter<long> HeldBytes =
        Meter.CreateUpDownCounter<long>("sdk.overlay.records.bytes", "By", "Length of the records kept for the network.");

    public static readonly Counter<long> Evicted =
        Meter.CreateCounter<long>("sdk.overlay.records.evicted", "{record}", "Records given up before their time: for nearer ones, or for another writer of their key.");

    private static readonly Counter<long> Puts =
        Meter.CreateCounter<long>("sdk.overlay.records.puts", "{record}", "Records that this node put, by result: stored, missed.");

    private static readonly Counter<long> Gets =
        Meter.CreateCounter<long>("sdk.overlay.records.gets", "{question}", "Keys that this node asked for, by result: found, none.");

    private static readonly Counter<long> Lies =
        Meter.CreateCounter<long>("sdk.overlay.records.lies", "{answer}", "Answers with records that are forged, out of date, or another key's.");

    public static void PutEnded(bool isStored) => Puts.Add(1, new KeyValuePair<string, object?>("result", isStored ? "stored" : "missed"));

    public static void GetEnded(bool isFound) => Gets.Add(1, new KeyValuePair<string, object?>("result", isFound ? "found" : "none"));

    public static void Lied() => Lies.Add(1);

    public static void Offered(RecordOutcome outcome) =>
        Outcomes.Add(1, new KeyValuePair<string, object?>("outcome", Words[(int)outcome - 1]));

    private static string WordOf(RecordOutcome outcome) => outcome switch
    {
        RecordOutcome.Stored => "stored",
        RecordOutcome.Known => "known",
        RecordOutcome.NewerExists => "newer",
        RecordOutcome.Malformed => "malformed",
        RecordOutcome.WrongNetwork => "network",
        RecordOutcome.UnknownKind => "kind",
        RecordOutcome.TooLarge => "size",
        RecordOutcome.WrongLifetime => "lifetime",
        RecordOutcome.Expired => "expired",
        RecordOutcome.FromTheFuture => "future",
        RecordOutcome.WrongKey => "key",
        RecordOutcome.InvalidSignature => "signature",
        RecordOutcome.InvalidValue => "value",
        RecordOutcome.WriterQuota => "writer",
        RecordOutcome.SubmitterQuota => "submitter",
        RecordOutcome.KeyFull => "crowded",
        _ => "full",
    };
}
