using System.Buffers.Binary;

namespace Sdk.Storage.Disk;

/// <summary>
/// Under which name a slice was encrypted: the disk and place where it was first written, and the generation of its key.
/// It stays with the ciphertext, so that a snapshot or a clone can read slices that it shares with their origin.
/// </summary>
internal readonly record struct SliceOrigin(DiskId Disk, uint Slice, uint KeyGeneration)
{
    public const int LengthBytes = DiskId.LengthBytes + 2 * sizeof(uint);

    /// <summary>The address of a sector on the origin disk, in sectors.</summary>
    public ulong SectorAddress(int sector) => (ulong)Slice * SliceGeometry.SectorsPerSlice + (uint)sector;

    public void CopyTo(Span<byte> destination)
    {
        Disk.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[DiskId.LengthBytes..], Slice);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[(DiskId.LengthBytes + sizeof(uint))..], KeyGeneration);
    }
}
