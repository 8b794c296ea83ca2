using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking;

/// <summary>The key types of libp2p's <c>PublicKey</c> message.</summary>
internal enum IdentityKeyType : byte
{
    Rsa = 0,
    Ed25519 = 1,
    Secp256k1 = 2,
    Ecdsa = 3,
}

/// <summary>
/// The public key behind a peer id, in libp2p's protobuf <c>PublicKey{1: Type, 2: Data}</c>. The encoding is hashed into peer ids, so
/// exactly one is accepted: both fields, in order, shortest varints, nothing else. (Hence no generated code: protobuf accepts more.)
/// Only secp256k1 signatures are verified so far; the other types parse, so that their peer ids can be named, and verify nothing.
/// </summary>
internal sealed class IdentityKey
{
    /// <summary>An RSA key of 8192 bits has about 1 100 bytes of SPKI; anything longer is refused before it is copied.</summary>
    public const int MaxEncodedBytes = 1200;

    private const byte TypeTag = 0x08;
    private const byte DataTag = 0x12;

    private readonly PublicKey? _secp256k1;

    private IdentityKey(IdentityKeyType type, byte[] encoded, PublicKey? secp256k1)
    {
        Type = type;
        Encoded = encoded;
        _secp256k1 = secp256k1;
    }

    public IdentityKeyType Type { get; }

    /// <summary>The protobuf message.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The key, where it is the suite's own kind.</summary>
    public PublicKey? Secp256k1 => _secp256k1;

    public static IdentityKey From(PublicKey key)
    {
        var encoded = new byte[4 + PublicKey.LengthBytes];
        encoded[0] = TypeTag;
        encoded[1] = (byte)IdentityKeyType.Secp256k1;
        encoded[2] = DataTag;
        encoded[3] = PublicKey.LengthBytes;
        key.CopyTo(encoded.AsSpan(4));
        return new IdentityKey(IdentityKeyType.Secp256k1, encoded, key);
    }

    public static bool TryDecode(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out IdentityKey? key)
    {
        key = null;
        if (encoded.Length is < 5 or > MaxEncodedBytes || encoded[0] != TypeTag || encoded[1] > (byte)IdentityKeyType.Ecdsa || encoded[2] != DataTag
            || Varint.TryRead(encoded[3..], out var length, out var consumed) != System.Buffers.OperationStatus.Done
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
            IdentityKeyType.Ed25519 => data.Length == 32,
            _ => true,
        };
        key = valid ? new IdentityKey(type, encoded.ToArray(), secp256k1) : null;
        return valid;
    }

    /// <summary>Whether this key made <paramref name="signature"/> (DER, low s) over the SHA-256 of <paramref name="message"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (_secp256k1 is null || !Signature.TryParseDer(signature, out var parsed))
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, digest);
        return _secp256k1.Verify(digest, parsed);
    }

    /// <summary>Signs as <see cref="Verify"/> verifies.</summary>
    public static byte[] Sign(KeyPair key, ReadOnlySpan<byte> message)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, digest);
        return key.SignDigest(digest).ToDer();
    }
}
