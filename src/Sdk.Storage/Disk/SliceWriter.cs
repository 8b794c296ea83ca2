using System.Buffers;

namespace Sdk.Storage.Disk;

/// <summary>
/// Writes within one slice. Sectors are encrypted whole, so a write that touches one in part reads it first, changes it and
/// writes it back; the slice is pinned meanwhile, so that two such writers never undo each other.
/// </summary>
internal sealed class SliceWriter(SliceReader reader, WriteBackCache cache)
{
    private static readonly byte[] ZeroSector = new byte[SliceGeometry.SectorBytes];

    public async ValueTask WriteAsync(uint slice, int offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        int firstSector = offsetBytes / SliceGeometry.SectorBytes;
        int lastSector = (offsetBytes + data.Length - 1) / SliceGeometry.SectorBytes;
        int reserved = lastSector - firstSector + 2;
        await cache.ReserveAsync(reserved, cancellationToken).ConfigureAwait(false);
        try
        {
            if (cache.TryWrite(slice, offsetBytes, data.Span, edges: default, ref reserved))
            {
                return;
            }

            cache.Pin(slice, ref reserved);
            byte[] edges = ArrayPool<byte>.Shared.Rent(2 * SliceGeometry.SectorBytes);
            try
            {
                await ReadEdgesAsync(slice, offsetBytes, offsetBytes + data.Length, edges, cancellationToken).ConfigureAwait(false);
                cache.TryWrite(slice, offsetBytes, data.Span, edges.AsSpan(0, 2 * SliceGeometry.SectorBytes), ref reserved);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(edges, clearArray: true);
                cache.Unpin(slice);
            }
        }
        finally
        {
            cache.Unreserve(reserved);
        }
    }

    /// <summary>Makes a range read as zeros: whole sectors are trimmed, sectors in part are written.</summary>
    public async ValueTask TrimAsync(uint slice, int offsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        int endBytes = offsetBytes + lengthBytes;
        int firstWhole = (offsetBytes + SliceGeometry.SectorBytes - 1) / SliceGeometry.SectorBytes;
        int endWhole = endBytes / SliceGeometry.SectorBytes;
        if (firstWhole < endWhole)
        {
            await TrimWholeAsync(slice, firstWhole, endWhole - firstWhole, cancellationToken).ConfigureAwait(false);
        }

        int headBytes = Math.Min(firstWhole * SliceGeometry.SectorBytes, endBytes) - offsetBytes;
        if (headBytes > 0)
        {
            await WriteAsync(slice, offsetBytes, ZeroSector.AsMemory(0, headBytes), cancellationToken).ConfigureAwait(false);
        }

        int tailBytes = endBytes - Math.Max(endWhole, firstWhole) * SliceGeometry.SectorBytes;
        if (tailBytes > 0)
        {
            await WriteAsync(slice, endBytes - tailBytes, ZeroSector.AsMemory(0, tailBytes), cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask TrimWholeAsync(uint slice, int firstSector, int count, CancellationToken cancellationToken)
    {
        int reserved = 1;
        await cache.ReserveAsync(reserved, cancellationToken).ConfigureAwait(false);
        try
        {
            cache.Trim(slice, firstSector, count, ref reserved);
        }
        finally
        {
            cache.Unreserve(reserved);
        }
    }

    /// <summary>Reads the first sector of a write into the first half of <paramref name="edges"/>, its last one into the second.</summary>
    private Task ReadEdgesAsync(uint slice, int offsetBytes, int endBytes, Memory<byte> edges, CancellationToken cancellationToken)
    {
        (int firstSector, int into) = Math.DivRem(offsetBytes, SliceGeometry.SectorBytes);
        (int lastSector, int left) = Math.DivRem(endBytes, SliceGeometry.SectorBytes);
        bool inOneSector = left != 0 && lastSector == firstSector;
        Task first = into != 0 || inOneSector
            ? ReadSectorAsync(slice, firstSector, edges[..SliceGeometry.SectorBytes], cancellationToken)
            : Task.CompletedTask;
        Task last = left != 0 && !inOneSector
            ? ReadSectorAsync(slice, lastSector, edges.Slice(SliceGeometry.SectorBytes, SliceGeometry.SectorBytes), cancellationToken)
            : Task.CompletedTask;
        return Task.WhenAll(first, last);
    }

    private async Task ReadSectorAsync(uint slice, int sector, Memory<byte> destination, CancellationToken cancellationToken) =>
        await reader.ReadAsync(slice, sector * SliceGeometry.SectorBytes, destination, cancellationToken).ConfigureAwait(false);
}
