using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Sdk.Core.Persistence;

/// <summary>Walks a log from its tail to its first bad record and tells a torn end from damage.</summary>
/// <remarks>A bad record ends the log: a crash tears what was not synced, in any order. But when the header, or any later record, says that
/// this place had been durable, then acknowledged data are damaged, and that is never passed over as an end.</remarks>
internal sealed class LogRecovery(LogRing ring, LogHeader header)
{
    // Read-ahead: large enough that a scan of the ring runs at the speed of the disk.
    private const int WindowBytes = 1 << 20;

    private byte[] _window = [];
    private long _windowLsn;
    private int _windowLength;

    /// <summary>Where the log ends and new records go.</summary>
    public long EndLsn { get; private set; }

    /// <summary>The highest epoch that any intact record carries.</summary>
    public uint HighestEpoch { get; private set; } = header.Epoch;

    /// <summary>A place up to which a completed sync is on record; what lies between it and the end may never have been synced.</summary>
    public long KnownDurableLsn { get; private set; }

    /// <summary>Hands every record to <paramref name="replay"/>, oldest first; its memory is valid during the call only.</summary>
    /// <exception cref="LogCorruptException">Synced records are damaged.</exception>
    public void Run(Action<long, ReadOnlyMemory<byte>> replay)
    {
        EndLsn = header.TailLsn;
        KnownDurableLsn = Math.Max(header.TailLsn, header.SyncedLsn);
        long limitLsn = header.TailLsn + WriteAheadLog.UsableBytes(ring.CapacityBytes);
        uint epoch = 0;
        while (TryPeek(EndLsn, limitLsn, out LogRecordHeader record)
            && record.Lsn == EndLsn && record.Epoch >= epoch && IsIntact(EndLsn, record))
        {
            replay(EndLsn, _window.AsMemory((int)(EndLsn - _windowLsn) + LogRecordHeader.Bytes, record.PayloadBytes));
            EndLsn += record.SpanBytes;
            epoch = record.Epoch;
            KnownDurableLsn = Math.Max(KnownDurableLsn, record.SyncedLsn);
            HighestEpoch = Math.Max(HighestEpoch, epoch);
        }

        RefuseDamage();
    }

    private void RefuseDamage()
    {
        if (header.SyncedLsn > EndLsn)
        {
            throw Damaged(header.SyncedLsn);
        }

        // Every place of the ring, because a record of a later lap betrays that the newest header was lost.
        long stopLsn = EndLsn + ring.CapacityBytes;
        for (long lsn = EndLsn; TryFindMark(ref lsn, stopLsn); lsn += LogRecordHeader.Alignment)
        {
            if (!TryPeek(lsn, stopLsn, out LogRecordHeader record)
                || record.Lsn <= EndLsn || (record.Lsn - lsn) % ring.CapacityBytes != 0 || !IsIntact(lsn, record))
            {
                continue;
            }

            if (record.SyncedLsn > EndLsn)
            {
                throw Damaged(record.SyncedLsn);
            }

            HighestEpoch = Math.Max(HighestEpoch, record.Epoch);
        }
    }

    private LogCorruptException Damaged(long syncedLsn) =>
        new($"The write-ahead log is damaged at {EndLsn}, although it had been durable up to {syncedLsn}.");

    /// <summary>Reads the record header at the place of <paramref name="lsn"/>, of whatever lap.</summary>
    private bool TryPeek(long lsn, long limitLsn, out LogRecordHeader record)
    {
        record = default;
        return lsn + LogRecordHeader.Bytes <= limitLsn
            && LogRecordHeader.TryRead(Window(lsn, LogRecordHeader.Bytes), header.Mark, out record)
            && lsn + record.SpanBytes <= limitLsn;
    }

    private bool IsIntact(long lsn, LogRecordHeader record) =>
        LogRecordHeader.IsIntact(Window(lsn, LogRecordHeader.Bytes + record.PayloadBytes), record.PayloadBytes);

    private bool TryFindMark(ref long lsn, long stopLsn)
    {
        ulong mark = BitConverter.IsLittleEndian ? header.Mark : BinaryPrimitives.ReverseEndianness(header.Mark);
        while (lsn + LogRecordHeader.Bytes <= stopLsn)
        {
            _ = Window(lsn, LogRecordHeader.Bytes);
            int start = (int)(lsn - _windowLsn);
            int index = MemoryMarshal.Cast<byte, ulong>(_window.AsSpan(start, _windowLength - start)).IndexOf(mark);
            if (index >= 0)
            {
                lsn += (long)index * LogRecordHeader.Alignment;
                return true;
            }

            lsn = _windowLsn + (_windowLength & -LogRecordHeader.Alignment);
        }

        return false;
    }

    /// <summary>The bytes from <paramref name="lsn"/> on, read ahead.</summary>
    private Span<byte> Window(long lsn, int lengthBytes)
    {
        if (lsn < _windowLsn || lsn + lengthBytes > _windowLsn + _windowLength)
        {
            _windowLength = (int)Math.Min(Math.Max(WindowBytes, lengthBytes), ring.CapacityBytes);
            if (_window.Length < _windowLength)
            {
                _window = new byte[_windowLength];
            }

            _windowLsn = lsn;
            ring.Read(lsn, _window.AsSpan(0, _windowLength));
        }

        return _window.AsSpan((int)(lsn - _windowLsn), lengthBytes);
    }
}
