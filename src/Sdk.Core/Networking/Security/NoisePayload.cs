using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Security.Wire;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// What each side says under the handshake's cover (libp2p <c>specs/noise</c>): its identity key, that key's signature over its static
/// Noise key, and the muxers it speaks.
/// </summary>
internal sealed record NoisePayload(IdentityKey Identity, IReadOnlyList<string> Muxers)
{
    /// <summary>An RSA key of 8192 bits, its signature and a dozen muxers stay below 2 500; more is not a payload.</summary>
    public const int MaxBytes = 8192;

    // What we do not know is skipped, not kept.
    private static readonly MessageParser<NoiseHandshakePayload> Parser = NoiseHandshakePayload.Parser.WithDiscardUnknownFields(true);

    private static ReadOnlySpan<byte> SignaturePrefix => "noise-libp2p-static-key:"u8;

    /// <summary>Our payload, the same for every connection under one static key.</summary>
    public static byte[] Create(KeyPair identity, ReadOnlySpan<byte> staticPublicKey, IEnumerable<string> muxers) =>
        Encode(IdentityKey.From(identity.PublicKey), IdentityKey.Sign(identity, Signed(staticPublicKey)), muxers);

    public static byte[] Encode(IdentityKey identity, byte[] signature, IEnumerable<string> muxers) => new NoiseHandshakePayload
    {
        IdentityKey = ByteString.CopyFrom(identity.Encoded.Span),
        IdentitySig = ByteString.CopyFrom(signature),
        Extensions = new NoiseExtensions { StreamMuxers = { muxers } },
    }.ToByteArray();

    /// <summary>What the identity key signs.</summary>
    public static byte[] Signed(ReadOnlySpan<byte> staticPublicKey) => [.. SignaturePrefix, .. staticPublicKey];

    /// <summary>Reads a peer's payload and checks that the identity it names signed the static key that the peer has proven to hold.</summary>
    /// <exception cref="ProtocolViolationException">The payload is malformed.</exception>
    /// <exception cref="PeerRefusedException">The identity key is none, or did not sign.</exception>
    public static NoisePayload Verify(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> staticPublicKey)
    {
        if (payload.Length > MaxBytes)
        {
            throw new ProtocolViolationException("The peer's Noise payload is too large.");
        }

        var message = ProtobufFrame.ParseBody(Parser, payload.ToArray());
        if (!IdentityKey.TryDecode(message.IdentityKey.Span, out var identity))
        {
            throw new PeerRefusedException("The peer's Noise payload carries no well-formed identity key.");
        }

        return identity.Verify(Signed(staticPublicKey), message.IdentitySig.Span)
            ? new NoisePayload(identity, message.Extensions?.StreamMuxers.ToArray() ?? [])
            : throw new PeerRefusedException("The peer's Noise key is not signed by the identity it names.");
    }
}
