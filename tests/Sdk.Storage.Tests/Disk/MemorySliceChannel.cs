using System.Numerics;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Tests.Disk;

/// <summary>
/// One copy group in memory: checks what a member would check, and shows a write to readers as late as it may, when it is certified.
/// Certificates can be held back, fail, or never come.
/// </summary>
internal sealed class MemorySliceChannel(uint sliceCount, int submitRoom = 16) : ISliceChannel
{
    public const int Members = 7;
    public const int Quorum = 5;

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, StoredSlice> _slices = [];
    private readonly LinkedList<Pending> _pending = new();
    private readonly SemaphoreSlim _room = new(submitRoom);
    private ulong _version = 1UL << 32;
    private bool _held;
    private TaskCompletionSource? _readGate;

    public uint SliceCount => sliceCount;

    /// <summary>The next certificates fail with this.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Reads serve this sector with one bit flipped.</summary>
    public (uint Slice, int Sector)? Forged { get; set; }

    /// <summary>Everything a wire or a member would see.</summary>
    public List<byte[]> Recording { get; } = [];

    public List<SectorExtent[]> Writes { get; } = [];

    public int MaxPending { get; private set; }

    public int MaxReadsAtATime { get; private set; }

    public int ReadsAtATime { get; private set; }

    public bool IsDisposed { get; private set; }

    public int[] CountHolders()
    {
        var histogram = new int[Members + 1];
        histogram[Quorum] = _slices.Count;
        return histogram;
    }

    public int TouchedSectors
    {
        get
        {
            lock (_gate)
            {
                return _slices.Values.Sum(slice => BitOperations.PopCount(slice.Tree.Touched));
            }
        }
    }

    public int PendingCount
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>From now on certificates wait for <see cref="Certify"/>.</summary>
    public void Hold() => _held = true;

    /// <summary>Certifies what is pending, oldest first, and what comes from now on at once.</summary>
    public void LetGo()
    {
        _held = false;
        Certify(int.MaxValue);
    }

    public void Certify(int count)
    {
        for (; count > 0; count--)
        {
            Pending oldest;
            lock (_gate)
            {
                if (_pending.First is null)
                {
                    return;
                }

                oldest = _pending.First.Value;
                _pending.RemoveFirst();
                if (Failure is null)
                {
                    Apply(oldest.Write);
                }
            }

            Settle(oldest);
        }
    }

    /// <summary>Readers wait until the source returned is completed.</summary>
    public TaskCompletionSource HoldReads() => _readGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public ulong NextVersion() => Interlocked.Increment(ref _version);

    public async ValueTask<Task<WriteCertificate>> SubmitAsync(SliceWrite write, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        var pending = new Pending(write);
        lock (_gate)
        {
            CheckAsAMemberWould(write);
            _pending.AddLast(pending);
            MaxPending = Math.Max(MaxPending, _pending.Count);
        }

        if (!_held)
        {
            _ = Task.Run(() => Certify(1), CancellationToken.None);
        }

        return pending.Certificate.Task;
    }

    /// <summary>Answers with the state at the time of asking, however long the answer takes.</summary>
    public async ValueTask<SliceRead> ReadAsync(uint slice, int firstSector, int count, CancellationToken cancellationToken)
    {
        SliceRead read;
        lock (_gate)
        {
            MaxReadsAtATime = Math.Max(MaxReadsAtATime, ++ReadsAtATime);
            read = Read(slice, firstSector, count);
        }

        if (_readGate is { } gate)
        {
            await gate.Task.WaitAsync(cancellationToken);
        }

        await Task.Yield();
        lock (_gate)
        {
            ReadsAtATime--;
        }

        return read;
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private SliceRead Read(uint slice, int firstSector, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slice, sliceCount);
        StoredSlice stored = _slices.TryGetValue(slice, out StoredSlice? known) ? known : new StoredSlice();
        ulong touched = stored.Tree.Touched >> firstSector & SliceGeometry.Mask(0, count);
        PayloadBuffer payload = PayloadBuffer.Rent(BitOperations.PopCount(touched) * SliceGeometry.StoredSectorBytes);
        Span<byte> rest = payload.Span;
        for (int sector = firstSector; sector < firstSector + count; sector++)
        {
            if (stored.Sectors[sector] is { } bytes)
            {
                Assert.Equal(stored.Tree[sector], Leaf(slice, sector, stored.Versions[sector], bytes));
                bytes.CopyTo(rest);
                if (Forged == (slice, sector))
                {
                    rest[1000] ^= 1;
                }

                rest = rest[bytes.Length..];
            }
        }

        return new SliceRead(touched, stored.Versions[firstSector..(firstSector + count)], payload);
    }

    private void CheckAsAMemberWould(SliceWrite write)
    {
        Assert.True(write.Slice < sliceCount);
        Assert.NotEmpty(write.Extents);
        int end = 0;
        int dataSectors = 0;
        foreach (SectorExtent extent in write.Extents)
        {
            Assert.True(extent.First >= end && extent.Count > 0);
            end = extent.First + extent.Count;
            dataSectors += extent.IsTrim ? 0 : extent.Count;
        }

        Assert.True(end <= 64);
        Assert.Equal(dataSectors * SliceGeometry.StoredSectorBytes, write.Payload.Length);
        Writes.Add(write.Extents);
        Recording.Add(write.Payload.Span.ToArray());
    }

    private void Apply(SliceWrite write)
    {
        if (!_slices.TryGetValue(write.Slice, out StoredSlice? slice))
        {
            _slices.Add(write.Slice, slice = new StoredSlice());
        }

        ReadOnlySpan<byte> rest = write.Payload.Span;
        foreach (SectorExtent extent in write.Extents)
        {
            for (int sector = extent.First; sector < extent.First + extent.Count; sector++)
            {
                if (extent.IsTrim)
                {
                    slice.Sectors[sector] = null;
                    slice.Tree.Trim(sector);
                    continue;
                }

                byte[] stored = rest[..SliceGeometry.StoredSectorBytes].ToArray();
                slice.Sectors[sector] = stored;
                slice.Versions[sector] = write.Version;
                slice.Tree.Set(sector, Leaf(write.Slice, sector, write.Version, stored));
                rest = rest[SliceGeometry.StoredSectorBytes..];
            }
        }
    }

    private void Settle(Pending pending)
    {
        pending.Write.Payload.Release();
        _room.Release();
        if (Failure is not null)
        {
            pending.Certificate.SetException(Failure);
        }
        else
        {
            pending.Certificate.SetResult(new WriteCertificate(pending.Write.Slice, default, Quorum, Members));
        }
    }

    private static Hash256 Leaf(uint slice, int sector, ulong version, byte[] stored) =>
        SliceTree.Leaf((ulong)slice * 64 + (uint)sector, version, stored);

    private sealed class StoredSlice
    {
        public SliceTree Tree { get; } = new();

        public byte[]?[] Sectors { get; } = new byte[]?[64];

        public ulong[] Versions { get; } = new ulong[64];
    }

    private sealed record Pending(SliceWrite Write)
    {
        public TaskCompletionSource<WriteCertificate> Certificate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
