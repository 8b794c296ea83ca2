using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;
using Sdk.Core.Networking.AutoNat;
using Sdk.Core.Networking.Mdns;
using Sdk.Core.Networking.Pubsub;
using Sdk.Core.Networking.Relay;
using Sdk.Core.Overlay;
using Sdk.Core.Persistence;
using Sdk.Core.Protocols;
using Sdk.Core.Trust;

namespace Sdk.Core;

/// <summary>
/// One member of the network: an account, a device that acts for it, and connections to others. Packages add what it can
/// do (<c>node.Storage()</c>, …), one instance each.
/// </summary>
/// <remarks>Thread-safe. Disposing stops the services in reverse order of their making, then the network, then frees the data directory.</remarks>
public sealed class Node : IAsyncDisposable
{
    private readonly NodeOptions _options;
    private readonly Lock _lock = new();
    private readonly List<object> _services = [];
    private readonly RelayTransport? _relays;
    private ILedger? _ledger;
    private bool _ownsLedger;
    private bool _isDisposed;

    private Node(NodeOptions options, KeyPair account, DataDirectory? directory, DeviceIdentity device, AgreementKey agreement)
    {
        (_options, AccountKey, DataDirectory, Device, AgreementKey) = (options, account, directory, device, agreement);
        Account = AccountAddress.FromPublicKey(account.PublicKey);
        ITransport[] transports = options.Transports.Count > 0 ? [.. options.Transports] : [new TcpTransport()];
        if (!transports.OfType<RelayTransport>().Any())
        {
            _relays = new RelayTransport(options.TimeProvider, options.LoggerFactory);
            transports = [.. transports, _relays];
        }

        Switch = new Switch(new SwitchOptions
        {
            NodeKey = device.NodeKey,
            Transports = transports,
            Securities = options.Securities,
            TimeProvider = options.TimeProvider,
            LoggerFactory = options.LoggerFactory,
        });
    }

    /// <summary>The account that the node acts for.</summary>
    public AccountAddress Account { get; }

    /// <summary>The account's key. Do not dispose it.</summary>
    public KeyPair AccountKey { get; }

    /// <summary>The account's key for agreement, derived from its key: what is sealed to it, the account opens on any device.</summary>
    public AgreementKey AgreementKey { get; }

    /// <summary>The device, with the account's credential for it.</summary>
    public DeviceIdentity Device { get; }

    /// <summary>Who the node is on the wire: named by the device's node key.</summary>
    public PeerId PeerId => Switch.LocalPeer;

    /// <summary>Where others reach the node, with its peer id.</summary>
    public IReadOnlyList<Multiaddr> Addresses => [.. Switch.ListenAddresses.Select(address => address.WithPeer(PeerId))];

    /// <summary>Connections, and the protocols spoken over them.</summary>
    public Switch Switch { get; }

    /// <summary>Topics: publish to them and subscribe to them. The node takes part in pubsub from the first use on.</summary>
    public Gossipsub Pubsub => GetOrAddService(static node =>
    {
        var options = node._options.Pubsub;
        (options.TimeProvider, options.LoggerFactory) = (node.TimeProvider, node.LoggerFactory);
        return new Gossipsub(node.Switch, node.Device.NodeKey, options);
    });

    /// <summary>
    /// The node's place among all others. The node takes part from the first use on; from its start where bootstrap nodes are named
    /// (<see cref="OverlayOptions.Bootstrap"/>). Where it knows no other node it also tries those that multicast DNS finds (<see cref="NodeOptions.Mdns"/>).
    /// </summary>
    public OverlayNetwork Overlay => GetOrAddService(static node =>
    {
        var options = node._options.Overlay;
        options.FoundNearby = () => node.Mdns?.Peers.SelectMany(peer => peer.Addresses) ?? [];

        // Offers are checked where they are kept, which only the service directory can.
        options.RecordKinds = options.RecordKinds.With(OfferRecords.Kind);
        return new OverlayNetwork(node.Switch, node.Device, options, node.DataDirectory, node.TimeProvider, node.LoggerFactory);
    });

    /// <summary>Services that the node sells and buys. It answers buyers from the first use on, and takes part in the overlay.</summary>
    public ServiceDirectory Services => GetOrAddService(static node =>
    {
        var options = node._options.Services;
        options.TimeProvider = node.TimeProvider;
        var board = new OverlayOfferBoard(node.Overlay, node.Device, node.TimeProvider);
        var nonce = Hash256.FromBytes(node.Overlay.Record.Nonce);
        return new ServiceDirectory(node.Switch, node.Device, board, node.Trust, nonce, node.DataDirectory, options);
    });

    /// <summary>The ledger on which the node pays and is paid.</summary>
    /// <exception cref="InvalidOperationException">The node has none: set <see cref="NodeOptions.Ledger"/>.</exception>
    public ILedger Ledger => _ledger ?? throw new InvalidOperationException("The node has no ledger: set NodeOptions.Ledger.");

    /// <summary>Accounts with peers for services paid by cheques. The node takes part from the first use on.</summary>
    /// <exception cref="InvalidOperationException">The node has no ledger: set <see cref="NodeOptions.Ledger"/>.</exception>
    /// <exception cref="LedgerException">The ledger has no vault.</exception>
    public PaymentAccounts Payments => GetOrAddService(static node => new PaymentAccounts(
        node.Switch, node.Device, node.AccountKey, node.Ledger, node.Trust, node.DataDirectory, node._options.Payments, node.TimeProvider));

    /// <summary>Whom the node deals with, and what it thinks of them.</summary>
    public ITrustPolicy Trust => _options.Trust;

    /// <summary>Whether strangers can connect to the node. It asks peers from the first use on.</summary>
    public AutoNatClient AutoNat => GetOrAddService(static node =>
    {
        var options = node._options.AutoNat;
        options.TimeProvider = node.TimeProvider;
        return AutoNatClient.Start(node.Switch, options);
    });

    /// <summary>The node's work as a relay; null where it is none.</summary>
    public RelayServer? Relay { get; private set; }

    /// <summary>Peers on the local networks; null where the node does not look for them.</summary>
    public MdnsDiscovery? Mdns { get; private set; }

    /// <summary>The node's data directory; null when it keeps nothing.</summary>
    public DataDirectory? DataDirectory { get; }

    /// <summary>The network that the node belongs to.</summary>
    public ulong NetworkId => _options.NetworkId;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => _options.TimeProvider;

    /// <summary>Where logs go.</summary>
    public ILoggerFactory LoggerFactory => _options.LoggerFactory;

    /// <summary>Starts a node: locks the data directory, opens or makes the device, listens.</summary>
    /// <param name="options">How the node is set up; not to be changed afterwards.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="DataDirectoryLockedException">Another process uses the data directory.</exception>
    /// <exception cref="CryptographyException">The device in the data directory belongs to another account.</exception>
    /// <exception cref="ArgumentException">There is no account; or there is an embedded ledger, and others than this machine's processes to deal with.</exception>
    /// <exception cref="LedgerException">The ledger cannot be reached or opened.</exception>
    /// <exception cref="DialException">The node cannot listen where it should: the address or the port of local discovery is taken, or a relay gives no place.</exception>
    public static async ValueTask<Node> StartAsync(NodeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var account = options.Account ?? throw new ArgumentException("A node acts for an account: set NodeOptions.Account.", nameof(options));
        var directory = options.DataDirectory is { } path ? DataDirectory.Open(path) : null;
        Node? node = null;
        try
        {
            var agreement = DeviceFile.DeriveAgreementKey(account);
            var device = DeviceFile.OpenOrCreate(directory, account, agreement, options);
            node = new Node(options, account, directory, device, agreement);
            node.Serve();
            foreach (var address in options.Listen)
            {
                await node.Switch.ListenAsync(address, cancellationToken).ConfigureAwait(false);
            }

            if (options.Ledger is { } ledger)
            {
                (node._ledger, node._ownsLedger) = await ledger.OpenAsync(node, options, cancellationToken).ConfigureAwait(false);
            }

            node.LookAround();
            if (options.Overlay.Bootstrap.Count > 0)
            {
                _ = node.Overlay;
            }

            return node;
        }
        catch
        {
            if (node is not null)
            {
                await node.DisposeAsync().ConfigureAwait(false);
            }

            directory?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The node's one instance of a package's service, made at the first call. Packages call this from their extension
    /// methods. The node disposes it if it is <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>.
    /// </summary>
    /// <param name="create">Makes the service; called under a lock, so it must not wait.</param>
    public T GetOrAddService<T>(Func<Node, T> create)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(create);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_services.OfType<T>().FirstOrDefault() is { } existing)
            {
                return existing;
            }

            var service = create(this);
            _services.Add(service);
            return service;
        }
    }

    private void Serve()
    {
        if (_options.Relay is { } relay)
        {
            relay.TimeProvider = TimeProvider;
            Relay = RelayServer.Start(Switch, relay);
        }

        if (_options.AutoNatServer is { } autoNat)
        {
            autoNat.TimeProvider = TimeProvider;
            AutoNatServer.Start(Switch, autoNat);
        }
    }

    private void LookAround()
    {
        if (_options.Mdns is { } mdns)
        {
            mdns.TimeProvider = TimeProvider;
            Mdns = MdnsDiscovery.Start(Switch, mdns);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        if (Mdns is not null)
        {
            await Mdns.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var service in Enumerable.Reverse(_services))
        {
            if (service is IAsyncDisposable asyncDisposable)
            {
                await asyncDisposable.DisposeAsync().ConfigureAwait(false);
            }
            else if (service is IDisposable disposable)
            {
                disposable.Dispose();
            }
        }

        await Switch.DisposeAsync().ConfigureAwait(false);
        if (_ledger is not null && _ownsLedger)
        {
            await _ledger.DisposeAsync().ConfigureAwait(false);
        }

        if (_relays is not null)
        {
            await _relays.DisposeAsync().ConfigureAwait(false);
        }

        Device.Dispose();
        AgreementKey.Dispose();
        if (_options.OwnsAccount)
        {
            AccountKey.Dispose();
        }

        DataDirectory?.Dispose();
    }
}
