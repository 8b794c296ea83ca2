using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay;

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

/// <summary>An answer: the peer asks too much.</summary>
internal sealed record BusyMessage : OverlayMessage
{
    public static BusyMessage Instance { get; } = new();
}
