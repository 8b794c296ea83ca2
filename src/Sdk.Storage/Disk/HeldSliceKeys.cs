using System.Diagnostics;
using System.Security.Cryptography;

namespace Sdk.Storage.Disk;

/// <summary>
/// Holds AES-GCM objects that were used lately: making one costs more than sealing a sector with it.
/// An object serves one thread at a time, so it is taken out while it is used; two threads in one slice make a second one,
/// which is dropped on its return.
/// </summary>
/// <remarks>Thread-safe. Allocates nothing for a key that is held.</remarks>
internal sealed class HeldSliceKeys(DiskKeys keys, int heldMax) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SliceOrigin, HeldKey> _held = new(heldMax);

    // A ring with this sentinel: Next is the key used last, Previous the one to drop first.
    private readonly HeldKey _ring = HeldKey.Sentinel();
    private bool _disposed;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Takes the key of a slice for the caller alone; <see cref="Return"/> gives it back.</summary>
    public HeldKey Take(in SliceOrigin origin)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_held.Remove(origin, out HeldKey? held))
            {
                held.Unlink();
                return held;
            }
        }

        Span<byte> key = stackalloc byte[DiskKeys.SliceKeyBytes];
        try
        {
            keys.DeriveSliceKey(in origin, key);
            return new HeldKey(origin, new AesGcm(key, SliceGeometry.TagBytes));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public void Return(HeldKey key)
    {
        HeldKey? dropped = key;
        lock (_gate)
        {
            if (!_disposed && _held.TryAdd(key.Origin, key))
            {
                key.LinkAfter(_ring);
                dropped = _held.Count > heldMax ? _ring.Previous : null;
                if (dropped is not null)
                {
                    _held.Remove(dropped.Origin);
                    dropped.Unlink();
                }
            }
        }

        dropped?.Aes.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (HeldKey key in _held.Values)
            {
                key.Aes.Dispose();
            }

            _held.Clear();
        }
    }

    /// <summary>One AES-GCM object and its place in the order of use.</summary>
    internal sealed class HeldKey
    {
        private readonly AesGcm? _aes;
        private HeldKey _next;

        private HeldKey() => _next = Previous = this;

        public HeldKey(SliceOrigin origin, AesGcm aes)
            : this() => (Origin, _aes) = (origin, aes);

        public SliceOrigin Origin { get; }

        public AesGcm Aes => _aes ?? throw new UnreachableException();

        public HeldKey Previous { get; private set; }

        public static HeldKey Sentinel() => new();

        public void LinkAfter(HeldKey other)
        {
            (_next, Previous) = (other._next, other);
            _next.Previous = this;
            other._next = this;
        }

        public void Unlink()
        {
            Previous._next = _next;
            _next.Previous = Previous;
            _next = Previous = this;
        }
    }
}
