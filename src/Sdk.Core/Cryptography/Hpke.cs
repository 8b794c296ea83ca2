using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// Seals bytes to a public key: HPKE, RFC 9180, in base mode with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. Only the
/// holder of the private key can open; nothing says who sealed, so what must be attributed is signed as well.
/// </summary>
public static class Hpke
{
    /// <summary>What sealing adds: the encapsulated key (65 bytes) before and the tag (16 bytes) behind the ciphertext.</summary>
    public const int OverheadBytes = AgreementKey.PublicKeyLengthBytes + HpkeContext.TagLengthBytes;

    /// <summary>Seals a message to a recipient, with a new ephemeral key each time.</summary>
    /// <param name="recipientPublicKey">An <see cref="AgreementKey.PublicKey"/>, 65 bytes.</param>
    /// <param name="info">The purpose: both sides give the same, any length.</param>
    /// <param name="associatedData">Authenticated with the message but not part of it; both sides give the same.</param>
    /// <param name="plaintext">The message.</param>
    /// <returns>Encapsulated key ‖ ciphertext ‖ tag: <see cref="OverheadBytes"/> longer than the message.</returns>
    /// <exception cref="InvalidKeyException">The recipient's key is no uncompressed point of P-256.</exception>
    public static byte[] Seal(
        ReadOnlySpan<byte> recipientPublicKey,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = AgreementKey.Generate();
        using var context = HpkeContext.ForSender(
            HpkeContext.Aes256Gcm, ephemeral, recipientPublicKey, info, HpkeAuthentication.None);
        var message = new byte[plaintext.Length + OverheadBytes];
        ephemeral.PublicKey.Span.CopyTo(message);
        context.Seal(associatedData, plaintext, message.AsSpan(AgreementKey.PublicKeyLengthBytes));
        return message;
    }

    /// <summary>Opens what <see cref="Seal"/> made.</summary>
    /// <param name="recipient">The private half of the key that was sealed to.</param>
    /// <param name="info">The same as in sealing.</param>
    /// <param name="associatedData">The same as in sealing.</param>
    /// <param name="message">Encapsulated key ‖ ciphertext ‖ tag.</param>
    /// <returns>The message.</returns>
    /// <exception cref="CryptographyException">The message is too short, altered, or sealed to another key or purpose.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public static byte[] Open(
        AgreementKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        if (message.Length < OverheadBytes)
        {
            throw new CryptographyException($"A sealed message has at least {OverheadBytes} bytes, not {message.Length}.");
        }

        try
        {
            using var context = HpkeContext.ForRecipient(
                HpkeContext.Aes256Gcm, recipient, message[..AgreementKey.PublicKeyLengthBytes], info, HpkeAuthentication.None);
            var plaintext = new byte[message.Length - OverheadBytes];
            context.Open(associatedData, message[AgreementKey.PublicKeyLengthBytes..], plaintext);
            return plaintext;
        }
        catch (Exception exception) when (exception is AuthenticationTagMismatchException or InvalidKeyException)
        {
            throw new CryptographyException("The message was altered, or sealed to another key or purpose.", exception);
        }
    }
}
