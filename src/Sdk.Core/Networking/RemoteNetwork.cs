using System.Net;
using System.Net.Sockets;

namespace Sdk.Core.Networking;

/// <summary>Whom to count together: one IPv4 address is one host or the few behind it, and one IPv6 host commonly has a network of 64 bits.</summary>
internal static class RemoteNetwork
{
    /// <summary>The address, or the network of 64 bits that it belongs to.</summary>
    public static IPAddress Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
