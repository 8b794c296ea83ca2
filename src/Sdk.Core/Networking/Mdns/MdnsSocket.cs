using System.Net;
using System.Net.Sockets;

namespace Sdk.Core.Networking.Mdns;

/// <summary>A message of the group, and how it came.</summary>
internal readonly record struct MdnsPacket(ReadOnlyMemory<byte> Bytes, int InterfaceIndex, IPEndPoint Source);

/// <summary>
/// The group of multicast DNS in one address family: messages to it, over the interfaces that joined. It shares its port with whoever
/// else on this machine does the same. One reader at a time, one writer at a time.
/// </summary>
internal sealed class MdnsSocket : IDisposable
{
    private static readonly IPAddress Group4 = new([224, 0, 0, 251]);
    private static readonly IPAddress Group6 = IPAddress.Parse("ff02::fb");

    /// <summary>No router passes these on; some listeners believe only what kept all its hops (RFC 6762, section 11).</summary>
    private const int Hops = 255;

    private readonly Socket _socket;
    private readonly IPEndPoint _group;
    private readonly IPEndPoint _anybody;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(DnsMessage.MaxBytes + 1);

    private MdnsSocket(Socket socket, int port)
    {
        _socket = socket;
        _group = new IPEndPoint(IsVersion4 ? Group4 : Group6, port);
        _anybody = new IPEndPoint(IsVersion4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
    }

    public AddressFamily Family => _socket.AddressFamily;

    private bool IsVersion4 => Family == AddressFamily.InterNetwork;

    /// <exception cref="SocketException">The machine does not have the family, or somebody keeps the port to himself.</exception>
    public static MdnsSocket Open(AddressFamily family, int port)
    {
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            var level = family == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.SetSocketOption(level, SocketOptionName.PacketInformation, true);
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
            socket.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, Hops);
            socket.SetSocketOption(level, SocketOptionName.MulticastLoopback, true);
            return new MdnsSocket(socket, port);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="SocketException">The interface is gone, or cannot.</exception>
    public void Join(int index) => Change(SocketOptionName.AddMembership, index);

    /// <exception cref="SocketException">The interface is gone, and the membership with it.</exception>
    public void Leave(int index) => Change(SocketOptionName.DropMembership, index);

    /// <exception cref="SocketException">The interface is gone, or has no way out.</exception>
    public void Send(int index, byte[] message)
    {
        if (IsVersion4)
        {
            _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(index));
        }
        else
        {
            _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
        }

        _socket.SendTo(message, _group);
    }

    /// <summary>The next message to the group. Its bytes are good until the next call.</summary>
    /// <exception cref="SocketException">The machine says something went wrong; it may go on.</exception>
    public async ValueTask<MdnsPacket> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var received = await _socket.ReceiveMessageFromAsync(_buffer, SocketFlags.None, _anybody, cancellationToken).ConfigureAwait(false);

            // What was sent to this machine alone may come from beyond the link.
            if (received.PacketInformation.Address.Equals(_group.Address) && received.RemoteEndPoint is IPEndPoint source)
            {
                return new MdnsPacket(_buffer.AsMemory(0, received.ReceivedBytes), received.PacketInformation.Interface, source);
            }

            MdnsTelemetry.Refused("source");
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Change(SocketOptionName change, int index)
    {
        if (IsVersion4)
        {
            _socket.SetSocketOption(SocketOptionLevel.IP, change, new MulticastOption(Group4, index));
        }
        else
        {
            _socket.SetSocketOption(SocketOptionLevel.IPv6, change, new IPv6MulticastOption(Group6, index));
        }
    }
}
