using System.Diagnostics;

namespace Sdk.Core.Persistence;

/// <summary>A log of records in a ring: append many, sync once, and after a crash every synced record comes back in order.</summary>
/// <remarks>
/// <para>An <i>lsn</i> is a byte position in the log as if it never ended; it only grows. A record is durable when
/// <see cref="SyncedLsn"/> is above its lsn. Space is given back by <see cref="Truncate"/> and the sync after it.</para>
/// <para>Recovery: the first bad record ends the log, unless it had been durable. Records not synced may survive a crash, so a user must
/// treat replayed records that it never reported as if it had. On opening, what was replayed is made durable before anything is appended.</para>
/// <para>One thread appends while another may sync: a sync makes durable what was appended before it began. Every member may be called from
/// any thread. A write or sync that fails stops the log: every later call throws <see cref="StoreFailedException"/>.</para>
/// </remarks>
public sealed class WriteAheadLog : IDisposable
{
    /// <summary>Longest record in bytes: bounds what recovery allocates on the word of a length field.</summary>
    public const int MaxRecordBytes = 16 << 20;

    internal const int PageBytes = 4096;

    // Small records are gathered here and leave in one write; a multiple of the page size.
    private const int StagingBytes = 64 << 10;

    private readonly IBlockFile _file;
    private readonly LogRing _ring;
    private readonly Lock _appendGate = new();
    private readonly Lock _syncGate = new();
    private readonly byte[] _staging = GC.AllocateArray<byte>(StagingBytes, pinned: true);
    private LogHeader _header;
    private long _nextLsn;
    private long _syncedLsn;
    private long _tailLsn;
    private long _durableTailLsn;
    private volatile Exception? _failure;

    private WriteAheadLog(IBlockFile file, LogHeader header, long endLsn)
    {
        _file = file;
        _ring = new LogRing(file, header.CapacityBytes);
        _header = header;
        _nextLsn = endLsn;
        _syncedLsn = header.SyncedLsn;
        _tailLsn = _durableTailLsn = header.TailLsn;
    }

    /// <summary>Opens the log in a file, or makes one in an empty file, and replays it.</summary>
    /// <param name="file">The file; the log owns it from here on, also when this throws.</param>
    /// <param name="capacityBytes">Length of the ring for a new log, a multiple of 4096 and at least 16384; an existing log keeps its own.</param>
    /// <param name="replay">Gets lsn and payload of every record from the tail on, oldest first. The memory is valid during the call only.</param>
    /// <exception cref="LogCorruptException">Records that had been durable are damaged.</exception>
    /// <exception cref="FormatTooNewException">A newer version wrote the log.</exception>
    public static WriteAheadLog Open(IBlockFile file, long capacityBytes, Action<long, ReadOnlyMemory<byte>> replay)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(replay);
        if (!IsCapacity(capacityBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(capacityBytes), capacityBytes, "A multiple of 4096 from 16384 on.");
        }

        try
        {
            LogHeader header = LogHeader.Read(file) ?? Create(file, capacityBytes);
            var recovery = new LogRecovery(new LogRing(file, header.CapacityBytes), header);
            recovery.Run(replay);
            var log = new WriteAheadLog(file, header, recovery.EndLsn);
            log.BeginEpoch(recovery.HighestEpoch + 1, recovery.KnownDurableLsn);
            return log;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Length of the file that holds a ring of <paramref name="capacityBytes"/>, for its preallocation.</summary>
    public static long FileBytes(long capacityBytes) => LogHeader.AreaBytes + capacityBytes;

    /// <summary>Everything below this position is durable. Zero-based, exclusive: a record is durable when its lsn is below.</summary>
    public long SyncedLsn => Volatile.Read(ref _syncedLsn);

    /// <summary>Where the next record goes.</summary>
    public long NextLsn => Volatile.Read(ref _nextLsn);

    /// <summary>The first position still needed.</summary>
    public long TailLsn => Volatile.Read(ref _tailLsn);

    /// <summary>Bytes taken, headers and padding included; falls when a sync follows a truncation.</summary>
    public long UsedBytes => NextLsn - Volatile.Read(ref _durableTailLsn);

    /// <summary>Bytes left; a record takes its length and up to 47 more.</summary>
    public long FreeBytes => UsableBytes(_ring.CapacityBytes) - UsedBytes;

    /// <summary>Appends a record; durable after the next <see cref="Sync"/>.</summary>
    /// <returns>Its lsn.</returns>
    /// <exception cref="LogFullException">No room: truncate, sync, append again. The log is unharmed.</exception>
    /// <exception cref="StoreFailedException">The log stopped at an earlier failure.</exception>
    public long Append(ReadOnlySpan<byte> record) => Append(record, []);

    /// <summary>Appends a record made of two pieces, so that a large body need not be copied behind its header first.</summary>
    /// <inheritdoc cref="Append(ReadOnlySpan{byte})"/>
    public long Append(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        if ((long)header.Length + body.Length > MaxRecordBytes)
        {
            throw new ArgumentException($"A record has at most {MaxRecordBytes} bytes.", nameof(body));
        }

        lock (_appendGate)
        {
            ThrowIfFailed();
            var record = new LogRecordHeader(_nextLsn, SyncedLsn, header.Length + body.Length, _header.Epoch);
            if (record.SpanBytes > FreeBytes)
            {
                throw new LogFullException($"The write-ahead log has {FreeBytes} bytes left, the record needs {record.SpanBytes}.");
            }

            try
            {
                Span<byte> head = stackalloc byte[LogRecordHeader.Bytes];
                record.Write(head, _header.Mark, header, body);
                WriteRecord(record.Lsn, head, header, body);
            }
            catch (Exception e)
            {
                _failure = e; // Perhaps the record is on the disk, perhaps not: to go on would put another in its place.
                throw;
            }

            Volatile.Write(ref _nextLsn, record.Lsn + record.SpanBytes);
            return record.Lsn;
        }
    }

    /// <summary>Makes durable what was appended, and gives back what was truncated, before this call. Calls that wait for each other share one sync.</summary>
    /// <exception cref="StoreFailedException">The log stopped at an earlier failure.</exception>
    public void Sync()
    {
        long nextLsn = NextLsn;
        long tailLsn = TailLsn;
        lock (_syncGate)
        {
            ThrowIfFailed();
            if (_syncedLsn >= nextLsn && _durableTailLsn >= tailLsn)
            {
                return;
            }

            nextLsn = NextLsn;
            tailLsn = TailLsn;
            try
            {
                if (tailLsn > _durableTailLsn)
                {
                    WriteHeader(_header with { TailLsn = tailLsn });
                }

                _file.Sync();
            }
            catch (Exception e)
            {
                _failure = e;
                throw;
            }

            Volatile.Write(ref _syncedLsn, nextLsn);
            Volatile.Write(ref _durableTailLsn, tailLsn);
        }
    }

    /// <summary>Gives up the records before <paramref name="firstNeededLsn"/>; their space is free after the next <see cref="Sync"/>.</summary>
    /// <param name="firstNeededLsn">An lsn that <see cref="Append(ReadOnlySpan{byte})"/> or the replay named, or <see cref="NextLsn"/>.
    /// One at or below <see cref="TailLsn"/> changes nothing.</param>
    public void Truncate(long firstNeededLsn)
    {
        if (firstNeededLsn < 0 || firstNeededLsn > NextLsn || firstNeededLsn % LogRecordHeader.Alignment != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(firstNeededLsn), firstNeededLsn, "No record begins there.");
        }

        lock (_appendGate)
        {
            ThrowIfFailed();
            Volatile.Write(ref _tailLsn, Math.Max(_tailLsn, firstNeededLsn));
        }
    }

    /// <summary>Closes the file. Syncs nothing: what was not synced is as good as lost.</summary>
    public void Dispose()
    {
        _failure ??= new ObjectDisposedException(nameof(WriteAheadLog));
        _file.Dispose();
    }

    internal static bool IsCapacity(long capacityBytes) => capacityBytes >= 4 * PageBytes && capacityBytes % PageBytes == 0;

    // One page stays free so that the page in which the log ends never holds its tail too, and can be filled up with zeros.
    internal static long UsableBytes(long capacityBytes) => capacityBytes - PageBytes;

    private static LogHeader Create(IBlockFile file, long capacityBytes)
    {
        RefuseRemains(file);
        if (file.LengthBytes < FileBytes(capacityBytes))
        {
            file.SetLength(FileBytes(capacityBytes));
        }

        var header = LogHeader.Create(capacityBytes);
        header.Write(file);
        file.Sync();
        return header;
    }

    /// <summary>Without headers there must be no records: a log that lost both headers is not an empty log.</summary>
    private static void RefuseRemains(IBlockFile file)
    {
        byte[] piece = new byte[1 << 20];
        for (long offset = LogHeader.AreaBytes; file.Read(offset, piece) is > 0 and int count; offset += count)
        {
            if (piece.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                throw new LogCorruptException("The file holds data, but no header of a write-ahead log.");
            }
        }
    }

    /// <summary>Makes durable what was replayed, then says so in the header.</summary>
    private void BeginEpoch(uint epoch, long knownDurableLsn)
    {
        // What nobody is known to have synced is written again: it may stand in a page cache that outlived its process, and after a failed
        // sync the host may even think it clean, so that a sync alone would do nothing.
        for (long lsn = knownDurableLsn; lsn < _nextLsn; lsn += StagingBytes)
        {
            Span<byte> piece = _staging.AsSpan(0, (int)Math.Min(StagingBytes, _nextLsn - lsn));
            _ring.Read(lsn, piece);
            _ring.Write(lsn, piece);
        }

        _file.Sync();
        _syncedLsn = _nextLsn;
        WriteHeader(_header with { Epoch = epoch });
        _file.Sync();
    }

    private void WriteHeader(LogHeader header)
    {
        header = header with { Sequence = header.Sequence + 1, SyncedLsn = _syncedLsn };
        header.Write(_file);
        _header = header;
    }

    /// <summary>Writes the pieces in whole pages where it can, the last page filled up with zeros: a page written in part would be read first.</summary>
    private void WriteRecord(long lsn, ReadOnlySpan<byte> head, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        int staged = 0;
        Put(ref lsn, ref staged, head);
        Put(ref lsn, ref staged, header);
        Put(ref lsn, ref staged, body);
        int padding = (int)-(lsn + staged) & (PageBytes - 1);
        Debug.Assert(staged + padding <= StagingBytes, "A full staging buffer is flushed at once.");
        _staging.AsSpan(staged, padding).Clear();
        if (staged > 0)
        {
            _ring.Write(lsn, _staging.AsSpan(0, staged + padding));
        }
    }

    private void Put(ref long lsn, ref int staged, ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            int untilPage = (int)-(lsn + staged) & (PageBytes - 1);
            if (piece.Length >= StagingBytes && untilPage == 0 && staged == 0)
            {
                int whole = piece.Length & -PageBytes;
                _ring.Write(lsn, piece[..whole]);
                lsn += whole;
                piece = piece[whole..];
                continue;
            }

            // A large piece fills the page only, so that the rest of it goes out from where it lies.
            int room = StagingBytes - PageBytes - staged;
            int count = Math.Min(piece.Length, piece.Length >= StagingBytes ? Math.Min(untilPage, room) : room);
            piece[..count].CopyTo(_staging.AsSpan(staged));
            staged += count;
            piece = piece[count..];
            if (!piece.IsEmpty)
            {
                _ring.Write(lsn, _staging.AsSpan(0, staged));
                lsn += staged;
                staged = 0;
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            ObjectDisposedException.ThrowIf(failure is ObjectDisposedException, this);
            throw new StoreFailedException("The write-ahead log stopped when a write or sync failed; it must be reopened.", failure);
        }
    }
}
