using Sdk.Core.Cryptography;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;

namespace Sdk.Storage.Tests.Local;

/// <summary>Makes entries for one slice: each writes one run of sectors and trims another, and has the record that follows it.</summary>
internal sealed class StoredSlice(uint slice, SimRandom random)
{
    public SliceRecord? Record { get; private set; }

    /// <summary>Takes up again from a record, as after a crash.</summary>
    public void Resume(SliceRecord? record) => Record = record;

    public StoredEntry Next()
    {
        int first = random.Next(SliceGeometry.SectorsPerSlice);
        int count = 1 + random.Next(Math.Min(6, SliceGeometry.SectorsPerSlice - first));
        var extents = new List<SectorExtent> { new((byte)first, (byte)count, IsTrim: false) };
        if (first + count < SliceGeometry.SectorsPerSlice && random.Next(3) == 0)
        {
            extents.Add(new SectorExtent((byte)(first + count), 1, IsTrim: true));
        }

        byte[] payload = new byte[count * SliceGeometry.StoredSectorBytes];
        random.Fill(payload);
        uint sequence = (Record?.Key.Sequence ?? 0) + 1;
        Record = Following(Record, slice, sequence, [.. extents], payload);
        return new StoredEntry(slice, sequence, [.. extents], payload, Record);
    }

    /// <summary>The record after an entry, as a member makes it.</summary>
    public static SliceRecord Following(SliceRecord? before, uint slice, uint sequence, SectorExtent[] extents, ReadOnlySpan<byte> payload)
    {
        SliceTree tree = before?.Tree.Clone() ?? new SliceTree();
        ulong[] versions = before is null ? new ulong[64] : [.. before.Versions];
        byte[] nonces = before is null ? new byte[64 * SliceRecord.NonceAndTagBytes] : [.. before.NoncesAndTags];
        foreach (SectorExtent extent in extents)
        {
            for (int sector = extent.First; sector < extent.End; sector++)
            {
                versions[sector] = extent.IsTrim ? 0 : sequence;
                if (extent.IsTrim)
                {
                    tree.Trim(sector);
                    continue;
                }

                tree.Set(sector, SliceTree.Leaf((slice * 64) + (ulong)sector, sequence, payload[..SliceGeometry.StoredSectorBytes]));
                payload[..SliceRecord.NonceAndTagBytes].CopyTo(nonces.AsSpan(sector * SliceRecord.NonceAndTagBytes));
                payload = payload[SliceGeometry.StoredSectorBytes..];
            }
        }

        return new SliceRecord
        {
            Key = new EntryKey(1, new SessionId(7, DeviceId.FromBytes(new byte[16])), sequence),
            Hash = Hash256.Sha256(BitConverter.GetBytes(sequence)),
            Tree = tree,
            Versions = versions,
            NoncesAndTags = nonces,
            Proof = BitConverter.GetBytes(sequence),
        };
    }

    /// <summary>Checks that every sector of the slice reads as its tree says, one by one and all touched runs at once.</summary>
    public static void AssertSound(ChunkStore store, uint slice, string where)
    {
        SliceRecord? record = store.Load(slice);
        byte[] stored = new byte[SliceGeometry.StoredSectorBytes];
        for (int sector = 0; sector < SliceGeometry.SectorsPerSlice && record is not null; sector++)
        {
            if ((record.Tree.Touched >> sector & 1) != 0)
            {
                store.ReadStored(slice, sector, stored);
                bool isSound = SliceTree.Leaf((slice * 64) + (ulong)sector, record.Versions[sector], stored) == record.Tree[sector];
                Assert.True(isSound, $"{where}: slice {slice}, sector {sector} is not what its leaf says");
            }
        }
    }
}

internal sealed record StoredEntry(uint Slice, uint Sequence, SectorExtent[] Extents, byte[] Payload, SliceRecord Record)
{
    public void ApplyTo(ChunkStore store) => store.Apply(Slice, Record, Extents, Payload);
}
