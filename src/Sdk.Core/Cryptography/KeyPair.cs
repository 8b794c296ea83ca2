using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A secp256k1 key with its private half: an account's identity or a device's node key. Safe for many threads; disposal zeroes
/// the private key, after which only <see cref="PublicKey"/> still answers.
/// </summary>
public sealed class KeyPair : IDisposable
{
    /// <summary>Length in bytes of a private key.</summary>
    public const int PrivateKeyLengthBytes = Secp256k1.PrivateKeyLengthBytes;

    private readonly SecretBytes _privateKey;

    private KeyPair(ReadOnlySpan<byte> privateKey, bool isTestOnly)
    {
        var uncompressed = new byte[PublicKey.UncompressedLengthBytes];
        Secp256k1.Current.DerivePublicKey(privateKey, uncompressed);
        PublicKey = new PublicKey(uncompressed);
        _privateKey = new SecretBytes(privateKey, typeof(KeyPair));
        IsTestOnly = isTestOnly;
    }

    /// <summary>The public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The account of this key.</summary>
    public AccountAddress Address => AccountAddress.FromPublicKey(PublicKey);

    /// <summary>Whether this key was made by <see cref="GenerateTestOnly"/>: it may serve local trials and must never hold value.</summary>
    public bool IsTestOnly { get; }

    internal SecretBytes Secret => _privateKey;

    /// <summary>A new random key.</summary>
    public static KeyPair Generate() => Generate(isTestOnly: false);

    /// <summary>A new random key that says of itself that it is for trials only.</summary>
    public static KeyPair GenerateTestOnly() => Generate(isTestOnly: true);

    /// <summary>Takes a private key, 32 bytes big-endian in [1, n); the caller zeroes its own copy.</summary>
    /// <exception cref="InvalidKeyException">The length is not 32, or the number is zero or not below the group's order.</exception>
    public static KeyPair FromPrivateKey(ReadOnlySpan<byte> privateKey) => FromPrivateKey(privateKey, isTestOnly: false);

    /// <summary>
    /// Signs a digest: deterministically (RFC 6979 with HMAC-SHA-256), low s, with the recovery id.
    /// </summary>
    /// <param name="digest">32 bytes, the output of a hash that binds type, network and purpose.</param>
    /// <exception cref="ArgumentException">The digest has not 32 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public Signature SignDigest(ReadOnlySpan<byte> digest)
    {
        PublicKey.CheckDigest(digest);
        Span<byte> privateKey = stackalloc byte[PrivateKeyLengthBytes];
        Span<byte> compact = stackalloc byte[Secp256k1.CompactSignatureLengthBytes];
        try
        {
            _privateKey.CopyTo(privateKey);
            var recoveryId = Secp256k1.Current.Sign(privateKey, digest, compact);
            return Signature.FromSigner(compact, recoveryId);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    /// <summary>Writes the private key, 32 bytes; the caller zeroes them.</summary>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public void ExportPrivateKey(Span<byte> destination) => _privateKey.CopyTo(destination);

    /// <summary>
    /// Derives another secret from the private key: HKDF-SHA-256 (RFC 5869) with the salt <c>"sdk/key-pair"</c>. Different
    /// <paramref name="info"/> give secrets that tell nothing about each other or about the key.
    /// </summary>
    /// <param name="info">The purpose; one per use.</param>
    /// <param name="destination">At most 8160 bytes, filled.</param>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public void DeriveSecret(ReadOnlySpan<byte> info, Span<byte> destination)
    {
        Span<byte> privateKey = stackalloc byte[PrivateKeyLengthBytes];
        try
        {
            _privateKey.CopyTo(privateKey);
            HKDF.DeriveKey(HashAlgorithmName.SHA256, privateKey, destination, "sdk/key-pair"u8, info);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    /// <summary>
    /// The key pair whose private key is this one's plus the tweak, as in BIP-32. Who has the new private key and the tweak has this
    /// private key too, so the two stay in one hand.
    /// </summary>
    /// <param name="tweak">32 bytes, big-endian, in [1, n).</param>
    /// <exception cref="InvalidKeyException">The tweak is out of range, or (with a chance of 2^-256) gives no key.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    internal KeyPair Tweak(ReadOnlySpan<byte> tweak)
    {
        if (tweak.Length != PrivateKeyLengthBytes || !Secp256k1.IsScalar(tweak))
        {
            throw new InvalidKeyException("The tweak of a key is out of range.");
        }

        Span<byte> privateKey = stackalloc byte[PrivateKeyLengthBytes];
        try
        {
            _privateKey.CopyTo(privateKey);
            Secp256k1.AddScalars(privateKey, tweak, privateKey);
            return FromPrivateKey(privateKey, IsTestOnly);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => _privateKey.Dispose();

    /// <summary>The account's address; never the private key.</summary>
    public override string ToString() => $"KeyPair of {Address}";

    internal static KeyPair FromPrivateKey(ReadOnlySpan<byte> privateKey, bool isTestOnly) =>
        privateKey.Length == PrivateKeyLengthBytes && Secp256k1.IsScalar(privateKey)
            ? new KeyPair(privateKey, isTestOnly)
            : throw new InvalidKeyException("A private key on secp256k1 is a number of 32 bytes from 1 to below the group's order.");

    private static KeyPair Generate(bool isTestOnly)
    {
        Span<byte> privateKey = stackalloc byte[PrivateKeyLengthBytes];
        try
        {
            do
            {
                RandomNumberGenerator.Fill(privateKey);
            }
            while (!Secp256k1.IsScalar(privateKey));

            return new KeyPair(privateKey, isTestOnly);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }
}
