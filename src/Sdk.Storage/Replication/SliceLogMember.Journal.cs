using Sdk.Core;
using Sdk.Core.Persistence;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;

namespace Sdk.Storage.Replication;

/// <summary>
/// What the member remembers: the write-ahead log holds fences and entries, the control file the fences of the last
/// checkpoint, the store the slices. A checkpoint makes the store durable and frees the log.
/// </summary>
internal sealed partial class SliceLogMember
{
    /// <summary>Bound of the control file: one Open request for each disk of the group.</summary>
    public const int MaxControlBytes = 1024 * 1024;

    private const byte FenceRecord = 1;
    private const byte EntryRecord = 2;
    private const byte WholeSliceRecord = 3;

    /// <summary>True when the log is full enough that the shell should run a checkpoint.</summary>
    public bool NeedsCheckpoint => _log.UsedBytes > _log.FreeBytes / 2;

    /// <summary>Room that a batch may need in the log.</summary>
    public bool HasRoomFor(WriteBatch batch) => HasRoomFor(batch.Payloads.Sum(payload => (long)payload.Length), batch.Operations.Length);

    private bool HasRoomFor(long payloadBytes, int records) => _log.FreeBytes > payloadBytes + ((records + 1L) * SignedEntry.MaxEncodedBytes);

    /// <summary>Takes down what is applied by now. The rest, which waits for the disk, may run beside further work: <see cref="MemberCheckpoint.Complete"/>.</summary>
    public MemberCheckpoint PrepareCheckpoint()
    {
        var firstNeededLsn = _unsynced.TryPeek(out var next) ? next.StartLsn : _log.NextLsn;
        return new MemberCheckpoint(_store, _store.PrepareCheckpoint(), _control, EncodeControl(), _log, firstNeededLsn);
    }

    private long AppendFence(OpenRequest request)
    {
        Span<byte> buffer = stackalloc byte[SignedEntry.MaxEncodedBytes];
        var writer = new FieldWriter(buffer);
        writer.Byte(FenceRecord);
        request.WriteTo(ref writer);
        return _log.Append(writer.Written);
    }

    private long AppendEntry(SignedEntry entry, PayloadBuffer payload)
    {
        Span<byte> header = stackalloc byte[1 + SignedEntry.MaxEncodedBytes];
        var writer = new FieldWriter(header);
        writer.Byte(EntryRecord);
        entry.WriteTo(ref writer);
        return _log.Append(writer.Written, payload.Span);
    }

    private long AppendWhole(AcceptedEntry entry)
    {
        Span<byte> header = stackalloc byte[1 + SignedEntry.MaxEncodedBytes + 8 + (SliceGeometry.SectorsPerSlice * 8)];
        var writer = new FieldWriter(header);
        writer.Byte(WholeSliceRecord);
        entry.Signed.WriteTo(ref writer);
        writer.UInt64(entry.Whole!.Touched);
        foreach (var version in entry.Whole.Versions)
        {
            writer.UInt64(version);
        }

        return _log.Append(writer.Written, entry.Payload.Span);
    }

    /// <summary>Brings an entry into the store; the log holds it durably by now.</summary>
    private void StoreEntry(AcceptedEntry entry)
    {
        var operation = entry.Signed.Operation;
        var record = entry.Whole is null ? _store.Load(operation.Slice) : null;
        var extents = entry.Whole?.Extents() ?? operation.Extents;
        var versions = entry.Whole?.Versions ?? VersionsAfter(operation, record);
        var next = new SliceRecord
        {
            Key = operation.Key,
            Hash = operation.Hash,
            Tree = entry.TreeAfter,
            Versions = versions,
            NoncesAndTags = NoncesAndTagsAfter(record, extents, entry.Payload.Span),
            Proof = entry.Signed.Encode(),
        };
        _store.Apply(operation.Slice, next, extents, entry.Payload.Span);
    }

    private static ulong[] VersionsAfter(WriteOperation operation, SliceRecord? record)
    {
        var versions = record is null ? new ulong[SliceGeometry.SectorsPerSlice] : [.. record.Versions];
        foreach (var extent in operation.Extents)
        {
            versions.AsSpan(extent.First, extent.Count).Fill(extent.IsTrim ? 0 : operation.Version);
        }

        return versions;
    }

    private static byte[] NoncesAndTagsAfter(SliceRecord? record, SectorExtent[] extents, ReadOnlySpan<byte> payload)
    {
        const int width = SliceGeometry.NonceBytes + SliceGeometry.TagBytes;
        var noncesAndTags = record is null ? new byte[SliceGeometry.SectorsPerSlice * width] : [.. record.NoncesAndTags];
        foreach (var extent in extents)
        {
            for (var sector = (int)extent.First; !extent.IsTrim && sector < extent.End; sector++)
            {
                payload[..width].CopyTo(noncesAndTags.AsSpan(sector * width));
                payload = payload[SliceGeometry.StoredSectorBytes..];
            }
        }

        return noncesAndTags;
    }

    private void Replay(long lsn, ReadOnlyMemory<byte> record)
    {
        var reader = new FieldReader(record.Span);
        var kind = reader.Byte();
        if (kind == FenceRecord)
        {
            RestoreFence(OpenRequest.Read(ref reader, _grants) ?? throw Damaged(lsn));
            return;
        }

        var signed = SignedEntry.Read(ref reader, _group.Id, _grants) ?? throw Damaged(lsn);
        var entry = kind switch
        {
            EntryRecord => ReplayEntry(signed, ref reader),
            WholeSliceRecord => ReplayWhole(signed, ref reader),
            _ => throw Damaged(lsn),
        };
        if (entry is null)
        {
            return; // The store's checkpoint has it already.
        }

        if (entry.TreeAfter.Root != signed.Operation.Root)
        {
            throw Damaged(lsn);
        }

        StoreEntry(entry);
        entry.Payload.Release();
    }

    private AcceptedEntry? ReplayEntry(SignedEntry signed, ref FieldReader reader)
    {
        var record = _store.Load(signed.Operation.Slice);
        if (record is not null && signed.Operation.Key <= record.Key)
        {
            return null;
        }

        var payload = CopyOf(reader.Rest);
        var tree = record?.Tree.Clone() ?? new SliceTree();
        if (payload.Length == signed.Operation.PayloadBytes)
        {
            SetLeaves(tree, signed.Operation.Extents, LeavesOf(signed.Operation, payload.Span));
        }

        return new AcceptedEntry(NoPeer, signed, payload, []) { TreeAfter = tree };
    }

    private AcceptedEntry? ReplayWhole(SignedEntry signed, ref FieldReader reader)
    {
        var touched = reader.UInt64();
        var versions = new ulong[SliceGeometry.SectorsPerSlice];
        for (var i = 0; i < versions.Length; i++)
        {
            versions[i] = reader.UInt64();
        }

        if (_store.Load(signed.Operation.Slice) is { } record && signed.Operation.Key <= record.Key)
        {
            return null;
        }

        var whole = new WholeSlice(touched, versions);
        var payload = CopyOf(reader.Rest);
        return new AcceptedEntry(NoPeer, signed, payload, [])
        {
            TreeAfter = whole.BuildTree(signed.Operation.Slice, payload.Span),
            Whole = whole,
        };
    }

    private static PayloadBuffer CopyOf(ReadOnlySpan<byte> bytes)
    {
        var payload = PayloadBuffer.Rent(bytes.Length);
        bytes.CopyTo(payload.Span);
        return payload;
    }

    private void RestoreFence(OpenRequest request)
    {
        if (_disks.TryGetValue(request.Disk, out var disk) && (disk.Fence is null || request.Session > disk.Fence.Session))
        {
            disk.Fence = request;
        }
    }

    private byte[] EncodeControl()
    {
        var fences = _disks.Values.Where(disk => disk.Fence is not null).Select(disk => disk.Fence!).ToArray();
        var buffer = new byte[4 + (fences.Length * SignedEntry.MaxEncodedBytes)];
        var writer = new FieldWriter(buffer);
        writer.UInt32((uint)fences.Length);
        foreach (var fence in fences)
        {
            fence.WriteTo(ref writer);
        }

        return writer.Written.ToArray();
    }

    private void RestoreControl()
    {
        if (_control.Latest is not { } latest)
        {
            return;
        }

        var reader = new FieldReader(latest.Span);
        for (var count = reader.UInt32(); count > 0; count--)
        {
            RestoreFence(OpenRequest.Read(ref reader, _grants) ?? throw new LogCorruptException("The member's control file is not well-formed."));
        }
    }

    private static LogCorruptException Damaged(long lsn) =>
        new($"The log record at {lsn} is whole but does not say what the slice's signed root says.");
}

/// <summary>A checkpoint in two steps: what was applied was taken down; completing it makes that durable and frees the log before it.</summary>
internal sealed class MemberCheckpoint(
    ChunkStore store, ChunkStore.Checkpoint slices, SnapshotFile controlFile, byte[] control, WriteAheadLog log, long firstNeededLsn)
{
    /// <summary>Runs on the log's thread, beside the member's work. The order matters: a crash between two steps only replays more.</summary>
    public void Complete()
    {
        store.Complete(slices);
        controlFile.Write(control);
        log.Truncate(firstNeededLsn);
        log.Sync(); // Only this gives the space back. What it makes durable besides, the shell reports by Synced.
    }
}
