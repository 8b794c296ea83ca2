using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sdk.ReferenceNode.Demo;

/// <summary>What a demo found out. With <c>--json</c> this is the one document on standard output.</summary>
internal sealed record DemoReport
{
    /// <summary>True only if every byte came back right.</summary>
    public bool Ok { get; set; }

    /// <summary>Why it ended early, in one line; absent when it did not.</summary>
    public string? Error { get; set; }

    public int FilesCopied { get; set; }

    public long BytesCopied { get; set; }

    /// <summary>Bytes whose SHA-256 was compared with that of the source and was equal.</summary>
    public long BytesVerified { get; set; }

    /// <summary>Files that came back different, or not at all.</summary>
    public int Mismatches { get; set; }

    public int Members { get; set; }

    public int MembersKilled { get; set; }

    /// <summary>Bytes of the files the disk had taken when the members were killed.</summary>
    public long BytesCopiedBeforeKill { get; set; }

    /// <summary>From the first byte until the flush returned.</summary>
    public double WriteMiBPerSecond { get; set; }

    /// <summary>In the reading process, from the first byte to the last.</summary>
    public double ReadMiBPerSecond { get; set; }

    /// <summary>Sequential writes of 1 MiB with an fsync each, measured on this machine before the copy.</summary>
    public double FsyncedMiBPerSecond { get; set; }

    /// <summary>What the copy should reach on this machine: 40, or half of (fsynced rate ÷ 2 ÷ members) where that is lower.</summary>
    public double FloorMiBPerSecond { get; set; }

    public long DiskBytes { get; set; }

    /// <summary>How many members hold, or held when they died, the newest certificate of a slice (256 KiB) → how many slices.</summary>
    public IReadOnlyDictionary<int, long> CertificatesByHolders { get; set; } = new Dictionary<int, long>();

    public List<ProcessReport> Processes { get; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, DemoReportJson.Readable.DemoReport);
}

/// <summary>One process of the demo.</summary>
internal sealed record ProcessReport(string Role, int ProcessId, string? PeerId, bool Killed, long PeakWorkingSetBytes);

[JsonSerializable(typeof(DemoReport))]
internal sealed partial class DemoReportJson : JsonSerializerContext
{
    /// <summary>For people too: indented, and quotation marks in messages stay what they are. The document never goes into HTML.</summary>
    public static DemoReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
