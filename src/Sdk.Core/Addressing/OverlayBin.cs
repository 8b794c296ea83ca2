namespace Sdk.Core.Addressing;

/// <summary>One bin of a routing table: the peers whose addresses share exactly that many leading bits with the node's own.</summary>
/// <param name="ProximityOrder">How many leading bits they share, 0 to 255.</param>
/// <param name="Connected">How many of them are connected.</param>
/// <param name="Known">How many are known, the connected ones with them.</param>
public readonly record struct OverlayBin(int ProximityOrder, int Connected, int Known);
