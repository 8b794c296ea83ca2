using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Diagnostics;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Muxing;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Networking;

/// <summary>
/// A node's meeting point with its peers: listens and dials over its transports, secures every connection and verifies who is at its
/// other end, shares one connection among all who dial the same peer, and hands each incoming stream to its protocol. Thread-safe.
/// </summary>
public sealed class Switch : IAsyncDisposable
{
    /// <summary>How long handlers may take to return after they were cancelled.</summary>
    private static readonly TimeSpan HandlerGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long a listener that cannot accept waits before it tries again.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private readonly SwitchOptions _options;
    private readonly YamuxLimits _limits;
    private readonly ILogger _logger;
    private readonly Upgrader _upgrader;
    private readonly ConcurrentDictionary<string, IProtocol> _protocols = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private readonly ITimer _probe;
    private readonly Handshakes _handshakes;
    private readonly Dialer _dialer;

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly List<ITransportListener> _listeners = [];
    private Task? _disposal;

    /// <summary>A switch that neither listens nor dials yet.</summary>
    public Switch(SwitchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _limits = new YamuxLimits { MaxInboundStreams = options.MaxInboundStreamsPerConnection };
        _logger = options.LoggerFactory.CreateLogger(typeof(Switch).FullName!);
        _upgrader = new Upgrader(options.NodeKey, options.Securities, options.TimeProvider);
        _handshakes = new Handshakes(options);
        ConnectionManager = new ConnectionManager(options, _logger);
        AddressBook = new AddressBook(options.TimeProvider);
        _dialer = new Dialer(options, ConnectionManager, AddressBook, ConnectAsync, _logger, _stopping.Token);
        LocalPeer = PeerId.FromPublicKey(options.NodeKey.PublicKey);
        Identify = new IdentifyService(this, options, _logger, _stopping.Token);
        Identify.PeerIdentified += AddressBook.Learn;
        Register(new PingProtocol(options.TimeProvider));
        _probe = options.TimeProvider.CreateTimer(static state => ((Switch)state!).Probe(), this, options.ProbeInterval, options.ProbeInterval);
        foreach (var transport in options.Transports.OfType<ISwitchTransport>())
        {
            transport.Attach(this);
        }
    }

    /// <summary>
    /// Raised for each connection that was admitted, whoever dialled. Streams may be open on it already. A handler is quick; what it throws is logged.
    /// </summary>
    public event Action<Connection>? ConnectionOpened;

    /// <summary>Raised once for each connection that was opened, after it closed and left <see cref="Connections"/>. A handler is quick; what it throws is logged.</summary>
    public event Action<Connection>? ConnectionClosed;

    /// <summary>Who the peers say they are, and as whom they see this node.</summary>
    public IdentifyService Identify { get; }

    /// <summary>This node's id.</summary>
    public PeerId LocalPeer { get; }

    /// <summary>Where this node can be reached as far as its listeners know, through relays too; each address with its peer id.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses =>
        [.. Snapshot(_listeners).SelectMany(listener => listener.ReachableAddresses).Select(address => address.WithPeer(LocalPeer))];

    /// <summary>The live connections.</summary>
    public IReadOnlyList<Connection> Connections => ConnectionManager.All;

    /// <summary>Which connections stay when there are too many.</summary>
    public ConnectionManager ConnectionManager { get; }

    /// <summary>Where peers were said to be.</summary>
    public AddressBook AddressBook { get; }

    /// <summary>Signs in this node's name.</summary>
    internal KeyPair NodeKey => _options.NodeKey;

    internal ILoggerFactory LoggerFactory => _options.LoggerFactory;

    /// <summary>The live direct connections to a peer.</summary>
    internal IReadOnlyList<Connection> DirectConnectionsTo(PeerId peer) =>
        [.. ConnectionManager.OpenTo(peer).Where(connection => !connection.IsRelayed)];

    /// <summary>The names of the protocols that are registered.</summary>
    public IReadOnlyCollection<string> Protocols => [.. _protocols.Keys];

    /// <summary>Answers streams of the protocol from now on.</summary>
    /// <exception cref="InvalidOperationException">A protocol of that name is registered.</exception>
    public void Register(IProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        if (!_protocols.TryAdd(protocol.Id, protocol))
        {
            throw new InvalidOperationException($"The protocol {protocol.Id} is registered already.");
        }

        // Null while identify registers its own.
        Identify?.Change();
    }

    /// <summary>
    /// Answers no streams of the protocol from now on, and lists it no longer. Streams that are open stay with the handler that got them.
    /// </summary>
    /// <returns>Whether a protocol of that name was registered.</returns>
    public bool Unregister(string protocolId)
    {
        ArgumentException.ThrowIfNullOrEmpty(protocolId);
        if (!_protocols.TryRemove(protocolId, out _))
        {
            return false;
        }

        Identify.Change();
        return true;
    }

    /// <summary>Accepts connections on an address; port or number 0 means any free one.</summary>
    /// <returns>The address with the port that was chosen and this node's peer id.</returns>
    /// <exception cref="DialException">No transport understands the address, or it is taken.</exception>
    public async ValueTask<Multiaddr> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        var listener = await TransportOf(address).ListenAsync(address, cancellationToken).ConfigureAwait(false);
        bool isRefused;
        lock (_gate)
        {
            isRefused = _disposal is not null;
            if (!isRefused)
            {
                _listeners.Add(listener);
                _loops.Add(Task.Run(() => AcceptLoopAsync(listener), CancellationToken.None));
            }
        }

        if (isRefused)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
            throw new ObjectDisposedException(nameof(Switch));
        }

        NetworkLog.Listening(_logger, listener.Address);
        Identify.Change();
        return listener.Address.WithPeer(LocalPeer);
    }

    /// <summary>
    /// Connects to the peer that the address names, or returns the live connection to it. A connection through a relay does not count
    /// where the address leads to the peer directly.
    /// </summary>
    /// <param name="addressWithPeer">Where, and who must answer: <c>…/p2p/ID</c>.</param>
    /// <param name="cancellationToken">Stops waiting; a dial that others wait for goes on.</param>
    /// <exception cref="DialException">Nobody answers there in time, or what answers does not speak libp2p.</exception>
    /// <exception cref="PeerRefusedException">Somebody else answered, or its proof is invalid, or a limit is reached.</exception>
    public async ValueTask<Connection> DialAsync(Multiaddr addressWithPeer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(addressWithPeer);
        var peer = addressWithPeer.Peer ?? throw new ArgumentException("The address must say who answers: /p2p/ID.", nameof(addressWithPeer));
        ThrowIfUndialable(peer);
        return await _dialer.DialAsync(addressWithPeer, peer).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Connects to a peer at the addresses known of it (<see cref="AddressBook"/>), or returns the live connection to it. Addresses that
    /// the peer signed come first, relays last; the next one is tried when the one before has failed or has not answered within 250 ms.
    /// A peer that fails again and again is left alone for a while, longer each time.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="cancellationToken">Stops waiting; a dial that others wait for goes on.</param>
    /// <exception cref="DialException">No address is known or none answered (<see cref="DialException.Failures"/>), or the peer is left alone.</exception>
    public async ValueTask<Connection> DialAsync(PeerId peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ThrowIfUndialable(peer);
        return await _dialer.DialAsync(peer).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns if the peer that the address names answers there, proving who it is: over a connection made for this and closed at once,
    /// whatever other connections there are.
    /// </summary>
    /// <exception cref="DialException">Nobody answers there in time, or what answers does not speak libp2p.</exception>
    /// <exception cref="PeerRefusedException">Somebody else answered.</exception>
    internal async Task ProbeAsync(Multiaddr addressWithPeer, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.HandshakeTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var (secured, _) = await DialSecuredAsync(addressWithPeer, addressWithPeer.Peer!, either.Token).ConfigureAwait(false);
        await secured.Stream.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Stops listening, cancels handlers, sends what is queued (five seconds at most) and closes every connection.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            return new ValueTask(_disposal ??= DisposeCoreAsync());
        }
    }

    private async Task DisposeCoreAsync()
    {
        // Leaves the gate that the caller holds.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _probe.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var listener in Snapshot(_listeners))
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(Snapshot(_loops)).ConfigureAwait(false);
        await _handshakes.WhenAllEndedAsync().ConfigureAwait(false);
        await _dialer.WhenAllEndedAsync().ConfigureAwait(false);
        ConnectionManager.Close();
        var connections = Connections;

        // What goes through a relay needs the connection to the relay for its last bytes.
        foreach (var alike in connections.GroupBy(connection => connection.IsRelayed).OrderByDescending(group => group.Key))
        {
            await Task.WhenAll(alike.Select(connection => connection.DisposeAsync().AsTask())).ConfigureAwait(false);
        }

        try
        {
            await Task.WhenAll(connections.Select(connection => connection.WhenHandledAsync()))
                .WaitAsync(HandlerGrace, _options.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            NetworkLog.HandlerLingers(_logger, HandlerGrace);
        }

        await Identify.WhenStoppedAsync().ConfigureAwait(false);
        _upgrader.Dispose();
        _stopping.Dispose();
    }

    private T[] Snapshot<T>(IEnumerable<T> items)
    {
        lock (_gate)
        {
            return [.. items];
        }
    }

    private ITransport TransportOf(Multiaddr address) =>
        _options.Transports.FirstOrDefault(transport => transport.CanDial(address))
        ?? throw new DialException($"No transport understands {address}.");

    private void ThrowIfUndialable(PeerId peer)
    {
        if (peer == LocalPeer)
        {
            throw new DialException("A node does not dial itself.");
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
        }
    }

    /// <summary>Dials one address, within the handshake's time.</summary>
    private async Task<Connection> ConnectAsync(Multiaddr address, PeerId peer, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.HandshakeTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var (secured, transport) = await DialSecuredAsync(address, peer, either.Token).ConfigureAwait(false);
        return await AdmitAsync(secured, transport, isDialer: true).ConfigureAwait(false);
    }

    private async Task<(SecuredConnection Secured, TransportConnection Transport)> DialSecuredAsync(
        Multiaddr address, PeerId peer, CancellationToken cancellationToken)
    {
        try
        {
            var transport = await TransportOf(address).DialAsync(address, cancellationToken).ConfigureAwait(false);
            return (await _upgrader.UpgradeAsync(transport, isDialer: true, peer, cancellationToken).ConfigureAwait(false), transport);
        }
        catch (OperationCanceledException error)
        {
            throw new DialException($"{address} did not complete the handshake in time.", error);
        }
        catch (ProtocolViolationException error)
        {
            throw new DialException($"{address} did not complete the handshake: {error.Message}", error);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A transport may be a user's own: whatever it throws is logged, and the node goes on.")]
    private async Task AcceptLoopAsync(ITransportListener listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var transport = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (_handshakes.TryBegin(transport, AcceptAsync) is { } limit)
                {
                    Refuse(transport, "handshakes", limit);
                    await transport.Stream.DisposeAsync().ConfigureAwait(false);
                }
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                // The listener was closed by us.
            }
            catch (ObjectDisposedException)
            {
                // The transport closed it: a relay that went away, for one.
                lock (_gate)
                {
                    _listeners.Remove(listener);
                }

                await listener.DisposeAsync().ConfigureAwait(false);
                NetworkLog.ListeningEnded(_logger, listener.Address);
                Identify.Change();
                return;
            }
            catch (Exception error)
            {
                // Out of sockets, most likely: some will be closed.
                NetworkLog.AcceptFailed(_logger, error, listener.Address, AcceptPause);
                await Task.Delay(AcceptPause, _options.TimeProvider, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a stranger's bytes cause ends that stranger's connection and nothing else.")]
    private async Task AcceptAsync(TransportConnection transport)
    {
        SecuredConnection? secured = null;
        try
        {
            using var timeout = new CancellationTokenSource(_options.HandshakeTimeout, _options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
            secured = await _upgrader.UpgradeAsync(transport, isDialer: false, transport.ExpectedPeer, either.Token).ConfigureAwait(false);
            await AdmitAsync(secured, transport, isDialer: false).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Who was secured has proven who it is: it is one too many.
            Refuse(transport, secured is null ? Telemetry.RefusalOf(error) : "limit", error.Message);
            await transport.Stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Refuse(TransportConnection transport, string reason, string why)
    {
        Telemetry.Refused(reason);
        NetworkLog.Refused(_logger, transport.Remote, why);
    }

    /// <summary>Enters a secured connection into the books, within the limits, and starts it.</summary>
    private async ValueTask<Connection> AdmitAsync(SecuredConnection secured, TransportConnection transport, bool isDialer)
    {
        try
        {
            var connection = new Connection(secured, transport, isDialer, _protocols, _limits, _options.TimeProvider, _logger);
            ConnectionManager.Enter(connection);
            Telemetry.Connections.Add(1);
            NetworkLog.Connected(_logger, connection.RemotePeer, connection.RemoteAddress, isDialer);
            connection.Start();
            Raise(ConnectionOpened, connection);
            _ = LeaveWhenClosedAsync(connection);
            ConnectionManager.Trim();
            return connection;
        }
        catch (PeerRefusedException)
        {
            await secured.Stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task LeaveWhenClosedAsync(Connection connection)
    {
        await connection.Closed.ConfigureAwait(false);
        Telemetry.Connections.Add(-1);
        ConnectionManager.Leave(connection);
        Raise(ConnectionClosed, connection);
    }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's error is its own: the connection lives on, and the error is logged.")]
    private void Raise(Action<Connection>? listeners, Connection connection)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(listeners))
        {
            try
            {
                listener(connection);
            }
            catch (Exception error)
            {
                NetworkLog.ListenerFailed(_logger, error, connection.RemotePeer);
            }
        }
    }

    private void Probe()
    {
        foreach (var connection in Connections)
        {
            connection.Tick();
        }

        ConnectionManager.Trim();
    }
}
