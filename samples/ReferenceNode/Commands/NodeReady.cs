namespace Sdk.ReferenceNode.Commands;

/// <summary>What a node says when it is ready.</summary>
/// <param name="PeerId">Its identity on the network.</param>
/// <param name="Addresses">Where it listens, each with its peer id.</param>
/// <param name="Account">Its account address.</param>
internal sealed record NodeReady(string PeerId, string[] Addresses, string Account);
