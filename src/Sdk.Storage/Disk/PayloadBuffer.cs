using System.Buffers;

namespace Sdk.Storage.Disk;

/// <summary>
/// Sectors on their way: one pooled array that several senders share. It starts with one reference; whoever keeps it
/// longer retains it, and the array goes back to the pool with the last release.
/// </summary>
internal sealed class PayloadBuffer
{
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

    public static PayloadBuffer Rent(int length) => new(length == 0 ? [] : ArrayPool<byte>.Shared.Rent(length), length);

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
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
