using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Records;

namespace Sdk.Core.Networking.Relay;

/// <summary>
/// A relay's word, under its signature, that it serves a peer until a time (libp2p <c>specs/relay/circuit-v2</c>, reservation vouchers).
/// Nobody asks for it yet; but a wrong one shows that the relay is not in order.
/// </summary>
internal static class ReservationVoucher
{
    private const string Domain = "libp2p-relay-rsvp";

    /// <summary>Multicodec <c>libp2p-relay-rsvp</c>, 0x0302.</summary>
    private static ReadOnlySpan<byte> PayloadType => [0x03, 0x02];

    public static byte[] Seal(KeyPair relay, PeerId peer, DateTimeOffset expires) => SignedEnvelope.Seal(relay, Domain, PayloadType, new CircuitVoucher
    {
        Relay = ByteString.CopyFrom(PeerId.FromPublicKey(relay.PublicKey).Bytes.Span),
        Peer = ByteString.CopyFrom(peer.Bytes.Span),
        Expiration = (ulong)expires.ToUnixTimeSeconds(),
    }.ToByteArray());

    /// <summary>What is wrong with a voucher; null where it is <paramref name="relay"/>'s for <paramref name="peer"/> and has not expired.</summary>
    public static string? FindFault(ReadOnlySpan<byte> encoded, PeerId relay, PeerId peer, DateTimeOffset now)
    {
        try
        {
            var (signer, payload) = SignedEnvelope.Open(encoded, Domain, PayloadType);
            var voucher = CircuitVoucher.Parser.ParseFrom(payload.Span);
            return PeerId.FromIdentity(signer) != relay || !voucher.Relay.Span.SequenceEqual(relay.Bytes.Span) ? "its voucher is another's"
                : !voucher.Peer.Span.SequenceEqual(peer.Bytes.Span) ? "its voucher is for another peer"
                : voucher.Expiration <= (ulong)now.ToUnixTimeSeconds() ? "its voucher has expired"
                : null;
        }
        catch (Exception error) when (error is ProtocolViolationException or InvalidProtocolBufferException)
        {
            return "its voucher is malformed or forged";
        }
    }
}
