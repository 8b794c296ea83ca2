using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking;

/// <summary>The key types of libp2p's <c>PublicKey</c> message.</summary>
public enum IdentityKeyType
{
    /// <summary>RSA, 2048 to 8192 bits; signatures are PKCS #1 v1.5 over SHA-256.</summary>
    Rsa = 0,

    /// <summary>Ed25519 (RFC 8032).</summary>
    Ed25519 = 1,

    /// <summary>secp256k1, the suite's own kind; signatures are DER over SHA-256 with low s.</summary>
    Secp256k1 = 2,

    /// <summary>ECDSA on P-256, P-384 or P-521; signatures are DER over SHA-256.</summary>
    Ecdsa = 3,
}

/// <summary>
/// The public key behind a peer id, in libp2p's protobuf <c>PublicKey{1: Type, 2: Data}</c> (<c>specs/peer-ids</c>). The encoding is
/// hashed into peer ids, so exactly one is accepted: both fields, in order, shortest varints, nothing else. (Hence no generated code:
/// protobuf accepts more.) Immutable, safe for many threads.
/// </summary>
public sealed class IdentityKey
{
    /// <summary>The longest encoding: an RSA key of 8192 bits has about 1 070 bytes; anything longer is refused before it is copied.</summary>
    public const int MaxEncodedBytes = 1200;

    private const int MinRsaBits = 2048;

    /// <summary>A verification with it takes a millisecond; twice the bits take four times that, for every stranger who connects.</summary>
    private const int MaxRsaBits = 8192;

    /// <summary>65537 has three bytes. A large exponent makes a verification as dear as a signature.</summary>
    private const int MaxRsaExponentBytes = 4;

    private static readonly string[] NistCurves =
    [
        ECCurve.NamedCurves.nistP256.Oid.Value!, ECCurve.NamedCurves.nistP384.Oid.Value!, ECCurve.NamedCurves.nistP521.Oid.Value!,
    ];

    private const byte TypeTag = 0x08;
    private const byte DataTag = 0x12;

    private readonly byte[] _encoded;
    private readonly int _dataStart;

    private IdentityKey(IdentityKeyType type, byte[] encoded, int dataStart, PublicKey? secp256k1)
    {
        Type = type;
        _encoded = encoded;
        _dataStart = dataStart;
        Secp256k1 = secp256k1;
    }

    /// <summary>What kind of key it is.</summary>
    public IdentityKeyType Type { get; }

    /// <summary>The protobuf message.</summary>
    public ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>The key, where it is the suite's own kind; null otherwise.</summary>
    public PublicKey? Secp256k1 { get; }

    private ReadOnlySpan<byte> Data => _encoded.AsSpan(_dataStart);

    /// <summary>The identity that a node key gives.</summary>
    public static IdentityKey From(PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] encoded = [TypeTag, (byte)IdentityKeyType.Secp256k1, DataTag, PublicKey.LengthBytes, .. new byte[PublicKey.LengthBytes]];
        key.CopyTo(encoded.AsSpan(4));
        return new IdentityKey(IdentityKeyType.Secp256k1, encoded, 4, key);
    }

    /// <summary>Reads the protobuf message; false for any other encoding, and for data that are no acceptable key of the type.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out IdentityKey? key)
    {
        key = null;
        if (encoded.Length is < 5 or > MaxEncodedBytes || encoded[0] != TypeTag || encoded[1] > (byte)IdentityKeyType.Ecdsa || encoded[2] != DataTag
            || Varint.TryRead(encoded[3..], out var length, out var consumed) != OperationStatus.Done
            || length != (ulong)(encoded.Length - 3 - consumed))
        {
            return false;
        }

        var type = (IdentityKeyType)encoded[1];
        var data = encoded[(3 + consumed)..];
        PublicKey? secp256k1 = null;
        var valid = type switch
        {
            IdentityKeyType.Secp256k1 => data.Length == PublicKey.LengthBytes && PublicKey.TryParse(data, out secp256k1),
            IdentityKeyType.Ed25519 => Ed25519.IsPublicKey(data),
            IdentityKeyType.Rsa => IsImportable(data, ImportRsa),
            _ => IsImportable(data, ImportEcdsa),
        };
        key = valid ? new IdentityKey(type, encoded.ToArray(), 3 + consumed, secp256k1) : null;
        return valid;
    }

    /// <summary>Whether this key made <paramref name="signature"/> over <paramref name="message"/>; false for anything malformed.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        switch (Type)
        {
            case IdentityKeyType.Secp256k1:
                Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
                SHA256.HashData(message, digest);
                return Signature.TryParseDer(signature, out var parsed) && Secp256k1!.Verify(digest, parsed);
            case IdentityKeyType.Ed25519:
                return Ed25519.Verify(Data, message, signature);
            case IdentityKeyType.Rsa:
                using (var rsa = ImportRsa(Data))
                {
                    return rsa.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                }

            default:
                using (var ecdsa = ImportEcdsa(Data))
                {
                    return ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
                }
        }
    }

    /// <summary>Signs as <see cref="Verify"/> verifies.</summary>
    internal static byte[] Sign(KeyPair key, ReadOnlySpan<byte> message)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, digest);
        return key.SignDigest(digest).ToDer();
    }

    private delegate IDisposable Importer(ReadOnlySpan<byte> subjectPublicKeyInfo);

    private static bool IsImportable(ReadOnlySpan<byte> subjectPublicKeyInfo, Importer import)
    {
        try
        {
            using var key = import(subjectPublicKeyInfo);
            return true;
        }
        catch (Exception error) when (error is CryptographicException or PlatformNotSupportedException)
        {
            // A key that the platform cannot read proves nobody's identity.
            return false;
        }
    }

    /// <summary>Platforms read more than one encoding of a key (of a bit string's unused bits, for one), and each would be another peer id.</summary>
    private static bool IsCanonical(AsymmetricAlgorithm key, ReadOnlySpan<byte> subjectPublicKeyInfo) =>
        subjectPublicKeyInfo.SequenceEqual(key.ExportSubjectPublicKeyInfo());

    private static RSA ImportRsa(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        var key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            var isAcceptable = IsCanonical(key, subjectPublicKeyInfo) && key.KeySize is >= MinRsaBits and <= MaxRsaBits
                && key.ExportParameters(includePrivateParameters: false).Exponent!.Length <= MaxRsaExponentBytes;
            return isAcceptable ? key : throw new CryptographicException("The RSA key is outside the sizes accepted.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static ECDsa ImportEcdsa(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            var curve = key.ExportParameters(includePrivateParameters: false).Curve;
            var isAcceptable = curve.IsNamed && NistCurves.Contains(curve.Oid.Value) && IsCanonical(key, subjectPublicKeyInfo);
            return isAcceptable ? key : throw new CryptographicException("The ECDSA key is on a curve that is not accepted.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
