namespace Sdk.ReferenceNode.Commands;

/// <summary>What a node says when it is ready.</summary>
/// <param name="PeerId">Its identity on the network.</param>
/// <param name="Addresses">Where it listens, each with its peer id.</param>
/// <param name="Account">Its account address.</param>
/// <param name="Overlay">Its place in the overlay; absent where it takes no part.</param>
internal sealed record NodeReady(string PeerId, string[] Addresses, string Account, OverlayReady? Overlay = null);

/// <summary>A node's place in the overlay.</summary>
/// <param name="Address">Its overlay address.</param>
/// <param name="Connected">To how many nodes it is connected; 0 where it has met nobody yet, and goes on trying.</param>
internal sealed record OverlayReady(string Address, int Connected);
