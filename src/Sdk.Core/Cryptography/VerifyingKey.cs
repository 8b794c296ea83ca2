using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A P-256 public key that verifies signatures (ECDSA, FIPS 186-5). Importing costs twice a verification, so imported objects are
/// held; the platform does not promise that one may be used by two threads, so each verification borrows one of its own.
/// Immutable and safe for many threads.
/// </summary>
public sealed class VerifyingKey : IEquatable<VerifyingKey>, IDisposable
{
    /// <summary>Length in bytes of the compressed point.</summary>
    public const int LengthBytes = 33;

    /// <summary>Length in bytes of a signature, r ‖ s.</summary>
    public const int SignatureLengthBytes = 64;

    // More threads than this in one key at one time are rare; what they import beyond it is not kept.
    private const int HeldMax = 8;

    private readonly byte[] _compressed;
    private readonly ECPoint _point;
    private readonly ConcurrentBag<ECDsa> _held = [];
    private volatile bool _disposed;

    private VerifyingKey(byte[] compressed, ECPoint point)
    {
        _compressed = compressed;
        _point = point;
    }

    /// <summary>The compressed point (SEC 1, 2.3.3), 33 bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _compressed;

    /// <summary>Takes a compressed point, 33 bytes, and checks that it is one.</summary>
    /// <exception cref="InvalidKeyException">The bytes are no point of P-256.</exception>
    public static VerifyingKey Import(ReadOnlySpan<byte> bytes) => TryImport(bytes, out var key)
        ? key
        : throw new InvalidKeyException("The bytes are not a compressed public key on P-256.");

    /// <summary>Takes a compressed point, 33 bytes, if it is one.</summary>
    public static bool TryImport(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out VerifyingKey? key)
    {
        key = bytes.Length == LengthBytes && P256.TryDecode(bytes, out var point) ? new VerifyingKey(bytes.ToArray(), point) : null;
        return key is not null;
    }

    /// <summary>Whether this key made <paramref name="signature"/> over <paramref name="digest"/>.</summary>
    /// <param name="digest">32 bytes.</param>
    /// <param name="signature">r ‖ s; anything but 64 bytes is no signature.</param>
    /// <exception cref="ArgumentException">The digest has not 32 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        PublicKey.CheckDigest(digest);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (signature.Length != SignatureLengthBytes)
        {
            return false;
        }

        var key = Borrow();
        try
        {
            return key.VerifyHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            Return(key);
        }
    }

    /// <summary>Frees the held platform objects. Nothing here is secret.</summary>
    public void Dispose()
    {
        _disposed = true;
        while (_held.TryTake(out var key))
        {
            key.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool Equals(VerifyingKey? other) => other is not null && _compressed.AsSpan().SequenceEqual(other._compressed);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerifyingKey);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_compressed);
        return hash.ToHashCode();
    }

    /// <summary>66 lower-case hexadecimal digits, the compressed point.</summary>
    public override string ToString() => Convert.ToHexStringLower(_compressed);

    /// <summary>From a point the platform made or checked.</summary>
    internal static VerifyingKey FromPoint(ECPoint point) => new(P256.Compress(point), point);

    private ECDsa Borrow() => _held.TryTake(out var key)
        ? key
        : ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = _point });

    private void Return(ECDsa key)
    {
        if (_disposed || _held.Count >= HeldMax)
        {
            key.Dispose();
        }
        else
        {
            _held.Add(key);
        }
    }
}
