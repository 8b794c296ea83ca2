using System.Buffers;
using System.Collections.Concurrent;

namespace Sdk.Storage.Disk;

/// <summary>
/// Sectors on their way: one pooled array that several senders share. It starts with one reference; whoever keeps it
/// longer retains it, and the array goes back to the pool with the last release.
/// </summary>
internal sealed class PayloadBuffer
{
    /// <summary>
    /// Full slices are what a busy disk moves, and the shared pool would round each up to twice its size. Kept for reuse:
    /// two flights of batches, 32 MiB.
    /// </summary>
    private const int MaxKeptSlices = 128;

    private const int FullSliceBytes = SliceGeometry.SectorsPerSlice * SliceGeometry.StoredSectorBytes;

    private static readonly ConcurrentBag<byte[]> KeptSlices = [];

    private byte[]? _array;
    private int _references = 1;

    private PayloadBuffer(byte[] array, int length)
    {
        _array = array;
        Length = length;
    }

    public static PayloadBuffer Empty => new([], 0);

    public int Length { get; }

    public Memory<byte> Memory => Array.AsMemory(0, Length);

    public Span<byte> Span => Array.AsSpan(0, Length);

    private byte[] Array => _array ?? throw new ObjectDisposedException(nameof(PayloadBuffer));

    public static PayloadBuffer Rent(int length) => length switch
    {
        0 => new PayloadBuffer([], 0),
        FullSliceBytes => new PayloadBuffer(KeptSlices.TryTake(out var kept) ? kept : new byte[FullSliceBytes], length),
        _ => new PayloadBuffer(ArrayPool<byte>.Shared.Rent(length), length),
    };

    public void Retain()
    {
        ObjectDisposedException.ThrowIf(Interlocked.Increment(ref _references) <= 1, this);
    }

    public void Release()
    {
        var left = Interlocked.Decrement(ref _references);
        if (left < 0)
        {
            throw new InvalidOperationException("A payload was released more often than it was retained.");
        }

        if (left == 0 && Interlocked.Exchange(ref _array, null) is { Length: > 0 } array)
        {
            Return(array);
        }
    }

    private static void Return(byte[] array)
    {
        if (array.Length != FullSliceBytes)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
        else if (KeptSlices.Count < MaxKeptSlices)
        {
            KeptSlices.Add(array);
        }
    }
}
