using Sdk.Core.Persistence;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Core.Tests.Persistence;

public sealed class SnapshotFileTests : IDisposable
{
    private const int MaxBytes = 200_000;

    private readonly SimBlockFile _disk = new();
    private readonly SimRandom _random = new(3);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void The_last_snapshot_written_comes_back_at_any_length()
    {
        using SnapshotFile snapshots = SnapshotFile.Open(_disk, MaxBytes);
        Assert.Null(snapshots.Latest);
        foreach (int length in new[] { 0, 1, 65_504, 65_505, MaxBytes, 12 })
        {
            byte[] bytes = new byte[length];
            _random.Fill(bytes);
            snapshots.Write(bytes);
            Assert.True(SnapshotFile.Open(_disk, MaxBytes).Latest!.Value.Span.SequenceEqual(bytes));
        }
    }

    [Fact]
    public void The_greatest_length_may_change_between_openings()
    {
        SnapshotFile.Open(_disk, 1000).Write([1]);
        SnapshotFile.Open(_disk, MaxBytes).Write(new byte[MaxBytes]);
        SnapshotFile.Open(_disk, MaxBytes).Write([2]);
        Assert.Equal([2], SnapshotFile.Open(_disk, 1000).Latest!.Value.ToArray());
    }

    [Fact]
    public void A_power_cut_leaves_the_old_snapshot_or_the_new_one_and_never_an_older()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new SimRandom((ulong)seed);
            var disk = new SimBlockFile();
            int durable = 0;
            int tried = 0;
            for (int life = 0; life < 10; life++)
            {
                SnapshotFile snapshots = SnapshotFile.Open(disk, MaxBytes);
                int found = snapshots.Latest is { } latest ? BitConverter.ToInt32(latest.Span) : 0;
                Assert.True(found >= durable && found <= tried, $"seed {seed}, life {life}: {found}, not {durable} to {tried}");
                durable = tried = found;
                disk.CutPowerAfter(random.Next(20));
                while (!disk.IsPowerCut)
                {
                    byte[] bytes = new byte[4 + random.Next(100_000)];
                    random.Fill(bytes);
                    BitConverter.TryWriteBytes(bytes, ++tried);
                    durable = TryWrite(snapshots, bytes) ? tried : durable;
                }

                Assert.ThrowsAny<Exception>(() => snapshots.Write([1]));
                disk.Crash(random);
            }
        }
    }

    [Fact]
    public void A_durable_snapshot_gone_bad_is_reported_and_not_replaced_by_an_older_one()
    {
        for (int bit = 0; bit < 60 * 8; bit++)
        {
            var disk = new SimBlockFile();
            SnapshotFile snapshots = SnapshotFile.Open(disk, MaxBytes);
            snapshots.Write(new byte[28]);
            snapshots.Write(new byte[28]); // sequence 2: the first slot
            disk.FlipBit(4096 + (bit / 8), bit % 8);
            if (bit / 8 is < 28 or >= 32)
            {
                Assert.Throws<SnapshotCorruptException>(() => SnapshotFile.Open(disk, MaxBytes));
            }
        }
    }

    [Fact]
    public void A_failed_sync_stops_the_file()
    {
        SnapshotFile snapshots = SnapshotFile.Open(_disk, MaxBytes);
        snapshots.Write([1]);
        _disk.FailSyncs(1);
        Assert.Throws<IOException>(() => snapshots.Write([2]));
        Assert.Throws<StoreFailedException>(() => snapshots.Write([3]));
        Assert.Equal([1], snapshots.Latest!.Value.ToArray());
    }

    private static bool TryWrite(SnapshotFile snapshots, byte[] bytes)
    {
        try
        {
            snapshots.Write(bytes);
            return true;
        }
        catch (PowerCutException)
        {
            return false;
        }
    }
}
