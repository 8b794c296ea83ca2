using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Networking;
using Sdk.Core.Networking.AutoNat;
using Sdk.Core.Networking.Mdns;
using Sdk.Core.Networking.Pubsub;
using Sdk.Core.Networking.Relay;
using Sdk.Core.Overlay;
using Sdk.Core.Payments;
using Sdk.Core.Trust;

namespace Sdk.Core;

/// <summary>How a node is set up. Start from a preset: <see cref="Local"/>, <see cref="LightClient"/> or <see cref="Provider"/>.</summary>
public sealed class NodeOptions
{
    /// <summary>The network of nodes on one machine; it never meets another.</summary>
    public const ulong LocalNetworkId = 0x6c6f63616c; // "local"

    /// <summary>
    /// The account that the node acts for. The caller keeps it and disposes it after the node.
    /// </summary>
    /// <value>Required.</value>
    public KeyPair? Account { get; set; }

    /// <summary>Which network the node belongs to: everything signed names it, and nodes of other networks are refused.</summary>
    /// <value>The default is <see cref="LocalNetworkId"/>.</value>
    public ulong NetworkId { get; set; } = LocalNetworkId;

    /// <summary>What the node's device may do in the account's name.</summary>
    /// <value>The default is <see cref="KeyScopes.All"/>.</value>
    public KeyScopes Scopes { get; set; } = KeyScopes.All;

    /// <summary>How long a new device credential is good for.</summary>
    /// <value>The default is 365 days.</value>
    public TimeSpan CredentialLifetime { get; set; } = TimeSpan.FromDays(365);

    /// <summary>
    /// Where the node keeps what outlives it, locked for this process. Without one it keeps nothing, and its device is
    /// a new one at every start.
    /// </summary>
    /// <value>The default is none.</value>
    public string? DataDirectory { get; set; }

    /// <summary>
    /// Where the node listens. An address <c>…/p2p/RELAY/p2p-circuit</c> takes a place at that relay: a node that nobody can dial is reached there.
    /// </summary>
    /// <value>The default is nowhere.</value>
    public IList<Multiaddr> Listen { get; } = [];

    /// <summary>What carries connections. Relays (<see cref="RelayTransport"/>) need not be named: every node dials through them.</summary>
    /// <value>The default is TCP.</value>
    public IList<ITransport> Transports { get; } = [];

    /// <summary>What secures connections: proposed in this order to whom the node dials, any of them accepted from who dials it.</summary>
    /// <value>The default is TLS, then Noise.</value>
    public IReadOnlyList<SecurityProtocol> Securities { get; set; } = [SecurityProtocol.Tls, SecurityProtocol.Noise];

    /// <summary>How <see cref="Node.Pubsub"/> is set up; its clock and logs are the node's.</summary>
    /// <value>The default is signed messages, with the limits that stand in <see cref="PubsubOptions"/>.</value>
    public PubsubOptions Pubsub { get; } = new();

    /// <summary>How <see cref="Node.Overlay"/> is set up.</summary>
    /// <value>The default is what stands in <see cref="OverlayOptions"/>.</value>
    public OverlayOptions Overlay { get; } = new();

    /// <summary>What the node gives to peers as their relay; null where it is no relay. Its clock is the node's.</summary>
    /// <value>The default is null.</value>
    public RelayServerOptions? Relay { get; set; }

    /// <summary>How much the node dials peers that want to know whether they can be dialled; null where it does not. Its clock is the node's.</summary>
    /// <value>The default is null.</value>
    public AutoNatServerOptions? AutoNatServer { get; set; }

    /// <summary>How <see cref="Node.AutoNat"/> is set up; its clock is the node's.</summary>
    /// <value>The default is what stands in <see cref="AutoNatOptions"/>.</value>
    public AutoNatOptions AutoNat { get; } = new();

    /// <summary>
    /// How the node looks for others on its local networks, and tells them its peer id and addresses; null where it does not. Its clock is
    /// the node's.
    /// </summary>
    /// <value>The default is null.</value>
    public MdnsOptions? Mdns { get; set; }

    /// <summary>Whom the node deals with, and what it thinks of them.</summary>
    /// <value>The default is an empty <see cref="LocalTrustPolicy"/>: nobody is known, nobody is blocked.</value>
    public ITrustPolicy Trust { get; set; } = new LocalTrustPolicy();

    /// <summary>Which ledger the node uses (<see cref="Node.Ledger"/>); null where it has none.</summary>
    /// <value>The default is null; in <see cref="Local"/> an embedded one, as long as the node deals with its own machine alone.</value>
    public LedgerOptions? Ledger { get; set; }

    /// <summary>How <see cref="Node.Services"/> is set up.</summary>
    /// <value>The default is what stands in <see cref="ServiceOptions"/>.</value>
    public ServiceOptions Services { get; } = new();

    /// <summary>How <see cref="Node.Payments"/> is set up.</summary>
    /// <value>The default is what stands in <see cref="PaymentOptions"/>.</value>
    public PaymentOptions Payments { get; } = new();

    /// <summary>The clock.</summary>
    /// <value>The default is the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    /// <value>The default is nowhere.</value>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>
    /// A trial node on this machine only: throw-away keys marked test-only, a ledger of its own, listening on a free loopback port, nothing kept.
    /// </summary>
    public static NodeOptions Local() => new()
    {
        Account = KeyPair.GenerateTestOnly(),
        OwnsAccount = true,
        Listen = { Multiaddr.Parse("/ip4/127.0.0.1/tcp/0") },
        Ledger = LedgerOptions.EmbeddedWhereLocal,
    };

    /// <summary>A node that uses the network and serves nobody: it does not listen.</summary>
    /// <param name="account">The account that the node acts for.</param>
    public static NodeOptions LightClient(KeyPair account) => new() { Account = account };

    /// <summary>A node that serves others: it listens and keeps its device across restarts.</summary>
    /// <param name="account">The account that the node acts for and that is paid.</param>
    /// <param name="dataDirectory">Where the node keeps what it holds.</param>
    /// <param name="listen">Where the node listens.</param>
    public static NodeOptions Provider(KeyPair account, string dataDirectory, params Multiaddr[] listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        var options = new NodeOptions { Account = account, DataDirectory = dataDirectory };
        foreach (var address in listen)
        {
            options.Listen.Add(address);
        }

        return options;
    }

    /// <summary>The preset made the account, so the node disposes it.</summary>
    internal bool OwnsAccount { get; set; }
}
