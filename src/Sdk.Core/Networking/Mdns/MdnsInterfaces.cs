using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sdk.Core.Networking.Mdns;

/// <summary>The machine's interfaces as they are now.</summary>
/// <param name="Links">Those to use.</param>
/// <param name="OwnAddresses">All of this machine's addresses, of any interface.</param>
internal sealed record MdnsInterfaces(IReadOnlyList<MdnsLink> Links, IReadOnlySet<IPAddress> OwnAddresses)
{
    /// <param name="names">Those to use; none: all that are fit for it.</param>
    public static MdnsInterfaces Read(IReadOnlyList<string> names)
    {
        var links = new List<MdnsLink>();
        var own = new HashSet<IPAddress>();
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces().Where(card => card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown))
        {
            var properties = card.GetIPProperties();
            own.UnionWith(properties.UnicastAddresses.Select(of => WithoutZone(of.Address)));
            var isLoopback = card.NetworkInterfaceType == NetworkInterfaceType.Loopback;
            var isWanted = names.Count > 0 ? names.Contains(card.Name) : card.SupportsMulticast || isLoopback;
            if (isWanted)
            {
                links.AddRange(LinksOf(card, properties, isLoopback));
            }
        }

        return new MdnsInterfaces(links, own);
    }

    /// <summary>The address as it stands in a list of this machine's.</summary>
    public static IPAddress WithoutZone(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address;

    private static IEnumerable<MdnsLink> LinksOf(NetworkInterface card, IPInterfaceProperties properties, bool isLoopback)
    {
        var addresses = properties.UnicastAddresses.ToArray();
        var networks = addresses.Where(of => !of.Address.IsIPv6LinkLocal).Select(of => NetworkOf(of.Address, of.PrefixLength)).Distinct().ToArray();
        if (addresses.Any(of => of.Address.AddressFamily == AddressFamily.InterNetwork) && IndexOf(() => properties.GetIPv4Properties().Index) is { } index4)
        {
            yield return new MdnsLink(index4, AddressFamily.InterNetwork, card.Name, networks, isLoopback);
        }

        // Over IPv6, multicast on loopback reaches nobody; what is on this machine is heard over IPv4.
        if (!isLoopback && addresses.Any(of => of.Address.IsIPv6LinkLocal) && IndexOf(() => properties.GetIPv6Properties().Index) is { } index6)
        {
            yield return new MdnsLink(index6, AddressFamily.InterNetworkV6, card.Name, networks, isLoopback);
        }
    }

    private static int? IndexOf(Func<int> read)
    {
        try
        {
            return read();
        }
        catch (NetworkInformationException)
        {
            // The interface does not speak that version of IP.
            return null;
        }
    }

    private static IPNetwork NetworkOf(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }
}
