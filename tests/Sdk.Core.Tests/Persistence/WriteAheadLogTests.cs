using System.Text;
using Sdk.Core.Persistence;

namespace Sdk.Core.Tests.Persistence;

public sealed class WriteAheadLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Replay_returns_every_record_in_order_with_its_lsn()
    {
        var appended = new List<(long, string)>();
        using (WriteAheadLog log = Open(1 << 20, []))
        {
            appended.AddRange(Enumerable.Range(0, 100).Select(i => (log.Append(Encoding.UTF8.GetBytes($"record {i}")), $"record {i}")));
            log.Sync();
            Assert.Equal(log.NextLsn, log.SyncedLsn);
        }

        var replayed = new List<(long, string)>();
        using WriteAheadLog again = Open(1 << 20, replayed);
        Assert.Equal(appended, replayed);
    }

    [Fact]
    public void Large_records_in_two_pieces_wrap_around_the_ring_unharmed()
    {
        const int Capacity = 1 << 20;
        var random = new Random(5);
        byte[] header = new byte[100];
        byte[] body = new byte[300_001];
        random.NextBytes(header);
        random.NextBytes(body);
        using (WriteAheadLog log = Open(Capacity, []))
        {
            for (int i = 0; i < 20; i++)
            {
                long lsn = log.Append(header, body.AsSpan(i));
                log.Truncate(lsn);
                log.Sync();
            }
        }

        byte[]? last = null;
        using WriteAheadLog again = WriteAheadLog.Open(BlockFile.Open(_directory["log"]), Capacity, (_, record) => last = record.ToArray());
        Assert.Equal(header.Concat(body.Skip(19)), last);
    }

    [Fact]
    public void A_full_log_refuses_records_until_it_was_truncated_and_synced()
    {
        using WriteAheadLog log = Open(16384, []);
        log.Append(new byte[8000]);
        long second = log.Append(new byte[4000]);
        Assert.Throws<LogFullException>(() => log.Append(new byte[4000]));
        log.Truncate(second);
        Assert.Throws<LogFullException>(() => log.Append(new byte[4000]));
        log.Sync();
        log.Append(new byte[4000]);
        Assert.Equal(second, log.TailLsn);
    }

    private WriteAheadLog Open(long capacityBytes, List<(long, string)> replayed) => WriteAheadLog.Open(
        BlockFile.Open(_directory["log"], WriteAheadLog.FileBytes(capacityBytes)),
        capacityBytes,
        (lsn, record) => replayed.Add((lsn, Encoding.UTF8.GetString(record.Span))));
}
