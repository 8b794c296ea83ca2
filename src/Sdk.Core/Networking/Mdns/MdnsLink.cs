using System.Net;
using System.Net.Sockets;

namespace Sdk.Core.Networking.Mdns;

/// <summary>One interface of this machine in one address family, and what lies directly at it.</summary>
/// <param name="Index">The interface's number.</param>
/// <param name="Family">Over which multicast goes.</param>
/// <param name="Name">What the machine calls the interface.</param>
/// <param name="Networks">What can be reached over it without a router, in both families; of loopback, the machine itself.</param>
/// <param name="IsLoopback">Whether it leads to this machine only.</param>
internal sealed record MdnsLink(int Index, AddressFamily Family, string Name, IReadOnlyList<IPNetwork> Networks, bool IsLoopback)
{
    /// <summary>Whether an address lies directly at the interface.</summary>
    public bool Holds(IPAddress address) =>
        (address.IsIPv6LinkLocal && !IsLoopback) || Networks.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address));

    /// <summary>
    /// Whether what is said over this link about a node at <paramref name="address"/> is worth a dial. Anybody at the link can say anything,
    /// so it must not send this node further than the speaker reaches itself: only private addresses, and only those of the link's own
    /// networks; this machine's loopback only where this machine speaks. Link-local IPv6 addresses cannot be dialled by a multiaddress of TCP.
    /// </summary>
    public bool Believes(Multiaddr address, bool isSpokenHere)
    {
        if (!address.TryGetTcp(out var place) || place is not IPEndPoint { Port: > 0, Address: var ip })
        {
            return false;
        }

        return address.Reach switch
        {
            AddressReach.Machine => isSpokenHere,
            AddressReach.Site => !ip.IsIPv6LinkLocal && Holds(ip),
            _ => false,
        };
    }

    /// <summary>Whether an own address is told over this link: one by which those at the link reach this node, and nobody else's business.</summary>
    public bool Tells(Multiaddr address) =>
        address.TryGetTcp(out var place) && place is IPEndPoint { Port: > 0, Address: var ip }
        && (IsLoopback ? address.Reach == AddressReach.Machine : address.Reach == AddressReach.Site && !ip.IsIPv6LinkLocal && Holds(ip));
}
