namespace Sdk.Core.Networking.Identify;

/// <summary>An address at which peers see this node. Nobody has dialled it yet: whether it can be reached is another question.</summary>
/// <param name="Address">The address, without a peer.</param>
/// <param name="NetworkCount">
/// From how many networks (IPv4 /16, IPv6 /48) the peers that report it come: one liar with many addresses in one network counts once.
/// </param>
/// <param name="IsListening">
/// Whether peers reached this node there, rather than saw where its own dial came from (a port that a NAT may have chosen for that one connection).
/// </param>
public sealed record ObservedAddress(Multiaddr Address, int NetworkCount, bool IsListening);
