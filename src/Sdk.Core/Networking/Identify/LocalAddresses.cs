using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sdk.Core.Networking.Identify;

/// <summary>"Any address" means something to this machine only: what peers are told are the addresses of its interfaces.</summary>
internal static class LocalAddresses
{
    /// <summary>The same places, with an unspecified IP address replaced by each of the machine's own of that family, once each.</summary>
    public static IReadOnlyList<Multiaddr> Expand(IEnumerable<Multiaddr> addresses)
    {
        var expanded = new List<Multiaddr>();
        IPAddress[]? own = null;
        foreach (var address in addresses)
        {
            if (address.TryGetTcp(out var endPoint) && endPoint is IPEndPoint ip && (ip.Address.Equals(IPAddress.Any) || ip.Address.Equals(IPAddress.IPv6Any)))
            {
                own ??= [.. InterfaceAddresses()];
                expanded.AddRange(own.Where(of => of.AddressFamily == ip.AddressFamily).Select(of => Multiaddr.FromTcp(new IPEndPoint(of, ip.Port))));
            }
            else
            {
                expanded.Add(address);
            }
        }

        return [.. expanded.Distinct()];
    }

    // Link-local IPv6 addresses mean nothing without the interface's name, which a multiaddr of TCP does not carry.
    private static IEnumerable<IPAddress> InterfaceAddresses() =>
        from card in NetworkInterface.GetAllNetworkInterfaces()
        where card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown
        from address in card.GetIPProperties().UnicastAddresses
        where address.Address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && !address.Address.IsIPv6LinkLocal
        select address.Address;
}
