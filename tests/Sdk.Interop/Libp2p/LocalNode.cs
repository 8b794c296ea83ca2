using System.Collections.Concurrent;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Relay;

namespace Sdk.Interop.Libp2p;

/// <summary>Our side: a switch that listens on loopback and answers the test protocols.</summary>
internal sealed class LocalNode : IAsyncDisposable
{
    private readonly ConcurrentDictionary<PeerId, TaskCompletionSource<Connection>> _opened = new();

    private LocalNode(Action<SwitchOptions>? configure)
    {
        var options = new SwitchOptions { NodeKey = Key };
        configure?.Invoke(options);
        Switch = new Switch(options);
        Protocols.RegisterAt(Switch);
        Switch.ConnectionOpened += connection => OpenedBy(connection.RemotePeer).TrySetResult(connection);
    }

    public KeyPair Key { get; } = KeyPair.GenerateTestOnly();

    public Switch Switch { get; }

    public TestProtocols Protocols { get; } = new();

    public PeerId PeerId => Switch.LocalPeer;

    /// <summary>Where it listens, with its peer id.</summary>
    public Multiaddr Address { get; private set; } = null!;

    public static async Task<LocalNode> StartAsync(Action<SwitchOptions>? configure = null)
    {
        var node = new LocalNode(configure);
        node.Address = await node.Switch.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        return node;
    }

    /// <summary>A node that is reached, and dials, through relays too; it listens at <paramref name="relay"/> only, or on loopback where none is given.</summary>
    public static async Task<LocalNode> StartRelayedAsync(Multiaddr? relay = null)
    {
        var node = new LocalNode(options => options.Transports = [new TcpTransport(), new RelayTransport()]);
        node.Address = await node.Switch.ListenAsync(relay?.WithCircuit() ?? Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")).AsTask().WaitAsync(JsPeer.Limit);
        return node;
    }

    /// <summary>The first connection with that peer, whoever dials.</summary>
    public Task<Connection> ConnectionWithAsync(PeerId peer) => OpenedBy(peer).Task.WaitAsync(JsPeer.Limit);

    public async ValueTask DisposeAsync()
    {
        await Switch.DisposeAsync();
        Key.Dispose();
    }

    private TaskCompletionSource<Connection> OpenedBy(PeerId peer) =>
        _opened.GetOrAdd(peer, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
