using System.Buffers;
using System.Text;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Records.Wire;

namespace Sdk.Core.Networking.Records;

/// <summary>
/// A statement with the key and signature of whoever makes it, good for passing on (libp2p <c>RFC 0002</c>). The domain, which does not
/// travel, and the payload's type are signed too, so that a statement for one purpose is none for another.
/// </summary>
internal static class SignedEnvelope
{
    /// <summary>Signs a payload for a purpose.</summary>
    public static byte[] Seal(KeyPair key, string domain, ReadOnlySpan<byte> payloadType, ReadOnlySpan<byte> payload) =>
        new Envelope
        {
            PublicKey = UnsafeByteOperations.UnsafeWrap(IdentityKey.From(key.PublicKey).Encoded),
            PayloadType = ByteString.CopyFrom(payloadType),
            Payload = ByteString.CopyFrom(payload),
            Signature = UnsafeByteOperations.UnsafeWrap(IdentityKey.Sign(key, Preimage(domain, payloadType, payload))),
        }.ToByteArray();

    /// <summary>Opens an envelope that was sealed for this purpose. The caller bounds its length.</summary>
    /// <returns>Who signed, and what.</returns>
    /// <exception cref="ProtocolViolationException">Malformed, of another type, or not signed by the key in it for this domain.</exception>
    public static (IdentityKey Signer, ReadOnlyMemory<byte> Payload) Open(ReadOnlySpan<byte> encoded, string domain, ReadOnlySpan<byte> payloadType)
    {
        var envelope = ProtobufFrame.ParseBody(Envelope.Parser, encoded.ToArray());
        if (!envelope.PayloadType.Span.SequenceEqual(payloadType))
        {
            throw new ProtocolViolationException("A signed envelope holds a payload of another type.");
        }

        if (!IdentityKey.TryDecode(envelope.PublicKey.Span, out var signer))
        {
            throw new ProtocolViolationException("A signed envelope holds no acceptable key.");
        }

        return signer.Verify(Preimage(domain, payloadType, envelope.Payload.Span), envelope.Signature.Span)
            ? (signer, envelope.Payload.Memory)
            : throw new ProtocolViolationException("A signed envelope was not signed by the key in it.");
    }

    /// <summary>What is signed: domain, type and payload, each after its length as an unsigned varint.</summary>
    internal static byte[] Preimage(string domain, ReadOnlySpan<byte> payloadType, ReadOnlySpan<byte> payload)
    {
        var writer = new ArrayBufferWriter<byte>(domain.Length + payloadType.Length + payload.Length + (3 * Varint.MaxBytes));
        Append(writer, Encoding.UTF8.GetBytes(domain));
        Append(writer, payloadType);
        Append(writer, payload);
        return writer.WrittenSpan.ToArray();
    }

    private static void Append(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> part)
    {
        writer.Advance(Varint.Write(writer.GetSpan(Varint.MaxBytes), (ulong)part.Length));
        writer.Write(part);
    }
}
