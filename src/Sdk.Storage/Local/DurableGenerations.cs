using System.Buffers.Binary;
using Sdk.Core.Persistence;

namespace Sdk.Storage.Local;

/// <summary>The last generation of each slice that is known to be durable. A page alone cannot say whether its twin is a torn write that never
/// counted or the newest state gone bad; without this table the second would silently bring an older state back.</summary>
/// <remarks>Sectors of 512 bytes, which a disk writes whole: 126 generations u32, the sector's number u32, CRC-32C u32. They are written
/// after the sync that made the pages durable and wait for the next one themselves; a sector lost or damaged claims nothing.</remarks>
internal sealed class DurableGenerations
{
    /// <summary>Bytes at the head of the file, for the most slices that a store can have; whole pages.</summary>
    public const int AreaBytes = ((((ChunkStore.MaxSlices + PerSector - 1) / PerSector * SectorBytes) + 4095) / 4096) * 4096;

    private const int SectorBytes = 512;
    private const int PerSector = (SectorBytes - 8) / sizeof(uint);

    private readonly IBlockFile _file;
    private readonly byte[] _table;

    public DurableGenerations(IBlockFile file, uint sliceCount)
    {
        _file = file;
        _table = new byte[(sliceCount + PerSector - 1) / PerSector * SectorBytes];
        _ = file.Read(0, _table);
        for (int index = 0; index < _table.Length / SectorBytes; index++)
        {
            Span<byte> sector = SectorOf(index);
            if (BinaryPrimitives.ReadUInt32LittleEndian(sector[^8..]) != index
                || BinaryPrimitives.ReadUInt32LittleEndian(sector[^4..]) != Crc32C.Compute(sector[..^4]))
            {
                sector.Clear();
            }
        }
    }

    public uint this[uint slice] => BinaryPrimitives.ReadUInt32LittleEndian(PlaceOf(slice));

    /// <summary>Notes generations that a sync made durable.</summary>
    public void Note(IEnumerable<(uint Slice, uint Generation)> durable)
    {
        var changed = new SortedSet<int>();
        foreach ((uint slice, uint generation) in durable)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(PlaceOf(slice), generation);
            changed.Add((int)(slice / PerSector));
        }

        foreach (int index in changed)
        {
            Span<byte> sector = SectorOf(index);
            BinaryPrimitives.WriteInt32LittleEndian(sector[^8..], index);
            BinaryPrimitives.WriteUInt32LittleEndian(sector[^4..], Crc32C.Compute(sector[..^4]));
            _file.Write((long)index * SectorBytes, sector);
        }
    }

    private Span<byte> SectorOf(int index) => _table.AsSpan(index * SectorBytes, SectorBytes);

    private Span<byte> PlaceOf(uint slice) => SectorOf((int)(slice / PerSector))[((int)(slice % PerSector) * sizeof(uint))..];
}
