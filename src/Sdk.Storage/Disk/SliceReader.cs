using System.Buffers;
using System.Numerics;

namespace Sdk.Storage.Disk;

/// <summary>
/// Reads within one slice: what is cached is newer than what the group certified, and comes first; the rest is asked for in
/// one request and opened straight into the caller's buffer.
/// </summary>
internal sealed class SliceReader(IReadOnlyList<ISliceChannel> groups, SliceMap map, SectorCodec codec, WriteBackCache cache)
{
    public ValueTask ReadAsync(uint slice, int offsetBytes, Memory<byte> destination, CancellationToken cancellationToken)
    {
        // The order matters: a sector that is not cached now has been certified, so that the request below sees it.
        ulong missing = cache.CopyCached(slice, offsetBytes, destination.Span);
        return missing == 0 ? ValueTask.CompletedTask : FetchAsync(slice, missing, offsetBytes, destination, cancellationToken);
    }

    private async ValueTask FetchAsync(
        uint slice, ulong missing, int offsetBytes, Memory<byte> destination, CancellationToken cancellationToken)
    {
        SlicePlace place = map[slice];
        int first = BitOperations.TrailingZeroCount(missing);
        int count = SliceGeometry.SectorsPerSlice - BitOperations.LeadingZeroCount(missing) - first;
        using SliceRead read = await groups[place.Group].ReadAsync(place.GroupSlice, first, count, cancellationToken).ConfigureAwait(false);
        for (int sector = first; missing != 0; sector = BitOperations.TrailingZeroCount(missing))
        {
            int start = sector * SliceGeometry.SectorBytes - offsetBytes;
            int whole = start < 0 ? 0 : (destination.Length - start) / SliceGeometry.SectorBytes;
            int run = Math.Min(SectorExtents.RunLength(missing, sector), whole);
            if (run > 0)
            {
                Open(place.Origin, read, first, sector, run, destination.Span.Slice(start, run * SliceGeometry.SectorBytes));
            }
            else
            {
                OpenPart(place.Origin, read, first, sector, start, destination.Span);
                run = 1;
            }

            missing &= ~SliceGeometry.Mask(sector, run);
        }
    }

    private void OpenPart(in SliceOrigin origin, SliceRead read, int firstRead, int sector, int start, Span<byte> destination)
    {
        byte[] whole = ArrayPool<byte>.Shared.Rent(SliceGeometry.SectorBytes);
        try
        {
            Open(in origin, read, firstRead, sector, 1, whole.AsSpan(0, SliceGeometry.SectorBytes));
            int from = Math.Max(-start, 0);
            int to = Math.Min(SliceGeometry.SectorBytes, destination.Length - start);
            whole.AsSpan(from..to).CopyTo(destination[(start + from)..]);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole, clearArray: true);
        }
    }

    private void Open(in SliceOrigin origin, SliceRead read, int firstRead, int sector, int count, Span<byte> plaintext)
    {
        ulong touched = read.Touched >> (sector - firstRead) & SliceGeometry.Mask(0, count);
        int before = BitOperations.PopCount(read.Touched & SliceGeometry.Mask(0, sector - firstRead));
        ReadOnlySpan<byte> stored = read.Payload.Span.Slice(
            before * SliceGeometry.StoredSectorBytes, BitOperations.PopCount(touched) * SliceGeometry.StoredSectorBytes);
        codec.Open(in origin, sector, touched, read.Versions.Slice(sector - firstRead, count), stored, plaintext);
    }
}
