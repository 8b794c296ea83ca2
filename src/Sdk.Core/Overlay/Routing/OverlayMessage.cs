using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Overlay.Routing;

/// <summary>What nodes say to each other in the overlay, once each has shown its record. Immutable.</summary>
internal abstract record OverlayMessage;

/// <summary>Asks whether the peer lives. Answered by <see cref="PongMessage"/>.</summary>
internal sealed record PingMessage : OverlayMessage
{
    public static PingMessage Instance { get; } = new();
}

/// <summary>The peer lives.</summary>
internal sealed record PongMessage : OverlayMessage
{
    public static PongMessage Instance { get; } = new();
}

/// <summary>Asks for the nodes nearest to an address that the peer is connected to. Answered by <see cref="NodesMessage"/>.</summary>
/// <param name="Target">Any address.</param>
/// <param name="Count">How many at most.</param>
internal sealed record FindNodesMessage(OverlayAddress Target, int Count) : OverlayMessage;

/// <summary>Nodes by their records, the nearest first: as an answer, or as a greeting that introduces nodes near the one greeted.</summary>
internal sealed record NodesMessage(IReadOnlyList<NodeRecord> Nodes) : OverlayMessage;

/// <summary>A notice: the sender's own record is a new one.</summary>
internal sealed record RenewalMessage(NodeRecord Record) : OverlayMessage;

/// <summary>Asks to keep records. Answered by <see cref="StoredRecordsMessage"/>.</summary>
internal sealed record StoreRecordsMessage(IReadOnlyList<OverlayRecord> Records) : OverlayMessage;

/// <summary>What became of the records, one by one.</summary>
internal sealed record StoredRecordsMessage(IReadOnlyList<RecordOutcome> Outcomes) : OverlayMessage;

/// <summary>Asks for the records under a key. Answered by <see cref="RecordsMessage"/>.</summary>
/// <param name="Kind">The kind of records.</param>
/// <param name="Key">The key.</param>
/// <param name="Known">The summary of those that are known already (<see cref="RecordSummary"/>), if any.</param>
internal sealed record FetchRecordsMessage(uint Kind, OverlayAddress Key, Hash256? Known) : OverlayMessage;

/// <summary>The records under a key, or word that they are the very ones whose summary was told.</summary>
internal sealed record RecordsMessage(bool IsSame, IReadOnlyList<OverlayRecord> Records) : OverlayMessage
{
    public static RecordsMessage Same { get; } = new(IsSame: true, []);
}

/// <summary>Tells of records by their digests. Answered by <see cref="WantedRecordsMessage"/>.</summary>
internal sealed record OfferRecordsMessage(IReadOnlyList<Hash256> Digests) : OverlayMessage
{
    public const int CountMax = 512;
}

/// <summary>Which of the records offered the peer lacks, by their places in the offer.</summary>
internal sealed record WantedRecordsMessage(IReadOnlyList<int> Indices) : OverlayMessage;

/// <summary>An answer: the peer asks too much.</summary>
internal sealed record BusyMessage : OverlayMessage
{
    public static BusyMessage Instance { get; } = new();
}
