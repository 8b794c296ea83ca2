using System.Diagnostics;
using Sdk.Core;
using Sdk.Core.Persistence;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Local;

/// <summary>What a member holds of one span: the ciphertext of each slice in place, and its record in two pages that take turns.</summary>
/// <remarks>
/// <para>The store alone survives no crash; together with the log it does. Ciphertext is overwritten in place as soon as its entry is durable in
/// the log; records change in memory only, until a checkpoint writes them. After a crash <see cref="Load"/> gives the records of the last
/// completed checkpoint, or of a later one that did not complete, and replaying the log from that checkpoint on rewrites every sector whose
/// ciphertext ran ahead of its record.</para>
/// <para>One thread owns the store; <see cref="Complete"/> may run on another, one checkpoint at a time. A write or sync that fails stops it.</para>
/// <para>File: the <see cref="DurableGenerations"/>, then for each slice 256 KiB of ciphertext and two <see cref="SlicePage"/>s.</para>
/// </remarks>
internal sealed class ChunkStore : IDisposable
{
    /// <summary>Slices of the span of 1 GiB that a copy group keeps.</summary>
    public const int MaxSlices = 4096;

    private const int SlotBytes = SliceGeometry.SliceBytes + (2 * SlicePage.Bytes);

    private readonly IBlockFile _file;
    private readonly uint _sliceCount;
    private readonly DurableGenerations _durable;
    private readonly RecordCache _cache;
    private readonly Lock _gate = new();
    private readonly byte[] _pages = new byte[2 * SlicePage.Bytes];
    private byte[]? _ciphertext;
    private bool _isCheckpointPending;
    private volatile Exception? _failure;

    private ChunkStore(IBlockFile file, uint sliceCount, int cachedRecords)
    {
        _file = file;
        _sliceCount = sliceCount;
        _durable = new DurableGenerations(file, sliceCount);
        _cache = new RecordCache(cachedRecords);
    }

    /// <summary>Opens a store, or begins one in an empty file. It owns the file from here on.</summary>
    /// <param name="file">The file; preallocated to <see cref="FileBytes"/>, no write of the store can run out of space.</param>
    /// <param name="sliceCount">Slices of the span, up to <see cref="MaxSlices"/>.</param>
    /// <param name="cachedRecords">Clean records kept in memory, about 8 KiB each.</param>
    public static ChunkStore Open(IBlockFile file, uint sliceCount, int cachedRecords)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfZero(sliceCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sliceCount, (uint)MaxSlices);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cachedRecords);
        if (file.LengthBytes < FileBytes(sliceCount))
        {
            file.SetLength(FileBytes(sliceCount));
        }

        return new ChunkStore(file, sliceCount, cachedRecords);
    }

    /// <summary>Length of the file for a span.</summary>
    public static long FileBytes(uint sliceCount) => DurableGenerations.AreaBytes + ((long)sliceCount * SlotBytes);

    /// <summary>Records that the next checkpoint will write.</summary>
    public int DirtyRecords
    {
        get
        {
            lock (_gate)
            {
                return _cache.DirtyCount;
            }
        }
    }

    /// <summary>The record of a slice, or null if nothing was ever written to it.</summary>
    /// <exception cref="StoreCorruptException">The slice's newest durable record is damaged; a whole slice applied over it heals it.</exception>
    public SliceRecord? Load(uint slice)
    {
        CheckSlice(slice);
        lock (_gate)
        {
            if (_cache.Find(slice) is { } cached)
            {
                return cached.Record;
            }

            if (ReadNewest(slice, out bool isDamaged) is not { } newest)
            {
                return isDamaged ? throw Corrupt(slice) : null;
            }

            Remember(slice, newest);
            return newest.Record;
        }
    }

    /// <summary>Reads one sector that has data as nonce ‖ tag ‖ ciphertext. It is not checked against its leaf here: who serves it, does.</summary>
    public void ReadStored(uint slice, int sector, Span<byte> stored) => ReadStored(slice, sector, 1, stored);

    /// <summary>Reads a run of sectors that have data with one read.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="first">First sector.</param>
    /// <param name="count">Sectors, each of which has data.</param>
    /// <param name="stored">Gets <see cref="SliceGeometry.StoredSectorBytes"/> for each.</param>
    public void ReadStored(uint slice, int first, int count, Span<byte> stored)
    {
        ulong wanted = SliceGeometry.Mask(first, count);
        SliceRecord record = Load(slice) ?? throw new ArgumentException("The slice has no data.", nameof(slice));
        if ((record.Tree.Touched & wanted) != wanted || stored.Length != count * SliceGeometry.StoredSectorBytes)
        {
            throw new ArgumentException("Only sectors with data can be read, into a buffer of their size.", nameof(stored));
        }

        // The ciphertexts go to the end of the buffer and move forward one by one: each lands at or before where it was read.
        int headBytes = count * SliceRecord.NonceAndTagBytes;
        ReadExactly(CiphertextOffset(slice, first), stored[headBytes..]);
        for (int i = 0; i < count; i++)
        {
            Span<byte> sector = stored.Slice(i * SliceGeometry.StoredSectorBytes, SliceGeometry.StoredSectorBytes);
            stored.Slice(headBytes + (i * SliceGeometry.SectorBytes), SliceGeometry.SectorBytes).CopyTo(sector[SliceRecord.NonceAndTagBytes..]);
            record.NoncesAndTags.AsSpan((first + i) * SliceRecord.NonceAndTagBytes, SliceRecord.NonceAndTagBytes).CopyTo(sector);
        }
    }

    /// <summary>Takes over an entry that is durable in the log: writes its ciphertext in place and lets <paramref name="next"/> follow the record.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="next">The record after the entry; it becomes durable with a checkpoint.</param>
    /// <param name="extents">What the entry writes and trims.</param>
    /// <param name="payload">Nonce ‖ tag ‖ ciphertext of each data sector, in the order of the extents.</param>
    public void Apply(uint slice, SliceRecord next, ReadOnlySpan<SectorExtent> extents, ReadOnlySpan<byte> payload)
    {
        CheckSlice(slice);
        CheckEntry(next, extents, payload);
        ThrowIfFailed();
        try
        {
            foreach (SectorExtent extent in extents)
            {
                if (!extent.IsTrim)
                {
                    int bytes = extent.Count * SliceGeometry.StoredSectorBytes;
                    WriteCiphertext(CiphertextOffset(slice, extent.First), payload[..bytes]);
                    payload = payload[bytes..];
                }
            }
        }
        catch (Exception e)
        {
            _failure = e; // Sectors may be half new; the log knows how they must be.
            throw;
        }

        lock (_gate)
        {
            _cache.PutDirty(slice, new RecordCache.Entry(next, GenerationToKeep(slice)));
        }
    }

    /// <summary>Takes down which records are dirty now. Cheap: serialising them is left to <see cref="Complete"/>.</summary>
    /// <exception cref="InvalidOperationException">The checkpoint before is not completed.</exception>
    public Checkpoint PrepareCheckpoint()
    {
        ThrowIfFailed();
        lock (_gate)
        {
            if (_isCheckpointPending)
            {
                throw new InvalidOperationException("The checkpoint before is not completed.");
            }

            _isCheckpointPending = true;
            return new Checkpoint([.. _cache.Dirty.Select(dirty => (dirty.Slice, dirty.Entry))]);
        }
    }

    /// <summary>Makes the checkpoint durable; afterwards the log before its preparation is not needed. May run beside the owner's work.</summary>
    public void Complete(Checkpoint checkpoint)
    {
        ThrowIfFailed();
        try
        {
            _file.Sync(); // Ciphertext first: a durable record must never name data that a crash can still take away.
            WritePages(checkpoint);
            _file.Sync();
            lock (_gate)
            {
                Settle(checkpoint);
            }
        }
        catch (Exception e)
        {
            _failure = e;
            throw;
        }
    }

    /// <summary>Closes the file; what no checkpoint wrote is left to the log.</summary>
    public void Dispose() => _file.Dispose();

    private void WritePages(Checkpoint checkpoint)
    {
        Span<byte> page = new byte[SlicePage.Bytes];
        foreach ((uint slice, RecordCache.Entry entry) in checkpoint.Records)
        {
            uint generation = checked(entry.Generation + 1);
            SlicePage.Write(page, slice, generation, entry.Record);
            _file.Write(PageOffset(slice, generation), page);
        }
    }

    private void Settle(Checkpoint checkpoint)
    {
        foreach ((uint slice, RecordCache.Entry entry) in checkpoint.Records)
        {
            entry.Generation++;
            RecordCache.Entry current = _cache.Find(slice)!;
            if (ReferenceEquals(current, entry))
            {
                _cache.PutClean(slice, entry);
            }
            else
            {
                current.Generation = entry.Generation; // Dirtied again meanwhile: its turn comes with the next checkpoint.
            }
        }

        _durable.Note(checkpoint.Records.Select(written => (written.Slice, written.Entry.Generation)));
        _isCheckpointPending = false;
    }

    private void Remember(uint slice, RecordCache.Entry entry)
    {
        if (entry.Generation > _durable[slice])
        {
            // Its page may stand in the page cache of a process that died before its sync: the next checkpoint writes it again.
            _cache.PutDirty(slice, entry);
        }
        else
        {
            _cache.PutClean(slice, entry);
        }
    }

    /// <summary>The generation on disk behind a record about to be replaced; over a damaged slice, one above everything it ever claimed.</summary>
    private uint GenerationToKeep(uint slice) =>
        _cache.Find(slice)?.Generation ?? Math.Max(ReadNewest(slice, out _)?.Generation ?? 0, _durable[slice]);

    private RecordCache.Entry? ReadNewest(uint slice, out bool isDamaged)
    {
        ReadExactly(PageOffset(slice, 0), _pages);
        RecordCache.Entry? even = ReadPage(slice, 0);
        RecordCache.Entry? odd = ReadPage(slice, 1);
        RecordCache.Entry? newest = even is null || odd?.Generation > even.Generation ? odd : even;

        // One bad page beside an empty one is a first checkpoint that was torn; two bad ones are not.
        isDamaged = (newest?.Generation ?? 0) < _durable[slice]
            || (newest is null && Page(0).ContainsAnyExcept((byte)0) && Page(1).ContainsAnyExcept((byte)0));
        return isDamaged ? null : newest;
    }

    private RecordCache.Entry? ReadPage(uint slice, uint parity) =>
        SlicePage.Read(Page(parity), slice) is { } page && (page.Generation & 1) == parity
            ? new RecordCache.Entry(page.Record, page.Generation)
            : null;

    private Span<byte> Page(uint parity) => _pages.AsSpan((int)parity * SlicePage.Bytes, SlicePage.Bytes);

    private void WriteCiphertext(long offsetBytes, ReadOnlySpan<byte> stored)
    {
        _ciphertext ??= new byte[SliceGeometry.SliceBytes];
        int bytes = 0;
        for (; !stored.IsEmpty; stored = stored[SliceGeometry.StoredSectorBytes..], bytes += SliceGeometry.SectorBytes)
        {
            stored[SliceRecord.NonceAndTagBytes..SliceGeometry.StoredSectorBytes].CopyTo(_ciphertext.AsSpan(bytes));
        }

        _file.Write(offsetBytes, _ciphertext.AsSpan(0, bytes));
    }

    private void ReadExactly(long offsetBytes, Span<byte> buffer)
    {
        if (_file.Read(offsetBytes, buffer) != buffer.Length)
        {
            throw new EndOfStreamException("The file of the chunk store is shorter than its span.");
        }
    }

    private static long CiphertextOffset(uint slice, int sector) =>
        DurableGenerations.AreaBytes + ((long)slice * SlotBytes) + ((long)sector * SliceGeometry.SectorBytes);

    private static long PageOffset(uint slice, uint generation) =>
        CiphertextOffset(slice, SliceGeometry.SectorsPerSlice) + ((generation & 1) * SlicePage.Bytes);

    private static StoreCorruptException Corrupt(uint slice) => new(slice, $"The record of slice {slice} is damaged on this disk.");

    private void CheckSlice(uint slice) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slice, _sliceCount);

    private static void CheckEntry(SliceRecord next, ReadOnlySpan<SectorExtent> extents, ReadOnlySpan<byte> payload)
    {
        if (next.Versions.Length != SliceGeometry.SectorsPerSlice
            || next.NoncesAndTags.Length != SliceGeometry.SectorsPerSlice * SliceRecord.NonceAndTagBytes
            || next.Proof.Length > SlicePage.MaxProofBytes)
        {
            throw new ArgumentException("The record's parts have other lengths than a page holds.", nameof(next));
        }

        int sectors = 0;
        foreach (SectorExtent extent in extents)
        {
            ulong mask = SliceGeometry.Mask(extent.First, extent.Count);
            sectors += extent.IsTrim ? 0 : extent.Count;
            Debug.Assert((next.Tree.Touched & mask) == (extent.IsTrim ? 0 : mask), "The record's tree stands before its entry.");
        }

        if (payload.Length != sectors * SliceGeometry.StoredSectorBytes)
        {
            throw new ArgumentException("The payload does not fill the extents.", nameof(payload));
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new StoreFailedException("The chunk store stopped when a write or sync failed; it must be reopened.", failure);
        }
    }

    /// <summary>The records that were dirty at one moment.</summary>
    internal sealed class Checkpoint(IReadOnlyList<(uint Slice, RecordCache.Entry Entry)> records)
    {
        public IReadOnlyList<(uint Slice, RecordCache.Entry Entry)> Records { get; } = records;
    }
}
