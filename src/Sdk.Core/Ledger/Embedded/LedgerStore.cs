using Sdk.Core.Persistence;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// Where an embedded ledger is kept: a snapshot of its state, and a log of the blocks since. A block counts once its record is synced; when
/// half of the log is used, a snapshot takes its place.
/// </summary>
/// <remarks>Not thread-safe. Without files, nothing is kept.</remarks>
internal sealed class LedgerStore : IDisposable
{
    /// <summary>The most that the operations of one block take in the log.</summary>
    public const int BlockBytesMax = 4 << 20;

    private readonly WriteAheadLog? _log;
    private readonly SnapshotFile? _snapshots;

    private LedgerStore(WriteAheadLog? log, SnapshotFile? snapshots) => (_log, _snapshots) = (log, snapshots);

    /// <summary>A store that keeps nothing.</summary>
    public static LedgerStore None { get; } = new(null, null);

    /// <summary>The last snapshot; null before genesis.</summary>
    public ReadOnlyMemory<byte>? Snapshot => _snapshots?.Latest;

    /// <summary>Opens the files, which are owned from here on, and gives the records of the log.</summary>
    /// <param name="logFile">The log.</param>
    /// <param name="snapshotFile">The snapshots.</param>
    /// <param name="options">The lengths.</param>
    /// <param name="records">The blocks in the log, oldest first; some may be older than the snapshot.</param>
    public static LedgerStore Open(IBlockFile logFile, IBlockFile snapshotFile, EmbeddedLedgerOptions options, out List<byte[]> records)
    {
        var replayed = new List<byte[]>();
        SnapshotFile snapshots;
        try
        {
            snapshots = SnapshotFile.Open(snapshotFile, options.StateMaxBytes);
        }
        catch
        {
            logFile.Dispose();
            throw;
        }

        try
        {
            var log = WriteAheadLog.Open(logFile, options.LogBytes, (_, record) => replayed.Add(record.ToArray()));
            records = replayed;
            return new LedgerStore(log, snapshots);
        }
        catch
        {
            snapshots.Dispose();
            throw;
        }
    }

    /// <summary>Whether a snapshot should take the place of the log.</summary>
    public bool WantsSnapshot => _log is not null && _log.UsedBytes > _log.FreeBytes;

    /// <summary>Makes a block durable.</summary>
    public void Append(EmbeddedBlock block)
    {
        if (_log is not null)
        {
            _log.Append(BlockRecord.Write(block));
            _log.Sync();
        }
    }

    /// <summary>Makes a snapshot durable, and lets go of the log.</summary>
    public void Replace(ReadOnlySpan<byte> snapshot)
    {
        if (_log is not null)
        {
            _snapshots!.Write(snapshot);
            _log.Truncate(_log.NextLsn);
            _log.Sync();
        }
    }

    public void Dispose()
    {
        _log?.Dispose();
        _snapshots?.Dispose();
    }
}
