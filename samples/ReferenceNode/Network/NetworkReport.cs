using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sdk.ReferenceNode.Network;

/// <summary>What was seen of a network. With <c>--json</c> this is the one document on standard output.</summary>
internal sealed record NetworkReport
{
    /// <summary>True only if the lookup found the true nearest node and the record came back.</summary>
    public bool Ok { get; set; }

    /// <summary>Why it ended early, in one line; absent when it did not.</summary>
    public string? Error { get; set; }

    public int Nodes { get; set; }

    /// <summary>From nothing to a network in which every node has joined and nobody connects any more.</summary>
    public double StartSeconds { get; set; }

    /// <summary>Connections between nodes, each counted once.</summary>
    public int Connections { get; set; }

    public NodeView? View { get; set; }

    public LookupView? Lookup { get; set; }

    public RecordView? Record { get; set; }

    public string ToJson() => JsonSerializer.Serialize(this, NetworkReportJson.Readable.NetworkReport);
}

/// <summary>The overlay as one node sees it.</summary>
/// <param name="Address">Its overlay address.</param>
/// <param name="PeerId">Who it is on the wire.</param>
/// <param name="Depth">The bin at which its neighbourhood begins.</param>
/// <param name="Bins">The bins that hold nodes, the farthest first.</param>
/// <param name="Neighbourhood">The nodes it is connected to from there on, the nearest first.</param>
internal sealed record NodeView(string Address, string PeerId, int Depth, IReadOnlyList<BinView> Bins, IReadOnlyList<NeighbourView> Neighbourhood);

/// <summary>Nodes that share exactly that many leading bits with the viewer's address.</summary>
internal sealed record BinView(int Proximity, int Connected, int Known, bool IsNeighbourhood);

internal sealed record NeighbourView(string Address, int Proximity);

/// <summary>A lookup, and what it should have found.</summary>
/// <param name="Target">The address that was looked up.</param>
/// <param name="From">Who looked.</param>
/// <param name="Steps">Who was asked, in this order.</param>
/// <param name="Nearest">The nearest node that was found.</param>
/// <param name="NearestProximity">Leading bits that it shares with the target.</param>
/// <param name="TrueNearest">The nearest of all nodes, by someone who knows them all.</param>
/// <param name="IsTrueNearest">Whether they are one.</param>
/// <param name="Hops">How many answers led to it; 0 if it was known from the start.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record LookupView(
    string Target, string From, IReadOnlyList<StepView> Steps, string Nearest, int NearestProximity, string TrueNearest, bool IsTrueNearest, int Hops, double Milliseconds);

/// <summary>One question of a lookup.</summary>
/// <param name="Asked">Who.</param>
/// <param name="Path">On which of the disjoint paths, from 0; −1 for the end, where all are one.</param>
/// <param name="Depth">How many answers led there.</param>
/// <param name="Proximity">Leading bits shared with the target.</param>
/// <param name="Named">How many nodes it named; absent if it did not answer.</param>
/// <param name="NearestNamed">Leading bits that the nearest of them shares with the target.</param>
/// <param name="Milliseconds">From the question to the answer, with the dial that it may have needed.</param>
internal sealed record StepView(string Asked, int Path, int Depth, int Proximity, int? Named, int? NearestNamed, double? Milliseconds);

/// <summary>A record that one node put and another one got.</summary>
/// <param name="Kind">What kind of record.</param>
/// <param name="Key">Under which address it is kept.</param>
/// <param name="PutAt">The node that put it.</param>
/// <param name="GotAt">The node that got it.</param>
/// <param name="Asked">How many nodes were asked to keep it.</param>
/// <param name="Holders">Those that had said so when it was stored, the nearest first.</param>
/// <param name="IsSame">Whether what was got is what was put.</param>
/// <param name="PutMilliseconds">How long the put took.</param>
/// <param name="GetMilliseconds">How long the get took.</param>
internal sealed record RecordView(
    string Kind, string Key, string PutAt, string GotAt, int Asked, IReadOnlyList<HolderView> Holders, bool IsSame, double PutMilliseconds, double GetMilliseconds);

/// <summary>A node that keeps the record.</summary>
/// <param name="Address">Its overlay address.</param>
/// <param name="Proximity">Leading bits shared with the key.</param>
/// <param name="Rank">The how-manieth nearest of all nodes it is, from 1.</param>
internal sealed record HolderView(string Address, int Proximity, int Rank);

[JsonSerializable(typeof(NetworkReport))]
internal sealed partial class NetworkReportJson : JsonSerializerContext
{
    /// <summary>For people too: indented, and quotation marks in messages stay what they are. The document never goes into HTML.</summary>
    public static NetworkReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
