using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Records;
using Sdk.Core.Networking.Records.Wire;

namespace Sdk.Core.Tests.Networking.Records;

public sealed class SignedEnvelopeTests : IDisposable
{
    private static readonly byte[] Type = [0x03, 0x02];
    private readonly KeyPair _key = KeyPair.GenerateTestOnly();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void What_is_signed_is_domain_type_and_payload_each_after_its_length()
    {
        // RFC 0002: the lengths are unsigned varints, so 200 bytes of payload have two bytes of length.
        byte[] expected = [3, (byte)'a', (byte)'b', (byte)'c', 2, 3, 2, 0xC8, 0x01, .. new byte[200]];
        Assert.Equal(expected, SignedEnvelope.Preimage("abc", Type, new byte[200]));
    }

    [Fact]
    public void What_was_sealed_opens_for_the_same_purpose_only()
    {
        var envelope = SignedEnvelope.Seal(_key, "some-domain", Type, "payload"u8);
        var (signer, payload) = SignedEnvelope.Open(envelope, "some-domain", Type);
        Assert.Equal(_key.PublicKey, signer.Secp256k1);
        Assert.Equal("payload"u8, payload.Span);
        Assert.Throws<ProtocolViolationException>(() => SignedEnvelope.Open(envelope, "other-domain", Type));
        Assert.Throws<ProtocolViolationException>(() => SignedEnvelope.Open(envelope, "some-domain", [0x03, 0x01]));
    }

    [Fact]
    public void No_bit_of_an_envelope_can_be_changed()
    {
        var envelope = SignedEnvelope.Seal(_key, "some-domain", Type, "payload"u8);
        for (var bit = 0; bit < envelope.Length * 8; bit++)
        {
            var altered = envelope.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<ProtocolViolationException>(() => SignedEnvelope.Open(altered, "some-domain", Type));
        }
    }

    [Fact]
    public void A_peer_record_keeps_its_peer_sequence_and_addresses()
    {
        Multiaddr[] addresses = [Multiaddr.Parse("/ip4/192.0.2.7/tcp/4001"), Multiaddr.Parse("/memory/9")];
        var record = PeerRecord.Open(PeerRecord.Seal(_key, 77, addresses));
        var peer = PeerId.FromPublicKey(_key.PublicKey);
        Assert.Equal(peer, record.Peer);
        Assert.Equal(77u, record.Sequence);
        Assert.Equal(addresses.Select(address => address.WithPeer(peer)), record.Addresses);
    }

    [Fact]
    public void A_record_about_another_peer_than_its_signer_is_refused()
    {
        using var other = KeyPair.GenerateTestOnly();
        var payload = new PeerRecordPayload { PeerId = ByteString.CopyFrom(PeerId.FromPublicKey(other.PublicKey).Bytes.Span), Seq = 1 };
        var envelope = SignedEnvelope.Seal(_key, PeerRecord.Domain, PeerRecord.PayloadType, payload.ToByteArray());
        Assert.Throws<ProtocolViolationException>(() => PeerRecord.Open(envelope));
    }

    [Fact]
    public void A_record_leaves_out_what_it_cannot_dial_and_refuses_too_many()
    {
        using var other = KeyPair.GenerateTestOnly();
        var peer = PeerId.FromPublicKey(_key.PublicKey);
        ByteString[] encoded =
        [
            ByteString.CopyFrom(Multiaddr.Parse("/ip4/192.0.2.7/tcp/1").Bytes.Span),
            ByteString.CopyFrom(Multiaddr.Parse("/ip4/192.0.2.7/tcp/1").WithPeer(peer).Bytes.Span),
            ByteString.CopyFrom(Multiaddr.Parse("/ip4/192.0.2.7/tcp/2").WithPeer(PeerId.FromPublicKey(other.PublicKey)).Bytes.Span),
            ByteString.CopyFrom(0xFF, 0xFF, 0x03),
            ByteString.Empty,
        ];
        Assert.Equal([Multiaddr.Parse("/ip4/192.0.2.7/tcp/1").WithPeer(peer)], PeerRecord.AddressesOf(peer, encoded, encoded.Length));
        Assert.Throws<ProtocolViolationException>(() => PeerRecord.AddressesOf(peer, [], PeerRecord.MaxAddresses + 1));
    }
}
