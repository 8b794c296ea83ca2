using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Overlay.Routing;

/// <summary>A lookup under way: the protocol's steps, with what the router keeps beside them.</summary>
internal sealed class OverlayLookup(Lookup<OverlayContact> steps, int count, LookupGroups groups, bool isUpkeep)
{
    public Lookup<OverlayContact> Steps { get; } = steps;

    /// <summary>How many nodes are wanted.</summary>
    public int Count { get; } = count;

    /// <summary>Whether the router itself wanted it.</summary>
    public bool IsUpkeep { get; } = isUpkeep;

    public OverlayAddress Target => Steps.Target;

    /// <summary>What all are asked.</summary>
    public required FindNodesMessage Question { get; init; }

    /// <summary>Who wants the result, where it is not <see cref="LookupEndedEffect"/>'s.</summary>
    public Action<OverlayLookup>? Ended { get; init; }

    /// <summary>The contacts of each network group that it goes by.</summary>
    public LookupGroups Groups { get; } = groups;

    /// <summary>Set when it ended.</summary>
    public bool HasEnded { get; set; }

    /// <summary>How long each that answered took, with the dial that it may have needed; empty where the router itself wanted the lookup.</summary>
    public Dictionary<OverlayAddress, TimeSpan> Times => field ??= [];

    /// <summary>Nodes that it brought to the table's knowledge.</summary>
    public int News { get; set; }
}
