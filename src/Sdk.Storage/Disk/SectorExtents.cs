using System.Numerics;

namespace Sdk.Storage.Disk;

/// <summary>Turns maps of sectors into the runs that a write names.</summary>
internal static class SectorExtents
{
    /// <summary>The runs of both maps in ascending order; the maps do not overlap.</summary>
    public static SectorExtent[] Of(ulong data, ulong trimmed)
    {
        var extents = new SectorExtent[CountRuns(data) + CountRuns(trimmed)];
        for (int i = 0; i < extents.Length; i++)
        {
            int first = BitOperations.TrailingZeroCount(data | trimmed);
            bool isTrim = (trimmed >> first & 1) != 0;
            int count = RunLength(isTrim ? trimmed : data, first);
            extents[i] = new SectorExtent((byte)first, (byte)count, isTrim);
            ulong done = SliceGeometry.Mask(first, count);
            data &= ~done;
            trimmed &= ~done;
        }

        return extents;
    }

    /// <summary>How many sectors from <paramref name="first"/> on are set without a gap.</summary>
    public static int RunLength(ulong sectors, int first) =>
        Math.Min(BitOperations.TrailingZeroCount(~(sectors >> first)), SliceGeometry.SectorsPerSlice - first);

    private static int CountRuns(ulong sectors) => BitOperations.PopCount(sectors & ~(sectors << 1));
}
