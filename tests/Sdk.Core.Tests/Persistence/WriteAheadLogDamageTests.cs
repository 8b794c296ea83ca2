using Sdk.Core.Persistence;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Core.Tests.Persistence;

/// <summary>Damage of what had been synced is reported, never taken for the end of the log.</summary>
public sealed class WriteAheadLogDamageTests : IDisposable
{
    private const int CapacityBytes = 64 << 10;
    private const int RingOffset = 8192;
    private const int RecordHeaderBytes = 40;

    private readonly SimBlockFile _disk = new();
    private readonly SimRandom _random = new(11);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void A_bit_turned_anywhere_in_a_synced_record_is_reported()
    {
        for (int round = 0; round < 300; round++)
        {
            var disk = new SimBlockFile();
            List<(long Lsn, int Length)> records = Fill(disk, laps: 1 + (round % 3));
            (long lsn, int length) = records[_random.Next(records.Count - 1)];
            disk.FlipBit(RingOffset + ((lsn + _random.Next(RecordHeaderBytes + length)) % CapacityBytes), _random.Next(8));
            Assert.Throws<LogCorruptException>(() => Open(disk));
        }
    }

    [Fact]
    public void The_last_record_of_an_earlier_opening_is_guarded_too()
    {
        List<(long Lsn, int Length)> records = Fill(_disk, laps: 1);
        Open(_disk);
        _disk.FlipBit(RingOffset + (records[^1].Lsn % CapacityBytes), 0);
        Assert.Throws<LogCorruptException>(() => Open(_disk));
    }

    [Fact]
    public void A_damaged_header_is_survived_or_reported_but_no_record_is_lost_silently()
    {
        for (int round = 0; round < 100; round++)
        {
            var disk = new SimBlockFile();
            List<(long Lsn, int Length)> needed = Fill(disk, laps: 1 + (round % 4));
            disk.FlipBit((round % 2 * 4096) + _random.Next(60), _random.Next(8));
            var replayed = new HashSet<long>();
            try
            {
                WriteAheadLog.Open(disk, CapacityBytes, (lsn, _) => replayed.Add(lsn));
            }
            catch (LogCorruptException)
            {
                continue;
            }

            Assert.All(needed, record => Assert.Contains(record.Lsn, replayed));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public void Either_header_alone_opens_the_log(int page)
    {
        using WriteAheadLog log = Open(_disk);
        AppendSynced(log, 100);
        _disk.FlipBit(page, 0);
        Assert.Equal(log.NextLsn, Open(_disk).NextLsn);
    }

    [Fact]
    public void A_log_that_lost_both_headers_is_not_taken_for_an_empty_one()
    {
        Fill(_disk, laps: 1);
        byte[] page = new byte[8192];
        _disk.Write(0, page);
        Assert.Throws<LogCorruptException>(() => Open(_disk));
    }

    [Fact]
    public void A_write_that_the_disk_lost_is_reported()
    {
        using WriteAheadLog log = Open(_disk);
        AppendSynced(log, 100);
        _disk.LoseWrites(1);
        AppendSynced(log, 200);
        AppendSynced(log, 300);
        Assert.Throws<LogCorruptException>(() => Open(_disk));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(-512)]
    [InlineData(20_000)]
    public void A_write_that_the_disk_put_elsewhere_is_reported(int byBytes)
    {
        using WriteAheadLog log = Open(_disk);
        AppendSynced(log, 5000);
        _disk.MisdirectNextWrite(byBytes);
        AppendSynced(log, 200);
        AppendSynced(log, 3000);
        AppendSynced(log, 30_000);
        Assert.Throws<LogCorruptException>(() => Open(_disk));
    }

    [Fact]
    public void After_a_failed_sync_the_log_takes_nothing_and_a_later_sync_does_not_pretend()
    {
        WriteAheadLog log = Open(_disk);
        log.Append([1]);
        _disk.FailSyncs(1);
        Assert.Throws<IOException>(log.Sync);
        Assert.Throws<StoreFailedException>(log.Sync);
        Assert.Throws<StoreFailedException>(() => log.Append([2]));
        Assert.Throws<StoreFailedException>(() => log.Truncate(0));
        Assert.Equal(0, log.SyncedLsn);
    }

    [Fact]
    public void What_is_replayed_after_a_failed_sync_survives_the_next_power_cut()
    {
        WriteAheadLog log = Open(_disk);
        log.Append([1, 2, 3]);
        _disk.FailSyncs(1);
        Assert.Throws<IOException>(log.Sync);

        int replayed = 0;
        WriteAheadLog.Open(_disk, CapacityBytes, (_, _) => replayed++);
        _disk.Crash(_random);
        WriteAheadLog.Open(_disk, CapacityBytes, (_, _) => replayed++);
        Assert.Equal(2, replayed);
    }

    [Fact]
    public void A_full_disk_stops_the_log_and_the_records_before_remain()
    {
        WriteAheadLog log = Open(_disk);
        AppendSynced(log, 100);
        _disk.SpaceBytes = _disk.StoredBytes;
        Assert.Throws<DiskFullException>(() => log.Append(new byte[10_000]));
        Assert.Throws<StoreFailedException>(() => log.Append(new byte[1]));

        _disk.SpaceBytes = long.MaxValue;
        int replayed = 0;
        WriteAheadLog.Open(_disk, CapacityBytes, (_, _) => replayed++);
        Assert.Equal(1, replayed);
    }

    [Fact]
    public void Bytes_that_look_like_a_record_of_another_log_are_no_record()
    {
        // Somebody who chooses payload bytes puts whole records into them, made by a log of his own at the place where they will lie.
        var other = new SimBlockFile();
        using WriteAheadLog theirs = Open(other);
        for (int i = 0; i < 50; i++)
        {
            AppendSynced(theirs, 40);
        }

        byte[] image = new byte[4000];
        other.Read(RingOffset + RecordHeaderBytes, image);
        using WriteAheadLog log = Open(_disk);
        log.Append(image);
        _disk.FlipBit(RingOffset, 0); // torn: never synced
        Assert.Equal(0, Open(_disk).NextLsn);
    }

    [Fact]
    public void A_record_that_outlived_a_torn_one_does_not_come_back_behind_its_successor()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(PageRecord(1));
        _disk.LoseWrites(1);
        log.Append(PageRecord(2));
        log.Append(PageRecord(3));
        log = Open(_disk);
        log.Append(PageRecord(4));
        log.Sync();
        Assert.Equal([1, 4], Replayed());
    }

    [Fact]
    public void Records_of_an_earlier_lap_do_not_come_back()
    {
        WriteAheadLog log = Open(_disk);
        for (int i = 0; i < 20; i++)
        {
            log.Truncate(log.Append(PageRecord(i)));
            log.Sync();
        }

        Assert.Equal([19], Replayed());
    }

    [Fact]
    public void A_sync_beside_appends_makes_durable_what_was_appended_before_it()
    {
        const int Records = 3000;
        using WriteAheadLog log = WriteAheadLog.Open(_disk, 4 << 20, (_, _) => { });
        using var done = new ManualResetEventSlim();
        long fellBehind = 0;
        var syncing = new Thread(() =>
        {
            while (!done.IsSet)
            {
                long next = log.NextLsn;
                log.Sync();
                fellBehind += log.SyncedLsn < next ? 1 : 0;
            }
        });
        syncing.Start();
        for (int i = 0; i < Records; i++)
        {
            log.Append(BitConverter.GetBytes(i), new byte[i % 500]);
        }

        done.Set();
        syncing.Join();
        log.Sync();
        _disk.Crash(_random);
        int replayed = 0;
        WriteAheadLog.Open(_disk, 4 << 20, (_, record) => Assert.Equal(replayed++, BitConverter.ToInt32(record.Span)));
        Assert.Equal(Records, replayed);
        Assert.Equal(0, fellBehind);
    }

    private static WriteAheadLog Open(SimBlockFile disk) => WriteAheadLog.Open(disk, CapacityBytes, (_, _) => { });

    /// <summary>A record that ends where a page ends: nothing behind it is filled up with zeros.</summary>
    private static byte[] PageRecord(int number)
    {
        byte[] record = new byte[4096 - RecordHeaderBytes];
        record[0] = (byte)number;
        return record;
    }

    private List<int> Replayed()
    {
        var numbers = new List<int>();
        WriteAheadLog.Open(_disk, CapacityBytes, (_, record) => numbers.Add(record.Span[0]));
        return numbers;
    }

    private static void AppendSynced(WriteAheadLog log, int length)
    {
        log.Append(new byte[length]);
        log.Sync();
    }

    /// <summary>Runs a log around its ring and returns the records from its tail on, all of them synced, more than one.</summary>
    private List<(long Lsn, int Length)> Fill(SimBlockFile disk, int laps)
    {
        using WriteAheadLog log = Open(disk);
        var records = new List<(long Lsn, int Length)>();
        while (log.NextLsn < ((long)laps * CapacityBytes) - 20_000)
        {
            byte[] bytes = new byte[_random.Next(6000)];
            _random.Fill(bytes);
            if (log.FreeBytes < 10_000)
            {
                log.Truncate(records[^4].Lsn);
                records.RemoveRange(0, records.Count - 4);
                log.Sync();
            }

            records.Add((log.Append(bytes), bytes.Length));
            if (_random.Next(2) == 0 || records.Count < 3)
            {
                log.Sync();
            }
        }

        log.Sync();
        records.Add((log.Append([1, 2, 3]), 3));
        log.Sync();
        return records;
    }
}
