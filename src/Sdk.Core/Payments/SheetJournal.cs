using System.Buffers.Binary;
using Sdk.Core.Persistence;

namespace Sdk.Core.Payments;

/// <summary>
/// Sheets on disk: a write-ahead log of the sheets that changed, and a snapshot of all of them that lets the log begin anew. A record is
/// either there whole or not at all, so what changed together stays together.
/// </summary>
internal sealed class SheetJournal : IDisposable
{
    private const byte FormatVersion = 1;
    private const int TagBytes = 8;

    /// <summary>Version and whose books these are, before the sheets of a record.</summary>
    private const int RecordHeaderBytes = 1 + TagBytes;

    /// <summary>The same, and the position in the log from which on records count.</summary>
    private const int SnapshotHeaderBytes = RecordHeaderBytes + sizeof(long);

    private readonly SnapshotFile _snapshot;
    private readonly WriteAheadLog _log;
    private readonly byte[] _header;
    private readonly long _batchBytesMax;
    private byte[] _whole = [];

    private SheetJournal(SnapshotFile snapshot, WriteAheadLog log, byte[] header, long journalBytes)
    {
        _snapshot = snapshot;
        _log = log;
        _header = header;
        _batchBytesMax = journalBytes / 4;
    }

    /// <summary>Opens the books, or begins them in empty files, and gives every sheet in the order in which it was written.</summary>
    /// <exception cref="LogCorruptException">The books are damaged, or those of another account or vault.</exception>
    /// <exception cref="SnapshotCorruptException">The snapshot is damaged.</exception>
    /// <exception cref="FormatTooNewException">A newer version wrote them.</exception>
    public static SheetJournal Open(IBlockFile logFile, IBlockFile snapshotFile, AccountingParameters parameters, Action<ReadOnlyMemory<byte>> restore)
    {
        var header = new byte[RecordHeaderBytes];
        header[0] = FormatVersion;
        var owner = new Cheque(parameters.Self, parameters.Domain.Vault, parameters.Domain.ChainId);
        parameters.Domain.DigestOf(owner).Bytes[..TagBytes].CopyTo(header.AsSpan(1));

        SnapshotFile? snapshot = null;
        try
        {
            snapshot = SnapshotFile.Open(snapshotFile, SnapshotHeaderBytes + (parameters.MaxPeers * SheetCodec.SheetBytes));
            var from = 0L;
            if (snapshot.Latest is { } latest)
            {
                var sheets = SheetsOf(latest, header, SnapshotHeaderBytes);
                from = BinaryPrimitives.ReadInt64LittleEndian(latest.Span[RecordHeaderBytes..]);
                RestoreAll(sheets, restore);
            }

            var log = WriteAheadLog.Open(logFile, parameters.JournalBytes, (lsn, record) =>
            {
                if (lsn >= from)
                {
                    RestoreAll(SheetsOf(record, header, RecordHeaderBytes), restore);
                }
            });
            return new SheetJournal(snapshot, log, header, parameters.JournalBytes);
        }
        catch
        {
            snapshot?.Dispose();
            logFile.Dispose();
            throw;
        }
    }

    /// <summary>Whether a batch of so many sheets has to be a snapshot of all sheets instead.</summary>
    public bool NeedsSnapshot(int sheets)
    {
        var bytes = (long)sheets * SheetCodec.SheetBytes;
        return bytes > _batchBytesMax || _log.FreeBytes < 2 * _batchBytesMax;
    }

    /// <summary>Writes down sheets that changed; durable when this returns.</summary>
    public void Write(ReadOnlySpan<byte> sheets)
    {
        _log.Append(_header, sheets);
        _log.Sync();
    }

    /// <summary>Writes down all sheets; durable when this returns, and the log is empty.</summary>
    public void WriteAll(ReadOnlySpan<byte> sheets)
    {
        if (_whole.Length < SnapshotHeaderBytes + sheets.Length)
        {
            _whole = new byte[SnapshotHeaderBytes + sheets.Length];
        }

        var snapshot = _whole.AsSpan(0, SnapshotHeaderBytes + sheets.Length);
        _header.CopyTo(snapshot);
        var next = _log.NextLsn;
        BinaryPrimitives.WriteInt64LittleEndian(snapshot[RecordHeaderBytes..], next);
        sheets.CopyTo(snapshot[SnapshotHeaderBytes..]);
        _snapshot.Write(snapshot);
        _log.Truncate(next);
        _log.Sync();
    }

    public void Dispose()
    {
        _log.Dispose();
        _snapshot.Dispose();
    }

    private static ReadOnlyMemory<byte> SheetsOf(ReadOnlyMemory<byte> record, ReadOnlySpan<byte> header, int headerBytes)
    {
        if (record.Length < headerBytes || (record.Length - headerBytes) % SheetCodec.SheetBytes != 0)
        {
            throw new LogCorruptException("The books hold what is no sheet.");
        }

        if (record.Span[0] > FormatVersion)
        {
            throw new FormatTooNewException("The books were written by a newer version.");
        }

        return record.Span[..RecordHeaderBytes].SequenceEqual(header)
            ? record[headerBytes..]
            : throw new LogCorruptException("The books are those of another account or vault.");
    }

    private static void RestoreAll(ReadOnlyMemory<byte> sheets, Action<ReadOnlyMemory<byte>> restore)
    {
        for (; !sheets.IsEmpty; sheets = sheets[SheetCodec.SheetBytes..])
        {
            restore(sheets[..SheetCodec.SheetBytes]);
        }
    }
}
