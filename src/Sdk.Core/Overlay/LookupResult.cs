using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay;

/// <summary>What a lookup found.</summary>
/// <param name="Target">The address that was looked up.</param>
/// <param name="Nearest">The nodes nearest to it that answered, the nearest first; this node is among them where it belongs there.</param>
/// <param name="Hops">How many answers led to the nearest node: 0 if it was known before.</param>
/// <param name="Trace">All nodes that were asked, in this order.</param>
/// <param name="IsComplete">False where the lookup ended at its limit of questions: nearer nodes may exist.</param>
public sealed record LookupResult(
    OverlayAddress Target, IReadOnlyList<NodeRecord> Nearest, int Hops, IReadOnlyList<LookupStep> Trace, bool IsComplete);

/// <summary>One question of a lookup.</summary>
/// <param name="Node">Who was asked.</param>
/// <param name="Path">On which of the disjoint paths, from 0; −1 for the end, where all paths are one.</param>
/// <param name="Depth">How many answers led to it.</param>
/// <param name="Proximity">Leading bits that it shares with the target.</param>
/// <param name="Named">How many nodes it named; null if it did not answer.</param>
/// <param name="NearestNamed">Leading bits that the nearest of them shares with the target; null if it named nobody.</param>
/// <param name="Time">From the question to the answer, with the dial that it may have needed; null if it did not answer.</param>
public sealed record LookupStep(NodeRecord Node, int Path, int Depth, int Proximity, int? Named, int? NearestNamed, TimeSpan? Time);
