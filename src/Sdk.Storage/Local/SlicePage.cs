using System.Buffers.Binary;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Local;

/// <summary>A slice record as it stands on the disk: 8 KiB under a checksum, with the slice's number against misdirected writes.</summary>
/// <remarks>Little-endian: CRC-32C of the rest u32, format u32, generation u32, slice u32, proof length u32, zero u32, key (epoch u32,
/// session counter u64, device 16 bytes, sequence u32), hash, tree, versions 64 × u64, nonces and tags 64 × 28, proof, zeros.</remarks>
internal static class SlicePage
{
    public const int Bytes = 8192;

    /// <summary>What the page has left for the owner's signature and delegation.</summary>
    public const int MaxProofBytes = Bytes - ProofOffset;

    private const uint FormatVersion = 1;
    private const int HashBytes = 32;
    private const int KeyOffset = 24;
    private const int HashOffset = KeyOffset + 4 + 8 + DeviceId.LengthBytes + 4;
    private const int TreeOffset = HashOffset + HashBytes;
    private const int VersionsOffset = TreeOffset + SliceTree.StateBytes;
    private const int NoncesOffset = VersionsOffset + (SliceGeometry.SectorsPerSlice * sizeof(ulong));
    private const int ProofOffset = NoncesOffset + (SliceGeometry.SectorsPerSlice * SliceRecord.NonceAndTagBytes);

    public static void Write(Span<byte> page, uint slice, uint generation, SliceRecord record)
    {
        page.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page[4..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(page[8..], generation);
        BinaryPrimitives.WriteUInt32LittleEndian(page[12..], slice);
        BinaryPrimitives.WriteInt32LittleEndian(page[16..], record.Proof.Length);
        WriteKey(page[KeyOffset..], record.Key);
        record.Hash.CopyTo(page[HashOffset..]);
        record.Tree.WriteTo(page.Slice(TreeOffset, SliceTree.StateBytes));
        for (int sector = 0; sector < SliceGeometry.SectorsPerSlice; sector++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(page[(VersionsOffset + (sector * sizeof(ulong)))..], record.Versions[sector]);
        }

        record.NoncesAndTags.CopyTo(page[NoncesOffset..]);
        record.Proof.CopyTo(page[ProofOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(page, Crc32C.Compute(page[4..]));
    }

    /// <summary>Reads a page; null where it is torn, damaged, empty or another slice's.</summary>
    /// <exception cref="FormatTooNewException">A newer version wrote it.</exception>
    public static (uint Generation, SliceRecord Record)? Read(ReadOnlySpan<byte> page, uint slice)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(page) != Crc32C.Compute(page[4..]))
        {
            return null;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(page[4..]) > FormatVersion)
        {
            throw new FormatTooNewException("The chunk store was written by a newer version.");
        }

        int proofBytes = BinaryPrimitives.ReadInt32LittleEndian(page[16..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(page[12..]) != slice
            || proofBytes is < 0 or > MaxProofBytes
            || !SliceTree.TryReadFrom(page.Slice(TreeOffset, SliceTree.StateBytes), out SliceTree? tree))
        {
            return null;
        }

        var versions = new ulong[SliceGeometry.SectorsPerSlice];
        for (int sector = 0; sector < versions.Length; sector++)
        {
            versions[sector] = BinaryPrimitives.ReadUInt64LittleEndian(page[(VersionsOffset + (sector * sizeof(ulong)))..]);
        }

        return (BinaryPrimitives.ReadUInt32LittleEndian(page[8..]), new SliceRecord
        {
            Key = ReadKey(page[KeyOffset..]),
            Hash = Hash256.FromBytes(page.Slice(HashOffset, HashBytes)),
            Tree = tree,
            Versions = versions,
            NoncesAndTags = page[NoncesOffset..ProofOffset].ToArray(),
            Proof = page.Slice(ProofOffset, proofBytes).ToArray(),
        });
    }

    private static void WriteKey(Span<byte> destination, in EntryKey key)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, key.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[4..], key.Session.Counter);
        key.Session.Device.CopyTo(destination[12..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], key.Sequence);
    }

    private static EntryKey ReadKey(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source),
        new SessionId(BinaryPrimitives.ReadUInt64LittleEndian(source[4..]), DeviceId.FromBytes(source.Slice(12, DeviceId.LengthBytes))),
        BinaryPrimitives.ReadUInt32LittleEndian(source[28..]));
}
