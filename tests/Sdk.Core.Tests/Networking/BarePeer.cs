using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Muxing;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Tests.Networking;

/// <summary>A peer that is no switch: it answers the protocols that a test gives it and nothing else, and says what the test says.</summary>
internal sealed class BarePeer : IAsyncDisposable
{
    private readonly Upgrader _upgrader;

    private BarePeer(KeyPair key)
    {
        Key = key;
        _upgrader = new Upgrader(key, [SecurityProtocol.Tls], TimeProvider.System);
    }

    public KeyPair Key { get; }

    public PeerId Id => PeerId.FromPublicKey(Key.PublicKey);

    public Connection Connection { get; private set; } = null!;

    /// <summary>Dials a switch.</summary>
    public static async Task<BarePeer> DialAsync(Multiaddr address, params IProtocol[] protocols) =>
        await DialAsync(address, IPAddress.Loopback, protocols);

    /// <summary>Dials a switch from one of this machine's addresses.</summary>
    public static async Task<BarePeer> DialAsync(Multiaddr address, IPAddress from, params IProtocol[] protocols)
    {
        var peer = new BarePeer(KeyPair.GenerateTestOnly());
        var transport = await ConnectAsync(address, from);
        var secured = await peer._upgrader.UpgradeAsync(transport, isDialer: true, address.Peer, default);
        var known = new ConcurrentDictionary<string, IProtocol>(protocols.Select(protocol => KeyValuePair.Create(protocol.Id, protocol)));
        peer.Connection = new Connection(secured, transport, isDialer: true, known, new YamuxLimits(), TimeProvider.System, NullLogger.Instance);
        peer.Connection.Start();
        return peer;
    }

    /// <summary>Connects, and says nothing.</summary>
    public static async Task<TransportConnection> ConnectAsync(Multiaddr address, IPAddress from)
    {
        Assert.True(address.TryGetTcp(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from.MapToIPv6(), 0));
        await socket.ConnectAsync(endPoint);
        return new TransportConnection(
            new NetworkStream(socket, ownsSocket: true), Multiaddr.FromTcp((IPEndPoint)socket.LocalEndPoint!), Multiaddr.FromTcp((IPEndPoint)socket.RemoteEndPoint!));
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _upgrader.Dispose();
        Key.Dispose();
    }
}
