using System.Net;
using System.Net.Sockets;

namespace Sdk.Core.Networking;

/// <summary>TCP: <c>/ip4|ip6|dns|dns4|dns6/…/tcp/N</c>. Holds no state of its own.</summary>
public sealed class TcpTransport : ITransport
{
    /// <summary>Connections that the kernel may hold until they are accepted.</summary>
    private const int Backlog = 512;

    /// <inheritdoc/>
    public bool CanDial(Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.TryGetTcp(out _);
    }

    /// <inheritdoc/>
    public ValueTask<ITransportListener> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.TryGetTcp(out var endPoint) || endPoint is not IPEndPoint place)
        {
            throw new DialException($"{address} is not a TCP address to listen on.");
        }

        var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // A restarted node takes its port back at once; on Windows the same option would let strangers share it.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, !OperatingSystem.IsWindows());
            socket.Bind(place);
            socket.Listen(Backlog);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new DialException($"Cannot listen on {address}: {error.Message}", error);
        }

        return new ValueTask<ITransportListener>(new Listener(socket));
    }

    /// <inheritdoc/>
    public async ValueTask<TransportConnection> DialAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.TryGetTcp(out var endPoint))
        {
            throw new DialException($"{address} is not a TCP address.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return Wrap(socket);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new DialException($"Cannot reach {address}: {error.Message}", error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    private static TransportConnection Wrap(Socket socket)
    {
        // Frames are batched above; waiting for more would only add delay.
        socket.NoDelay = true;
        var local = Multiaddr.FromTcp((IPEndPoint)socket.LocalEndPoint!);
        var remote = Multiaddr.FromTcp((IPEndPoint)socket.RemoteEndPoint!);
        return new TransportConnection(new NetworkStream(socket, ownsSocket: true), local, remote);
    }

    private sealed class Listener(Socket socket) : ITransportListener
    {
        public Multiaddr Address { get; } = Multiaddr.FromTcp((IPEndPoint)socket.LocalEndPoint!);

        public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                Socket? accepted = null;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                    return Wrap(accepted);
                }
                catch (SocketException error) when (error.SocketErrorCode is not (SocketError.OperationAborted or SocketError.TooManyOpenSockets))
                {
                    // The peer went away between its connect and our accept: the next one counts.
                    accepted?.Dispose();
                }
            }
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return default;
        }
    }
}
