namespace Sdk.Core.Overlay;

/// <summary>What became of a message that was to be routed, as far as the next node. Nothing says whether it arrives: whoever receives it may answer.</summary>
public enum RouteOutcome
{
    /// <summary>The next node took it, or this node is where it goes.</summary>
    Accepted = 0,

    /// <summary>Every node that could carry it has its hands full: try again later, and slower.</summary>
    Busy = 1,

    /// <summary>No connected node is nearer to where it goes, or it has made too many hops.</summary>
    NoRoute = 2,

    /// <summary>The prefix is so short that the message would reach more nodes than one message may.</summary>
    TooWide = 3,
}
