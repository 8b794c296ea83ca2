using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Records.Wire;

namespace Sdk.Core.Networking.Records;

/// <summary>Where a peer says it is reached, under its own signature (libp2p <c>RFC 0003</c>). A higher sequence number is newer.</summary>
internal sealed record PeerRecord(PeerId Peer, ulong Sequence, IReadOnlyList<Multiaddr> Addresses)
{
    public const string Domain = "libp2p-peer-record";

    /// <summary>Far more than a node has interfaces and relays.</summary>
    public const int MaxAddresses = 128;

    /// <summary>Multicodec <c>libp2p-peer-record</c>, 0x0301, written as its two bytes.</summary>
    public static ReadOnlySpan<byte> PayloadType => [0x03, 0x01];

    /// <summary>The signed envelope around a record of the key's own peer.</summary>
    public static byte[] Seal(KeyPair key, ulong sequence, IEnumerable<Multiaddr> addresses)
    {
        var payload = new PeerRecordPayload
        {
            PeerId = UnsafeByteOperations.UnsafeWrap(PeerId.FromPublicKey(key.PublicKey).Bytes),
            Seq = sequence,
        };
        payload.Addresses.AddRange(addresses.Select(address => new PeerRecordPayload.Types.AddressInfo
        {
            Multiaddr = UnsafeByteOperations.UnsafeWrap(address.Bytes),
        }));
        return SignedEnvelope.Seal(key, Domain, PayloadType, payload.ToByteArray());
    }

    /// <summary>Opens the envelope of a record. Addresses of protocols that are not known here, and of other peers, are left out.</summary>
    /// <exception cref="ProtocolViolationException">Malformed, too many addresses, or not signed by the peer that the record is about.</exception>
    public static PeerRecord Open(ReadOnlySpan<byte> envelope)
    {
        var (signer, payload) = SignedEnvelope.Open(envelope, Domain, PayloadType);
        var record = ProtobufFrame.ParseBody(PeerRecordPayload.Parser, payload);
        var peer = PeerId.FromIdentity(signer);
        if (!record.PeerId.Span.SequenceEqual(peer.Bytes.Span))
        {
            throw new ProtocolViolationException("A peer record is about another peer than the one that signed it.");
        }

        return new PeerRecord(peer, record.Seq, AddressesOf(peer, record.Addresses.Select(address => address.Multiaddr), record.Addresses.Count));
    }

    /// <summary>
    /// The addresses that are understood here, each with the peer's id, once each. Many peers have addresses of transports that
    /// others do not know, so those are no fault; neither are addresses that name another peer, but nobody is to dial them.
    /// </summary>
    /// <exception cref="ProtocolViolationException">There are more than <see cref="MaxAddresses"/>.</exception>
    public static IReadOnlyList<Multiaddr> AddressesOf(PeerId peer, IEnumerable<ByteString> encoded, int count)
    {
        if (count > MaxAddresses)
        {
            throw new ProtocolViolationException($"A peer lists more than {MaxAddresses} addresses.");
        }

        var addresses = new HashSet<Multiaddr>();
        foreach (var bytes in encoded)
        {
            if (Multiaddr.TryFromBytes(bytes.Span, out var address) && (address.Peer is not { } named || named == peer))
            {
                addresses.Add(address.WithPeer(peer));
            }
        }

        return [.. addresses];
    }
}
