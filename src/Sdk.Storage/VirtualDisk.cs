using Sdk.Storage.Disk;

namespace Sdk.Storage;

/// <summary>
/// A disk of fixed size that copy groups keep: encrypted here, held by several members each, of which a third may lie.
/// Writes go to a bounded cache and on to the groups by themselves; <see cref="FlushAsync"/> says that they are safe.
/// Bytes that were never written, or were trimmed, read as zeros and take no space.
/// </summary>
/// <remarks>
/// <para>Thread-safe; any number of operations may run at a time, at any offset and length. A buffer that is read into or written from
/// belongs to the disk until its operation ends, and no longer.</para>
/// <para>Order: an operation sees every operation that had ended before it began. Of writes and trims that overlap and run at the same
/// time, each sector of 4 KiB takes them one after the other in an order that is not told, and may be another in the next
/// sector; bytes of a sector that only one of them names are that one's. A read that runs beside a write sees each sector before or after it.</para>
/// <para>Cancelling a write or a trim leaves open which of its sectors were changed; cancelling a flush leaves open what is durable
/// until the next flush. Neither damages anything else.</para>
/// <para>If a write cannot be certified, the disk takes no more writes: they, and every flush, throw
/// <see cref="WriteNotCertifiedException"/>. Reads go on and return what was written last, durable or not.</para>
/// </remarks>
public sealed class VirtualDisk : IAsyncDisposable
{
    private readonly DiskKeys _keys;
    private readonly IReadOnlyList<ISliceChannel> _groups;
    private readonly VirtualDiskOptions _options;
    private readonly TimeProvider _time;
    private readonly SectorCodec _codec;
    private readonly WriteBackCache _cache;
    private readonly SliceReader _reader;
    private readonly SliceWriter _writer;
    private readonly SliceSender[] _senders;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _sending;
    private volatile bool _closed;
    private volatile bool _aborted;
    private int _disposals;

    /// <summary>A disk over sessions with its groups. Keys and sessions are the disk's from now on.</summary>
    internal VirtualDisk(
        long sizeBytes, DiskKeys keys, SliceMap map, IReadOnlyList<ISliceChannel> groups, VirtualDiskOptions options, TimeProvider time)
    {
        options.Validate();
        if (SliceMap.SlicesFor(sizeBytes) > map.SliceCount)
        {
            throw new ArgumentException("The slice map is smaller than the disk.", nameof(map));
        }

        if (map.Runs.Any(run => run.Group >= groups.Count || run.FirstGroupSlice + run.Count > groups[run.Group].SliceCount))
        {
            throw new ArgumentException("The slice map names slices that the disk does not own.", nameof(map));
        }

        SizeBytes = sizeBytes;
        (_keys, _groups, _options, _time) = (keys, groups, options, time);
        _codec = new SectorCodec(keys);
        _cache = new WriteBackCache(options.CacheBytes, slice => _senders![map[slice.Slice].Group].Enqueue(slice));
        _reader = new SliceReader(groups, map, _codec, _cache);
        _writer = new SliceWriter(_reader, _cache);
        _senders = [.. groups.Select(group => new SliceSender(group, map, _codec, _cache, batch => Certified?.Invoke(batch)))];
        _sending = Task.WhenAll(_senders.Select(sender => sender.RunAsync(_stopping.Token)));
    }

    /// <summary>
    /// Raised for each batch that was certified, on a thread of the pool, before the flush that waits for it returns.
    /// A handler is quick and does not throw: what it throws stops the disk's writes.
    /// </summary>
    public event Action<BatchCertified>? Certified;

    /// <summary>The size of the disk.</summary>
    public long SizeBytes { get; }

    /// <summary>The most plaintext and tables that the cache ever held, in sectors.</summary>
    internal int PeakCacheSectors => _cache.Room.PeakUnits;

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offsetBytes"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the disk.</exception>
    /// <exception cref="SectorAuthenticationException">A sector is not what the owner wrote; the buffer's content is then undefined.</exception>
    public ValueTask ReadAsync(long offsetBytes, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        CheckRange(offsetBytes, destination.Length);
        (uint slice, int into) = Locate(offsetBytes);
        return destination.IsEmpty ? ValueTask.CompletedTask
            : into + destination.Length <= SliceGeometry.SliceBytes ? _reader.ReadAsync(slice, into, destination, cancellationToken)
            : ReadSlicesAsync(offsetBytes, destination, cancellationToken);
    }

    /// <summary>Writes into the cache; waits while that is full. Durable after the next <see cref="FlushAsync"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the disk.</exception>
    /// <exception cref="WriteNotCertifiedException">The disk takes no more writes.</exception>
    /// <exception cref="SectorAuthenticationException">A sector that is written in part could not be read.</exception>
    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        CheckRange(offsetBytes, data.Length);
        while (!data.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (uint slice, int into) = Locate(offsetBytes);
            int count = Math.Min(SliceGeometry.SliceBytes - into, data.Length);
            await _writer.WriteAsync(slice, into, data[..count], cancellationToken).ConfigureAwait(false);
            offsetBytes += count;
            data = data[count..];
        }
    }

    /// <summary>Makes a range read as zeros and gives the space of its whole sectors back. Durable after the next <see cref="FlushAsync"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the disk.</exception>
    /// <exception cref="WriteNotCertifiedException">The disk takes no more writes.</exception>
    /// <exception cref="SectorAuthenticationException">A sector that is trimmed in part could not be read.</exception>
    public async ValueTask TrimAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        CheckRange(offsetBytes, lengthBytes);
        while (lengthBytes > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (uint slice, int into) = Locate(offsetBytes);
            int count = (int)Math.Min(SliceGeometry.SliceBytes - into, lengthBytes);
            await _writer.TrimAsync(slice, into, count, cancellationToken).ConfigureAwait(false);
            offsetBytes += count;
            lengthBytes -= count;
        }
    }

    /// <summary>
    /// Returns when more than two thirds of each group hold every byte that was written, and every trim that was made, before the call.
    /// Otherwise it throws; there is no value to check.
    /// </summary>
    /// <exception cref="WriteNotCertifiedException">Something could not be certified.</exception>
    public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return FlushCacheAsync(cancellationToken);
    }

    /// <summary>
    /// How well the disk is held: by number of members, how many of its slices (256 KiB) have their newest certificate acknowledged
    /// by so many. A certificate is complete with more than two thirds; the others follow, and one that died after acknowledging still counts.
    /// </summary>
    public IReadOnlyDictionary<int, long> CountHolders()
    {
        var slices = new SortedDictionary<int, long>();
        foreach (int[] histogram in _groups.Select(group => group.CountHolders()))
        {
            for (int holders = 0; holders < histogram.Length; holders++)
            {
                if (histogram[holders] > 0)
                {
                    slices[holders] = slices.GetValueOrDefault(holders) + histogram[holders];
                }
            }
        }

        return slices;
    }

    /// <summary>The disk as a stream of its own position and fixed length. Closing it flushes and leaves the disk open.</summary>
    public Stream OpenStream()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return new VirtualDiskStream(this);
    }

    /// <summary>
    /// Stops at once without flushing: which of the writes since the last flush survive is unknown. Every other operation that runs or
    /// comes later throws. Disposing then frees what the disk holds, and does not throw.
    /// </summary>
    public void Abort()
    {
        _aborted = true;
        Close("The disk was aborted before its writes were certified.");
    }

    /// <summary>Flushes for as long as <see cref="VirtualDiskOptions.DisposeTimeout"/> says, then frees everything.</summary>
    /// <exception cref="WriteNotCertifiedException">Not everything that was written could be certified in time.</exception>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Increment(ref _disposals) > 1)
        {
            return;
        }

        bool flush = !_aborted;
        _closed = true;
        try
        {
            if (flush)
            {
                await FlushWithinLimitAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            Close("The disk was disposed.");
            await FreeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<FlushReceipt> FlushCacheAsync(CancellationToken cancellationToken)
    {
        await _cache.BeginFlush().Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _cache.TakeReceipt();
    }

    private async ValueTask FlushWithinLimitAsync()
    {
        using var limit = new CancellationTokenSource(_options.DisposeTimeout, _time);
        try
        {
            await FlushCacheAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested)
        {
            throw new WriteNotCertifiedException(
                $"Disposing the disk could not certify its writes within {_options.DisposeTimeout.TotalSeconds:0.###} seconds.", late);
        }
    }

    private void Close(string reason)
    {
        _closed = true;
        _cache.Stop(new WriteNotCertifiedException(reason));
        _stopping.Cancel();
    }

    private async ValueTask FreeAsync()
    {
        // Senders end first: they may be sealing what is then zeroed.
        await _sending.ConfigureAwait(false);
        _cache.Clear();
        try
        {
            await Task.WhenAll(_groups.Select(group => group.DisposeAsync().AsTask())).ConfigureAwait(false);
        }
        finally
        {
            _codec.Dispose();
            _keys.Dispose();
        }
    }

    private async ValueTask ReadSlicesAsync(long offsetBytes, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var window = new Queue<Task>(_options.ParallelReads);
        try
        {
            while (!destination.IsEmpty)
            {
                if (window.Count == _options.ParallelReads)
                {
                    await window.Dequeue().ConfigureAwait(false);
                }

                (uint slice, int into) = Locate(offsetBytes);
                int count = Math.Min(SliceGeometry.SliceBytes - into, destination.Length);
                window.Enqueue(_reader.ReadAsync(slice, into, destination[..count], cancellationToken).AsTask());
                offsetBytes += count;
                destination = destination[count..];
            }

            while (window.TryDequeue(out Task? read))
            {
                await read.ConfigureAwait(false);
            }
        }
        finally
        {
            // After a failure too, nobody writes to the buffer once the caller has it back.
            while (window.TryDequeue(out Task? read))
            {
                await read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static (uint Slice, int OffsetBytes) Locate(long offsetBytes) =>
        ((uint)(offsetBytes / SliceGeometry.SliceBytes), (int)(offsetBytes % SliceGeometry.SliceBytes));

    private void CheckRange(long offsetBytes, long lengthBytes)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, SizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, SizeBytes - offsetBytes);
    }
}
