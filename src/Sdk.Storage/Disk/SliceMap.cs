namespace Sdk.Storage.Disk;

/// <summary>A run of a disk's slices that lie side by side in one group and share origin disk and key generation.</summary>
/// <param name="FirstSlice">The run's first slice on this disk.</param>
/// <param name="Count">Slices in the run.</param>
/// <param name="Group">Index of the copy group.</param>
/// <param name="FirstGroupSlice">Where the run begins among the disk's slices in that group.</param>
/// <param name="FirstOrigin">The name in encryption of the run's first slice; the others follow it.</param>
internal readonly record struct SliceRun(uint FirstSlice, uint Count, int Group, uint FirstGroupSlice, SliceOrigin FirstOrigin);

/// <summary>Where one slice of a disk lies and under which name it is encrypted.</summary>
internal readonly record struct SlicePlace(int Group, uint GroupSlice, SliceOrigin Origin);

/// <summary>
/// From a disk's slices to places in copy groups. Runs keep the map small however large the disk; each run carries the
/// origin of its ciphertext, so that a snapshot or a clone is a map of its own over slices that it shares.
/// </summary>
internal sealed class SliceMap
{
    private readonly SliceRun[] _runs;

    /// <summary>A map of the runs given.</summary>
    /// <exception cref="ArgumentException">The runs do not cover the disk's slices from 0 without gap or overlap.</exception>
    public SliceMap(IReadOnlyList<SliceRun> runs)
    {
        ulong next = 0;
        foreach (SliceRun run in runs)
        {
            if (run.FirstSlice != next || run.Count == 0 || run.Group < 0
                || (ulong)run.FirstGroupSlice + run.Count > uint.MaxValue || (ulong)run.FirstOrigin.Slice + run.Count > uint.MaxValue)
            {
                throw new ArgumentException("The runs of a slice map follow each other from slice 0.", nameof(runs));
            }

            next += run.Count;
        }

        if (next is 0 or > uint.MaxValue)
        {
            throw new ArgumentException("A disk has 1 to 2³² − 1 slices.", nameof(runs));
        }

        _runs = [.. runs];
        SliceCount = (uint)next;
    }

    /// <summary>Slices of the disk.</summary>
    public uint SliceCount { get; }

    public IReadOnlyList<SliceRun> Runs => _runs;

    /// <summary>Slices that hold <paramref name="sizeBytes"/>.</summary>
    public static uint SlicesFor(long sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, (long)uint.MaxValue * SliceGeometry.SliceBytes);
        return (uint)((sizeBytes - 1) / SliceGeometry.SliceBytes + 1);
    }

    /// <summary>A new disk's map: even contiguous shares over the groups, so that one bad group costs one share.</summary>
    public static SliceMap Spread(DiskId disk, uint sliceCount, int groupCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sliceCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(groupCount, 1);
        var runs = new List<SliceRun>(groupCount);
        uint first = 0;
        for (int group = 0; group < groupCount; group++)
        {
            uint end = (uint)((ulong)sliceCount * (uint)(group + 1) / (uint)groupCount);
            if (end > first)
            {
                runs.Add(new SliceRun(first, end - first, group, 0, new SliceOrigin(disk, first, KeyGeneration: 0)));
            }

            first = end;
        }

        return new SliceMap(runs);
    }

    /// <summary>The place of one slice.</summary>
    public SlicePlace this[uint slice]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slice, SliceCount);
            (int low, int high) = (0, _runs.Length - 1);
            while (low < high)
            {
                int middle = (low + high + 1) / 2;
                (low, high) = _runs[middle].FirstSlice <= slice ? (middle, high) : (low, middle - 1);
            }

            ref readonly SliceRun run = ref _runs[low];
            uint into = slice - run.FirstSlice;
            return new SlicePlace(run.Group, run.FirstGroupSlice + into, run.FirstOrigin with { Slice = run.FirstOrigin.Slice + into });
        }
    }
}
