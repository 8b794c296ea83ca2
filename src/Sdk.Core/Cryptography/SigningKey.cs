using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A P-256 key that signs (ECDSA, FIPS 186-5): a device's, or a session's delegated by a device. The key object is held, because
/// importing costs more than signing. Safe for many threads; disposal frees the private key.
/// </summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _lock = new();
    private bool _disposed;

    private SigningKey(ECDsa key)
    {
        _key = key;
        PublicKey = VerifyingKey.FromPoint(key.ExportParameters(includePrivateParameters: false).Q);
    }

    /// <summary>The public half; it outlives this object.</summary>
    public VerifyingKey PublicKey { get; }

    /// <summary>A new random key.</summary>
    public static SigningKey Generate() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Takes a private key in PKCS #8 (RFC 5208); the caller zeroes its own copy.</summary>
    /// <exception cref="InvalidKeyException">The bytes are no PKCS #8 key on P-256, or something follows it.</exception>
    public static SigningKey Import(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var bytesRead);
            if (bytesRead == pkcs8.Length && P256.IsCurveOf(key))
            {
                return new SigningKey(key);
            }
        }
        catch (CryptographicException exception)
        {
            key.Dispose();
            throw new InvalidKeyException("The bytes are not a private key in PKCS #8.", exception);
        }

        key.Dispose();
        throw new InvalidKeyException("The private key is not on P-256, or its encoding is followed by something else.");
    }

    /// <summary>The private key in PKCS #8; the caller zeroes it.</summary>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public byte[] ExportPkcs8()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _key.ExportPkcs8PrivateKey();
        }
    }

    /// <summary>Signs a digest.</summary>
    /// <param name="digest">32 bytes, the output of a hash that binds type, network and purpose.</param>
    /// <param name="signature">At least 64 bytes; r ‖ s is written to the first 64.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public void Sign(ReadOnlySpan<byte> digest, Span<byte> signature)
    {
        Cryptography.PublicKey.CheckDigest(digest);
        if (signature.Length < VerifyingKey.SignatureLengthBytes)
        {
            throw new ArgumentException($"A signature has {VerifyingKey.SignatureLengthBytes} bytes.", nameof(signature));
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_key.TrySignHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _))
            {
                throw new CryptographyException("The platform returned no signature.");
            }
        }
    }

    /// <summary>Frees the private key.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _key.Dispose();
        }
    }

    /// <summary>The public key; never the private one.</summary>
    public override string ToString() => $"SigningKey of {PublicKey}";

    internal static SigningKey FromScalar(ReadOnlySpan<byte> scalar) => new(P256.ImportScalar(scalar, ECDsa.Create));

    /// <summary>Writes the private scalar, 32 bytes big-endian.</summary>
    internal void ExportScalar(Span<byte> destination)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            P256.ExportScalar(_key.ExportParameters(includePrivateParameters: true), destination);
        }
    }
}
