using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Identify;

namespace Sdk.Core.Networking;

/// <summary>What secures connections and proves who is at their ends.</summary>
public enum SecurityProtocol
{
    /// <summary>TLS 1.3 with the identity in the certificate: libp2p's <c>/tls/1.0.0</c>.</summary>
    Tls = 1,

    /// <summary>Noise XX with Curve25519, ChaCha20-Poly1305 and SHA-256: libp2p's <c>/noise</c>.</summary>
    Noise = 2,
}

/// <summary>How a <see cref="Switch"/> is set up. Read once, when it is made.</summary>
public sealed class SwitchOptions
{
    /// <summary>The node's own key, which its peer id names. The caller owns it and keeps it until the switch is disposed.</summary>
    public required KeyPair NodeKey { get; set; }

    /// <summary>The transports, which the caller owns.</summary>
    /// <value>Default: TCP.</value>
    public IReadOnlyList<ITransport> Transports { get; set; } = [new TcpTransport()];

    /// <summary>
    /// What secures connections. A dialer proposes them in this order until the peer agrees; a listener agrees to any of them.
    /// </summary>
    /// <value>Default: TLS, then Noise.</value>
    public IReadOnlyList<SecurityProtocol> Securities { get; set; } = [SecurityProtocol.Tls, SecurityProtocol.Noise];

    /// <summary>Connections in all, dialled and accepted; further ones are refused.</summary>
    /// <value>Default: 1024.</value>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>Accepted connections of one peer id; further ones are refused.</summary>
    /// <value>Default: 8.</value>
    public int MaxConnectionsPerPeer { get; set; } = 8;

    /// <summary>Accepted connections whose handshake is under way; further ones are closed before a byte is read.</summary>
    /// <value>Default: 128.</value>
    public int MaxPendingHandshakes { get; set; } = 128;

    /// <summary>
    /// How many of those one IPv4 address or IPv6 /64 may have under way, so that nobody takes all of <see cref="MaxPendingHandshakes"/>.
    /// </summary>
    /// <value>Default: 32.</value>
    public int MaxPendingHandshakesPerAddress { get; set; } = 32;

    /// <summary>Connections beyond which some are closed, the least valuable first: see <see cref="ConnectionManager"/>.</summary>
    /// <value>Default: 896.</value>
    public int ConnectionsHighWater { get; set; } = 896;

    /// <summary>Connections that are left when some are closed for being too many.</summary>
    /// <value>Default: 768.</value>
    public int ConnectionsLowWater { get; set; } = 768;

    /// <summary>How long a new connection is safe from being closed for being one too many.</summary>
    /// <value>Default: 20 s.</value>
    public TimeSpan TrimGrace { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Streams that a peer may hold open on one connection; further ones are reset.</summary>
    /// <value>Default: 256.</value>
    public int MaxInboundStreamsPerConnection { get; set; } = 256;

    /// <summary>From connect to secured connection, either way.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a connection is probed for life and its round trip measured.</summary>
    /// <value>Default: 15 s.</value>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The program and its version, which every peer is told (identify). At most 256 characters; empty says nothing.</summary>
    /// <value>Default: <c>sdk-dotnet/</c> and the library's version.</value>
    public string AgentVersion { get; set; } = $"sdk-dotnet/{typeof(SwitchOptions).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>The family of protocols that the node belongs to, which every peer is told (identify). At most 256 characters.</summary>
    /// <value>Default: <c>sdk/0.1.0</c>.</value>
    public string ProtocolVersion { get; set; } = "sdk/0.1.0";

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    /// <value>Default: nowhere.</value>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(NodeKey);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
        if (Transports is null || Transports.Count == 0)
        {
            throw new ArgumentException("A switch needs at least one transport.", nameof(Transports));
        }

        ArgumentNullException.ThrowIfNull(AgentVersion);
        ArgumentNullException.ThrowIfNull(ProtocolVersion);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AgentVersion.Length, PeerIdentity.MaxTextLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ProtocolVersion.Length, PeerIdentity.MaxTextLength);

        if (Securities is null || Securities.Count == 0 || !Securities.All(Enum.IsDefined) || Securities.Distinct().Count() != Securities.Count)
        {
            throw new ArgumentException("A switch needs at least one security protocol, and each only once.", nameof(Securities));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnectionsPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPendingHandshakes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPendingHandshakesPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsLowWater, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsHighWater, ConnectionsLowWater);
        ArgumentOutOfRangeException.ThrowIfLessThan(TrimGrace, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInboundStreamsPerConnection, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ProbeInterval, TimeSpan.Zero);
    }
}
