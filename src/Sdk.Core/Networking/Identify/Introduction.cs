using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Records;

namespace Sdk.Core.Networking.Identify;

/// <summary>
/// What this node says of itself. Made again when something has changed; signed again only when the addresses have: everybody who
/// connects asks, and a signature per question would be theirs to spend.
/// </summary>
internal sealed class Introduction
{
    /// <summary>
    /// Other implementations take 8 KiB. Addresses stand in the message twice, once signed; with an observed address (1 KiB) and the
    /// rest (0.6 KiB) this stays below.
    /// </summary>
    private const int MaxAddressBytes = 1536;

    private const int MaxProtocolBytes = 3072;

    private readonly Identification _message;
    private readonly Multiaddr[] _addresses;
    private readonly ulong _sequence;

    private Introduction(long revision, Identification message, Multiaddr[] addresses, ulong sequence) =>
        (Revision, _message, _addresses, _sequence) = (revision, message, addresses, sequence);

    /// <summary>Which state of this node it describes.</summary>
    public long Revision { get; }

    /// <summary>The introduction after <paramref name="earlier"/>.</summary>
    public static Introduction Make(long revision, Switch of, SwitchOptions options, ILogger logger, Introduction? earlier)
    {
        var allAddresses = LocalAddresses.Expand(of.ListenAddresses.Select(address => address.WithoutPeer()));
        Multiaddr[] addresses = [.. Fitting(allAddresses, address => address.Bytes.Length + 6, MaxAddressBytes).Take(PeerRecord.MaxAddresses)];
        var allProtocols = of.Protocols.Where(name => name.Length <= PeerIdentity.MaxTextLength).Order(StringComparer.Ordinal).ToArray();
        string[] protocols = [.. Fitting(allProtocols, name => name.Length + 3, MaxProtocolBytes)];
        if (addresses.Length + protocols.Length < allAddresses.Count + allProtocols.Length)
        {
            IdentifyLog.ToldInPart(logger, addresses.Length + protocols.Length, allAddresses.Count + allProtocols.Length);
        }

        // Milliseconds since 1970 rise across restarts too, as the record's readers need.
        var isMoved = earlier is null || !earlier._addresses.AsSpan().SequenceEqual(addresses);
        var sequence = !isMoved ? earlier!._sequence
            : Math.Max((ulong)options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds(), (earlier?._sequence ?? 0) + 1);
        var message = new Identification
        {
            PublicKey = UnsafeByteOperations.UnsafeWrap(IdentityKey.From(options.NodeKey.PublicKey).Encoded),
            ProtocolVersion = options.ProtocolVersion,
            AgentVersion = options.AgentVersion,
            SignedPeerRecord = isMoved
                ? UnsafeByteOperations.UnsafeWrap(PeerRecord.Seal(options.NodeKey, sequence, addresses))
                : earlier!._message.SignedPeerRecord,
        };
        message.Protocols.AddRange(protocols);
        message.ListenAddrs.AddRange(addresses.Select(address => UnsafeByteOperations.UnsafeWrap(address.Bytes)));
        return new Introduction(revision, message, addresses, sequence);
    }

    /// <summary>The message for a peer, which learns where it was seen.</summary>
    public Identification For(Connection connection)
    {
        var message = _message.Clone();
        message.ObservedAddr = UnsafeByteOperations.UnsafeWrap(connection.RemoteAddress.Bytes);
        return message;
    }

    private static IEnumerable<T> Fitting<T>(IEnumerable<T> items, Func<T, int> bytesOf, int maxBytes)
    {
        var bytes = 0;
        return items.TakeWhile(item => (bytes += bytesOf(item)) <= maxBytes);
    }
}
