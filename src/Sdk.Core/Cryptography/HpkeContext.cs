using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// The keys that both sides hold after RFC 9180's set-up with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-GCM: a sequence of
/// messages, each sealed under the base nonce XOR its number. One side seals, the other opens; not safe for many threads.
/// </summary>
internal sealed class HpkeContext : IDisposable
{
    public const ushort Aes128Gcm = 0x0001;
    public const ushort Aes256Gcm = 0x0002;
    public const int TagLengthBytes = 16;

    private const int NonceLengthBytes = 12;
    private const int PreSharedKeyLengthBytesMin = 32;

    private readonly LabeledHkdf _hkdf;
    private readonly AesGcm _aead;
    private readonly byte[] _baseNonce = new byte[NonceLengthBytes];
    private readonly byte[] _exporterSecret = new byte[LabeledHkdf.HashLengthBytes];
    private ulong _sequence;

    // KeySchedule, section 5.1.
    private HpkeContext(ushort aeadId, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info, HpkeAuthentication by, bool bySender)
    {
        var isNamed = !by.PreSharedKeyId.IsEmpty;
        if (isNamed ? by.PreSharedKey.Length < PreSharedKeyLengthBytesMin : !by.PreSharedKey.IsEmpty)
        {
            throw new ArgumentException("A pre-shared key has at least 32 bytes and an identifier.", nameof(by));
        }

        _hkdf = LabeledHkdf.Suite(aeadId);
        Span<byte> context = stackalloc byte[1 + (2 * LabeledHkdf.HashLengthBytes)];
        context[0] = (byte)((isNamed ? 1 : 0) | (bySender ? 2 : 0));
        _hkdf.Extract([], "psk_id_hash"u8, by.PreSharedKeyId.Span, context.Slice(1, LabeledHkdf.HashLengthBytes));
        _hkdf.Extract([], "info_hash"u8, info, context[(1 + LabeledHkdf.HashLengthBytes)..]);

        Span<byte> secret = stackalloc byte[LabeledHkdf.HashLengthBytes];
        Span<byte> key = stackalloc byte[aeadId == Aes256Gcm ? 32 : 16];
        try
        {
            _hkdf.Extract(sharedSecret, "secret"u8, by.PreSharedKey.Span, secret);
            _hkdf.Expand(secret, "key"u8, context, key);
            _hkdf.Expand(secret, "base_nonce"u8, context, _baseNonce);
            _hkdf.Expand(secret, "exp"u8, context, _exporterSecret);
            _aead = new AesGcm(key, TagLengthBytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Encapsulates to the recipient with an ephemeral key, whose public half is what the recipient needs.</summary>
    /// <exception cref="InvalidKeyException">The recipient's key is no point of P-256.</exception>
    public static HpkeContext ForSender(
        ushort aeadId, AgreementKey ephemeral, ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, HpkeAuthentication by)
    {
        byte[] kemContext = [.. ephemeral.PublicKey.Span, .. recipientPublicKey, .. by.SenderKey is { } key ? key.PublicKey.Span : []];
        Span<byte> agreed = stackalloc byte[2 * AgreementKey.SharedSecretLengthBytes];
        try
        {
            ephemeral.Agree(recipientPublicKey, agreed);
            by.SenderKey?.Agree(recipientPublicKey, agreed[AgreementKey.SharedSecretLengthBytes..]);
            return FromAgreed(aeadId, agreed, kemContext, info, by, by.SenderKey is not null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(agreed);
        }
    }

    /// <summary>Decapsulates what the sender encapsulated.</summary>
    /// <exception cref="InvalidKeyException">The encapsulated or the sender's key is no point of P-256.</exception>
    public static HpkeContext ForRecipient(
        ushort aeadId, AgreementKey recipient, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> info, HpkeAuthentication by)
    {
        byte[] kemContext = [.. encapsulated, .. recipient.PublicKey.Span, .. by.SenderPublicKey.Span];
        Span<byte> agreed = stackalloc byte[2 * AgreementKey.SharedSecretLengthBytes];
        try
        {
            recipient.Agree(encapsulated, agreed);
            if (!by.SenderPublicKey.IsEmpty)
            {
                recipient.Agree(by.SenderPublicKey.Span, agreed[AgreementKey.SharedSecretLengthBytes..]);
            }

            return FromAgreed(aeadId, agreed, kemContext, info, by, !by.SenderPublicKey.IsEmpty);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(agreed);
        }
    }

    /// <summary>Seals the next message; writes the ciphertext and behind it the tag.</summary>
    public void Seal(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        NextNonce(nonce);
        _aead.Encrypt(
            nonce, plaintext, destination[..plaintext.Length], destination.Slice(plaintext.Length, TagLengthBytes), associatedData);
    }

    /// <summary>Opens the next message; the destination has its length without the tag.</summary>
    /// <exception cref="AuthenticationTagMismatchException">The message was not sealed with these keys, number and data.</exception>
    public void Open(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedMessage, Span<byte> destination)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        NextNonce(nonce);
        _aead.Decrypt(nonce, sealedMessage[..^TagLengthBytes], sealedMessage[^TagLengthBytes..], destination, associatedData);
    }

    /// <summary>A secret that only the two sides know, for another use (section 5.3).</summary>
    public void Export(ReadOnlySpan<byte> exporterContext, Span<byte> destination) =>
        _hkdf.Expand(_exporterSecret, "sec"u8, exporterContext, destination);

    public void Dispose()
    {
        _aead.Dispose();
        CryptographicOperations.ZeroMemory(_baseNonce);
        CryptographicOperations.ZeroMemory(_exporterSecret);
    }

    // ExtractAndExpand, section 4.1; the second agreement exists only where the sender has a key.
    private static HpkeContext FromAgreed(
        ushort aeadId,
        ReadOnlySpan<byte> agreed,
        ReadOnlySpan<byte> kemContext,
        ReadOnlySpan<byte> info,
        HpkeAuthentication by,
        bool bySender)
    {
        Span<byte> pseudoRandomKey = stackalloc byte[LabeledHkdf.HashLengthBytes];
        Span<byte> sharedSecret = stackalloc byte[LabeledHkdf.HashLengthBytes];
        try
        {
            var material = bySender ? agreed : agreed[..AgreementKey.SharedSecretLengthBytes];
            LabeledHkdf.Kem.Extract([], "eae_prk"u8, material, pseudoRandomKey);
            LabeledHkdf.Kem.Expand(pseudoRandomKey, "shared_secret"u8, kemContext, sharedSecret);
            return new HpkeContext(aeadId, sharedSecret, info, by, bySender);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pseudoRandomKey);
            CryptographicOperations.ZeroMemory(sharedSecret);
        }
    }

    private void NextNonce(Span<byte> nonce)
    {
        // A number used twice would break AES-GCM; 2^64 messages are never reached, but the check is free.
        var sequence = _sequence;
        _sequence = checked(sequence + 1);
        _baseNonce.CopyTo(nonce);
        var low = nonce[^sizeof(ulong)..];
        BinaryPrimitives.WriteUInt64BigEndian(low, BinaryPrimitives.ReadUInt64BigEndian(low) ^ sequence);
    }
}
