using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A secret in pinned memory, so that the collector leaves no copies behind, zeroed on disposal. It is only ever copied out to
/// a caller's buffer, under a lock: disposal during a signature can neither tear the key nor let a zeroed one be used.
/// </summary>
internal sealed class SecretBytes : IDisposable
{
    private readonly byte[] _bytes;
    private readonly Type _owner;
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>Copies <paramref name="secret"/>; the caller zeroes its own copy.</summary>
    public SecretBytes(ReadOnlySpan<byte> secret, Type owner)
    {
        _owner = owner;
        _bytes = GC.AllocateUninitializedArray<byte>(secret.Length, pinned: true);
        secret.CopyTo(_bytes);
    }

    /// <summary>The memory itself, for tests that look at it after disposal.</summary>
    internal ReadOnlySpan<byte> Memory => _bytes;

    /// <exception cref="ObjectDisposedException">The secret is gone.</exception>
    public void CopyTo(Span<byte> destination)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, _owner);
            _bytes.CopyTo(destination);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            CryptographicOperations.ZeroMemory(_bytes);
        }
    }
}
