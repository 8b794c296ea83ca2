using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// One entry of a slice's log: what changes, what stood before, and the slice's root afterwards. The root covers every
/// byte of the sectors, so the entry's hash, which the session key signs in a batch, covers the data.
/// </summary>
internal sealed class WriteOperation
{
    /// <summary>Sector runs of one operation: at worst every other sector.</summary>
    public const int MaxExtents = SliceGeometry.SectorsPerSlice;

    /// <summary>Bytes of the longest encoding.</summary>
    public const int MaxEncodedBytes = FixedBytes + (MaxExtents * ExtentBytes);

    private const int FixedBytes = FieldWidths.KeyBytes + 4 + FieldWidths.HashBytes + 8 + FieldWidths.HashBytes + 1;
    private const int ExtentBytes = 3;

    private Hash256? _hash;

    /// <summary>The group that the entry belongs to: an entry of one group means nothing in another.</summary>
    public required Hash256 Group { get; init; }

    public required uint Slice { get; init; }

    public required EntryKey Key { get; init; }

    /// <summary>Hash of the entry before; zeros for the first of a slice.</summary>
    public required Hash256 Previous { get; init; }

    /// <summary>Version of every data sector in this operation.</summary>
    public required ulong Version { get; init; }

    /// <summary>Ascending and apart; none for an entry that only commits what a new session adopted.</summary>
    public required SectorExtent[] Extents { get; init; }

    /// <summary>Root of the slice after this entry.</summary>
    public required Hash256 Root { get; init; }

    public Hash256 Hash => _hash ??= ComputeHash();

    /// <summary>Bytes of payload: one stored sector for each sector of the data extents.</summary>
    public int PayloadBytes => DataSectors * SliceGeometry.StoredSectorBytes;

    public int DataSectors
    {
        get
        {
            var sectors = 0;
            foreach (var extent in Extents)
            {
                sectors += extent.IsTrim ? 0 : extent.Count;
            }

            return sectors;
        }
    }

    public int EncodedBytes => FixedBytes + (Extents.Length * ExtentBytes);

    /// <summary>Runs inside the slice, not empty, ascending, not overlapping.</summary>
    public static bool AreValid(ReadOnlySpan<SectorExtent> extents)
    {
        var end = 0;
        foreach (var extent in extents)
        {
            if (extent.Count == 0 || extent.First < end || extent.End > SliceGeometry.SectorsPerSlice)
            {
                return false;
            }

            end = extent.End;
        }

        return extents.Length <= MaxExtents;
    }

    /// <summary>Decodes what <see cref="WriteTo"/> wrote, from a peer or from the log; null when it is not well-formed.</summary>
    public static WriteOperation? Read(ref FieldReader reader, Hash256 group)
    {
        var key = reader.Key();
        var slice = reader.UInt32();
        var previous = reader.Hash();
        var version = reader.UInt64();
        var root = reader.Hash();
        var count = reader.Byte();
        if (reader.Failed || count > MaxExtents)
        {
            return null;
        }

        var extents = new SectorExtent[count];
        for (var i = 0; i < count; i++)
        {
            var (first, sectors, kind) = (reader.Byte(), reader.Byte(), reader.Byte());
            if (kind > 1)
            {
                return null;
            }

            extents[i] = new SectorExtent(first, sectors, kind == 1);
        }

        return reader.Failed || key.Sequence == 0 || !AreValid(extents)
            ? null
            : new WriteOperation
            {
                Group = group,
                Key = key,
                Slice = slice,
                Previous = previous,
                Version = version,
                Root = root,
                Extents = extents,
            };
    }

    /// <summary>Encodes all but the group, which both sides know.</summary>
    public void WriteTo(ref FieldWriter writer)
    {
        writer.Key(Key);
        writer.UInt32(Slice);
        writer.Hash(Previous);
        writer.UInt64(Version);
        writer.Hash(Root);
        writer.Byte((byte)Extents.Length);
        foreach (var extent in Extents)
        {
            writer.Byte(extent.First);
            writer.Byte(extent.Count);
            writer.Byte(extent.IsTrim ? (byte)1 : (byte)0);
        }
    }

    private Hash256 ComputeHash()
    {
        Span<byte> preimage = stackalloc byte[64 + MaxEncodedBytes];
        var writer = FieldWriter.ForPurpose(preimage, "sdk/write-operation/1"u8);
        writer.Hash(Group);
        WriteTo(ref writer);
        return writer.Digest();
    }
}
