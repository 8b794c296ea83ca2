using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A P-256 key that others seal to (<see cref="Hpke"/>). The key object is held, because importing costs more than agreeing. Safe
/// for many threads; disposal frees the private key.
/// </summary>
public sealed class AgreementKey : IDisposable
{
    /// <summary>Length in bytes of a public key, uncompressed as RFC 9180 sends it.</summary>
    public const int PublicKeyLengthBytes = P256.UncompressedLengthBytes;

    internal const int SharedSecretLengthBytes = 32;

    private readonly ECDiffieHellman _key;
    private readonly Lock _lock = new();
    private bool _disposed;

    private AgreementKey(ECDiffieHellman key)
    {
        _key = key;
        PublicKey = P256.Encode(key.ExportParameters(includePrivateParameters: false).Q);
    }

    /// <summary>The public half: 04 ‖ x ‖ y, 65 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>A new random key.</summary>
    public static AgreementKey Generate() => new(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>The key that RFC 9180's DeriveKeyPair (7.1.3) makes of a seed; the caller zeroes the seed.</summary>
    /// <param name="seed">At least 32 bytes of entropy.</param>
    /// <exception cref="ArgumentException">The seed is shorter than 32 bytes.</exception>
    public static AgreementKey FromSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length < P256.ScalarLengthBytes)
        {
            throw new ArgumentException($"A seed has at least {P256.ScalarLengthBytes} bytes.", nameof(seed));
        }

        Span<byte> pseudoRandomKey = stackalloc byte[LabeledHkdf.HashLengthBytes];
        Span<byte> candidate = stackalloc byte[P256.ScalarLengthBytes];
        try
        {
            LabeledHkdf.Kem.Extract(salt: [], "dkp_prk"u8, seed, pseudoRandomKey);
            for (var counter = 0; counter <= byte.MaxValue; counter++)
            {
                LabeledHkdf.Kem.Expand(pseudoRandomKey, "candidate"u8, [(byte)counter], candidate);
                if (P256.IsScalar(candidate))
                {
                    return FromScalar(candidate);
                }
            }

            // 256 candidates at or above the order: a chance of 2^-8192.
            throw new CryptographyException("The seed yields no key.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pseudoRandomKey);
            CryptographicOperations.ZeroMemory(candidate);
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
    public override string ToString() => $"AgreementKey of {Convert.ToHexStringLower(PublicKey.Span)}";

    internal static AgreementKey FromScalar(ReadOnlySpan<byte> scalar) => new(P256.ImportScalar(scalar, ECDiffieHellman.Create));

    /// <summary>Writes the private scalar, 32 bytes big-endian.</summary>
    internal void ExportScalar(Span<byte> destination)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            P256.ExportScalar(_key.ExportParameters(includePrivateParameters: true), destination);
        }
    }

    /// <summary>Writes the x coordinate of the shared point, 32 bytes.</summary>
    /// <exception cref="InvalidKeyException">The public key is no uncompressed point of P-256.</exception>
    internal void Agree(ReadOnlySpan<byte> publicKey, Span<byte> destination)
    {
        // An unchecked point of another curve would give the private key away piece by piece.
        if (publicKey.Length != PublicKeyLengthBytes || !P256.TryDecode(publicKey, out var point))
        {
            throw new InvalidKeyException("The bytes are not an uncompressed public key on P-256.");
        }

        using var other = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        using var otherPublic = other.PublicKey;
        byte[] secret;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            secret = _key.DeriveRawSecretAgreement(otherPublic);
        }

        secret.CopyTo(destination);
        CryptographicOperations.ZeroMemory(secret);
    }
}
