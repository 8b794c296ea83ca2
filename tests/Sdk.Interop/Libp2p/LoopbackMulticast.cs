using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sdk.Core.Networking.Mdns;

namespace Sdk.Interop.Libp2p;

/// <summary>
/// The loopback interface as a network of its own, for multicast DNS: nothing leaves the machine. On a port of its own, too, since the
/// machine's responder may have the usual one.
/// </summary>
internal static class LoopbackMulticast
{
    private static readonly Lazy<string?> Trouble = new(Try);

    /// <summary>Why this machine does not carry multicast on loopback; null where it does.</summary>
    public static string? Missing => Trouble.Value;

    /// <summary>The interface's name.</summary>
    public static string Interface => NetworkInterface.GetAllNetworkInterfaces().First(card => card.NetworkInterfaceType == NetworkInterfaceType.Loopback).Name;

    /// <summary>A port that nobody uses now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public static MdnsOptions Options(int port) => new() { Port = port, Interfaces = [Interface] };

    private static string? Try()
    {
        try
        {
            using var socket = MdnsSocket.Open(AddressFamily.InterNetwork, FreePort());
            var index = NetworkInterface.LoopbackInterfaceIndex;
            socket.Join(index);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            var receiving = socket.ReceiveAsync(limit.Token).AsTask();
            socket.Send(index, [1]);
            return receiving.GetAwaiter().GetResult().InterfaceIndex == index ? null : "Multicast on loopback comes from elsewhere.";
        }
        catch (Exception error) when (error is SocketException or NetworkInformationException or OperationCanceledException)
        {
            return $"This machine does not carry multicast on loopback: {error.Message}";
        }
    }
}

/// <summary>A test that needs multicast on loopback, and is skipped, with the reason, on a machine that does not carry it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopbackMulticastFactAttribute : FactAttribute
{
    public LoopbackMulticastFactAttribute() => Skip = LoopbackMulticast.Missing;
}

/// <summary>One that needs js-libp2p as well.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class JsMulticastFactAttribute : FactAttribute
{
    public JsMulticastFactAttribute() => Skip = LoopbackMulticast.Missing ?? JsInstallation.Missing;
}
