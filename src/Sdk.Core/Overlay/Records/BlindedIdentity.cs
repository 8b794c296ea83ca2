using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// Another name for an account in every epoch, which only its contacts can compute: they find its records, strangers cannot tell whose they
/// are or that those of two epochs belong together. The keys are made as Tor's onion services blind theirs (rend-spec v3, "Key derivation"),
/// by adding a tweak that is secret to the contacts; the contacts can name each key and sign with none of them.
/// </summary>
/// <remarks>
/// A node that stores a record of this identity still sees which connection it came by. Whoever wants to hide that too lets another node
/// store it. A key of one epoch, together with what the contacts know, gives the keys of all epochs: none of them may leave the owner.
/// </remarks>
public sealed class BlindedIdentity : IDisposable
{
    private readonly KeyPair _base;

    private BlindedIdentity(KeyPair @base, BlindedContact contact) => (_base, Contact) = (@base, contact);

    /// <summary>What contacts are given, over a channel that is secret and authentic.</summary>
    public BlindedContact Contact { get; }

    /// <summary>The identity of an account, the same whenever it is made.</summary>
    /// <param name="account">The account's key, or a device's; its address cannot be told from what the contacts are given.</param>
    /// <param name="networkId">The network; names on different networks do not belong together either.</param>
    /// <param name="generation">Counts up when contacts are to lose it: those of the last generation cannot compute the names of the next.</param>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public static BlindedIdentity Create(KeyPair account, ulong networkId, ulong generation = 0)
    {
        ArgumentNullException.ThrowIfNull(account);
        Span<byte> info = stackalloc byte[BlindedTweak.InfoLengthBytes];
        Span<byte> secret = stackalloc byte[KeyPair.PrivateKeyLengthBytes];
        Span<byte> blinding = stackalloc byte[BlindedContact.SecretLengthBytes];
        try
        {
            account.DeriveSecret(BlindedTweak.Info(info, "sdk/blinding/1/"u8, networkId, generation), blinding);
            byte attempt = 0;
            do
            {
                // The chance of a second attempt is 2^-128.
                account.DeriveSecret([.. BlindedTweak.Info(info, "sdk/blinded/1/"u8, networkId, generation), attempt++], secret);
            }
            while (!Secp256k1.IsScalar(secret));

            var @base = KeyPair.FromPrivateKey(secret, account.IsTestOnly);
            return new BlindedIdentity(@base, new BlindedContact(networkId, @base.PublicKey, blinding));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(blinding);
        }
    }

    /// <summary>The key that signs in an epoch; the caller disposes it.</summary>
    /// <param name="epoch">A <see cref="BlindedContact.EpochAt"/>.</param>
    /// <exception cref="ObjectDisposedException">The identity is disposed.</exception>
    public KeyPair WriterOf(ulong epoch)
    {
        Span<byte> tweak = stackalloc byte[KeyPair.PrivateKeyLengthBytes];
        Contact.TweakOf(epoch, tweak);
        try
        {
            return _base.Tweak(tweak);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(tweak);
        }
    }

    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => _base.Dispose();
}
