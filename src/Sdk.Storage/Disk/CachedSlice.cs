using System.Numerics;

namespace Sdk.Storage.Disk;

/// <summary>
/// What the cache knows of one slice that its group has not certified. A sector is dirty (open, may still change), or belongs to
/// the newest submission that took it along; a submitted plaintext never changes, so that it is sealed without a lock.
/// </summary>
/// <remarks>Guarded by the cache's lock.</remarks>
internal sealed class CachedSlice(uint slice)
{
    public uint Slice => slice;

    /// <summary>Sectors that are newer here than in the group.</summary>
    public ulong Cached { get; set; }

    /// <summary>Of the cached ones, those that read as zeros and have no plaintext.</summary>
    public ulong Trimmed { get; set; }

    /// <summary>Of the cached ones, those that no submission has taken along.</summary>
    public ulong Dirty { get; set; }

    /// <summary>The newest plaintext by sector.</summary>
    public byte[]?[] Plaintexts { get; } = new byte[]?[SliceGeometry.SectorsPerSlice];

    /// <summary>The submission that holds the newest state by sector; null while it is dirty.</summary>
    public SliceSubmission?[] Owners { get; } = new SliceSubmission?[SliceGeometry.SectorsPerSlice];

    /// <summary>Taken along and not yet released.</summary>
    public List<SliceSubmission> Submissions { get; } = [];

    /// <summary>Flushes that wait for the next submission.</summary>
    public List<FlushBarrier> Barriers { get; } = [];

    /// <summary>In a sender's queue.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Writers that read a sector in order to change a part of it; nothing is dropped while they do.</summary>
    public int Pins { get; set; }

    public bool IsFull => Dirty == ulong.MaxValue;

    public bool IsDroppable => Cached == 0 && Submissions.Count == 0 && Pins == 0 && !IsQueued;
}

/// <summary>The dirty sectors of one slice that went to the group in one write.</summary>
internal sealed class SliceSubmission(CachedSlice slice, ulong data, ulong trimmed)
{
    public CachedSlice Slice => slice;

    public ulong Data => data;

    public ulong Trimmed => trimmed;

    public int SectorCount => BitOperations.PopCount(data | trimmed);

    /// <summary>By sector; immutable until the submission is released.</summary>
    public byte[]?[] Plaintexts { get; } = new byte[]?[SliceGeometry.SectorsPerSlice];

    /// <summary>Flushes that wait for this write's certificate.</summary>
    public List<FlushBarrier> Barriers { get; } = [];

    /// <summary>Certified, and kept only while its slice is pinned.</summary>
    public bool IsCertified { get; set; }
}

/// <summary>One flush on its way: complete when everything that was written before it is certified.</summary>
/// <remarks>The count is guarded by the cache's lock.</remarks>
internal sealed class FlushBarrier
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Pending { get; set; }

    public Task Task => _done.Task;

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception failure) => _done.TrySetException(failure);
}
