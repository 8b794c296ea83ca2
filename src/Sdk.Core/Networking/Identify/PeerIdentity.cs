using Google.Protobuf;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Records;

namespace Sdk.Core.Networking.Identify;

/// <summary>
/// What the peer at the other end of a connection says of itself (libp2p <c>specs/identify</c>). Only who it is has been proven, and,
/// where <see cref="AreAddressesCertified"/>, that it stands by its addresses; the rest is its word. Immutable.
/// </summary>
public sealed class PeerIdentity
{
    /// <summary>The longest version text, and the longest protocol name.</summary>
    internal const int MaxTextLength = 256;

    /// <summary>Protocols that a peer may list.</summary>
    internal const int MaxProtocols = 512;

    private PeerIdentity(Connection connection) => Connection = connection;

    /// <summary>The connection over which the peer said it.</summary>
    public Connection Connection { get; }

    /// <summary>Who the peer is, as its handshake proved.</summary>
    public PeerId Peer => Connection.RemotePeer;

    /// <summary>The program and its version, <c>js-libp2p/2.8.2</c>; empty where the peer does not say. At most 256 characters.</summary>
    public string AgentVersion { get; private init; } = "";

    /// <summary>The family of protocols, <c>ipfs/0.1.0</c>; empty where the peer does not say. At most 256 characters.</summary>
    public string ProtocolVersion { get; private init; } = "";

    /// <summary>The protocols that the peer answers, once each. At most 512.</summary>
    public IReadOnlyList<string> Protocols { get; private init; } = [];

    /// <summary>Where the peer says it listens, each with its peer id; of transports that are known here. At most 128.</summary>
    public IReadOnlyList<Multiaddr> Addresses { get; private init; } = [];

    /// <summary>Whether <see cref="Addresses"/> come from a peer record that the peer signed.</summary>
    public bool AreAddressesCertified => !SignedPeerRecord.IsEmpty;

    /// <summary>The signed envelope of the peer record as it came (libp2p RFC 0002 and 0003), for passing on; empty where there was none.</summary>
    public ReadOnlyMemory<byte> SignedPeerRecord { get; private init; }

    /// <summary>The address at which the peer sees this node; null where it does not say.</summary>
    public Multiaddr? ObservedAddress { get; private init; }

    private ulong Sequence { get; init; }

    /// <summary>What is known after <paramref name="message"/>: its fields, and where it has none, the earlier ones.</summary>
    /// <exception cref="ProtocolViolationException">The message contradicts who the peer is, carries a forged record, or exceeds a limit.</exception>
    internal static PeerIdentity From(Connection connection, Identification message, PeerIdentity? earlier)
    {
        if (message.HasPublicKey && !message.PublicKey.Span.SequenceEqual(connection.RemoteIdentity.Encoded.Span))
        {
            throw new ProtocolViolationException("The peer identifies itself with another key than its handshake proved.");
        }

        var record = message.HasSignedPeerRecord ? RecordOf(connection.RemotePeer, message.SignedPeerRecord) : null;
        var isStale = record is not null && earlier?.AreAddressesCertified == true && record.Sequence < earlier.Sequence;
        var isSilent = isStale || (record is null && message.ListenAddrs.Count == 0);
        return new PeerIdentity(connection)
        {
            AgentVersion = TextOf(message.HasAgentVersion, message.AgentVersion, earlier?.AgentVersion),
            ProtocolVersion = TextOf(message.HasProtocolVersion, message.ProtocolVersion, earlier?.ProtocolVersion),
            Protocols = ProtocolsOf(message, earlier),
            ObservedAddress = ObservedOf(message, earlier),
            Addresses = isSilent ? earlier?.Addresses ?? []
                : record?.Addresses ?? PeerRecord.AddressesOf(connection.RemotePeer, message.ListenAddrs, message.ListenAddrs.Count),
            SignedPeerRecord = isSilent ? earlier?.SignedPeerRecord ?? default : message.SignedPeerRecord.Memory,
            Sequence = isSilent ? earlier?.Sequence ?? 0 : record?.Sequence ?? 0,
        };
    }

    private static PeerRecord RecordOf(PeerId peer, ByteString envelope)
    {
        var record = PeerRecord.Open(envelope.Span);
        return record.Peer == peer ? record : throw new ProtocolViolationException("The peer showed the peer record of another peer.");
    }

    private static string TextOf(bool isPresent, string text, string? earlier) =>
        !isPresent ? earlier ?? ""
        : text.Length <= MaxTextLength && !text.Any(char.IsControl) ? text
        : throw new ProtocolViolationException($"The peer's version is longer than {MaxTextLength} characters, or no text.");

    private static IReadOnlyList<string> ProtocolsOf(Identification message, PeerIdentity? earlier)
    {
        if (message.Protocols.Count == 0)
        {
            return earlier?.Protocols ?? [];
        }

        if (message.Protocols.Count > MaxProtocols
            || message.Protocols.Any(name => name.Length is 0 or > MaxTextLength || name.Any(char.IsControl)))
        {
            throw new ProtocolViolationException($"The peer lists more than {MaxProtocols} protocols, or names that are none.");
        }

        return [.. message.Protocols.Distinct(StringComparer.Ordinal)];
    }

    private static Multiaddr? ObservedOf(Identification message, PeerIdentity? earlier) =>
        message.HasObservedAddr && Multiaddr.TryFromBytes(message.ObservedAddr.Span, out var address) ? address : earlier?.ObservedAddress;
}
