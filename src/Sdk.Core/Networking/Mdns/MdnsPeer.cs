namespace Sdk.Core.Networking.Mdns;

/// <summary>
/// A peer that was heard of on a local network. Hearsay: whether it is there, and is who it is said to be, shows when it is dialled.
/// </summary>
/// <param name="Peer">Who.</param>
/// <param name="Addresses">Where, each with the peer id.</param>
public sealed record MdnsPeer(PeerId Peer, IReadOnlyList<Multiaddr> Addresses);
