using Sdk.Core.Persistence;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;

namespace Sdk.Core.Tests.Persistence;

/// <summary>Random lives of a log on a disk that crashes: synced records come back in order, and nothing that was not appended does.</summary>
public sealed class WriteAheadLogCrashTests
{
    private const int CapacityBytes = 64 << 10;
    private const int LivesPerSeed = 25;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void After_any_crash_every_synced_record_comes_back_and_nothing_else(int batch)
    {
        for (int seed = batch * 100; seed < (batch + 1) * 100; seed++)
        {
            using var model = new Model(new SimRandom((ulong)seed));
            for (int life = 0; life < LivesPerSeed; life++)
            {
                model.OpenAndCheck($"seed {seed}, life {life}");
                model.Live();
            }
        }
    }

    /// <summary>What the test remembers of the log, beside the log itself.</summary>
    private sealed class Model(SimRandom random) : IDisposable
    {
        private readonly SimBlockFile _disk = new();
        private readonly List<(long Lsn, byte[] Bytes)> _records = [];
        private WriteAheadLog? _log;
        private long _syncedLsn;
        private long _durableTailLsn;
        private long _tailLsn;

        public void Dispose() => _disk.Dispose();

        public void OpenAndCheck(string where)
        {
            List<(long Lsn, byte[] Bytes)> replayed;
            while (!TryOpen(out replayed))
            {
                if (_disk.IsPowerCut)
                {
                    _disk.Crash(random);
                }
            }

            Assert.True(_log!.TailLsn == _tailLsn || _log.TailLsn == _durableTailLsn, $"{where}: tail {_log.TailLsn}");
            _records.RemoveAll(record => record.Lsn < _log.TailLsn);
            int synced = _records.Count(record => record.Lsn < _syncedLsn);
            Assert.True(replayed.Count >= synced && replayed.Count <= _records.Count, $"{where}: {replayed.Count} of {synced} to {_records.Count}");
            for (int i = 0; i < replayed.Count; i++)
            {
                Assert.True(replayed[i].Lsn == _records[i].Lsn && replayed[i].Bytes.AsSpan().SequenceEqual(_records[i].Bytes), $"{where}: record {i}");
            }

            _records.RemoveRange(replayed.Count, _records.Count - replayed.Count);
            Assert.Equal(_log.NextLsn, _log.SyncedLsn);
            (_syncedLsn, _tailLsn, _durableTailLsn) = (_log.SyncedLsn, _log.TailLsn, _log.TailLsn);
        }

        /// <summary>Uses the log until something ends its life; what follows finds the disk as that left it.</summary>
        public void Live()
        {
            if (random.Next(2) == 0)
            {
                _disk.CutPowerAfter(random.Next(60));
            }

            try
            {
                for (int steps = random.Next(60); steps > 0; steps--)
                {
                    Step();
                }
            }
            catch (IOException)
            {
                Assert.Throws<StoreFailedException>(_log!.Sync);
                Assert.Throws<StoreFailedException>(() => _log.Append([1]));
            }

            // A killed process leaves what it wrote to be seen; a power cut may not. Where the power is off already there is no choice.
            if (random.Next(4) != 0 || _disk.IsPowerCut)
            {
                _disk.Crash(random);
            }
        }

        /// <summary>The power may fail, or a sync, while the log opens, too.</summary>
        private bool TryOpen(out List<(long Lsn, byte[] Bytes)> replayed)
        {
            List<(long Lsn, byte[] Bytes)> records = replayed = [];
            try
            {
                _log = WriteAheadLog.Open(_disk, CapacityBytes, (lsn, record) => records.Add((lsn, record.ToArray())));
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }

        private void Step()
        {
            switch (random.Next(12))
            {
                case < 6:
                    Append();
                    break;
                case < 10:
                    Sync();
                    break;
                case 10:
                    _tailLsn = Math.Max(_tailLsn, _records.Count > 0 ? _records[random.Next(_records.Count)].Lsn : _log!.NextLsn);
                    _log!.Truncate(_tailLsn);
                    break;
                default:
                    _disk.FailSyncs(random.Next(8) == 0 ? 1 : 0);
                    break;
            }
        }

        private void Append()
        {
            byte[] bytes = new byte[random.Next(3) == 0 ? random.Next(20_000) : random.Next(300)];
            random.Fill(bytes);
            int cut = random.Next(bytes.Length + 1);
            try
            {
                _records.Add((_log!.NextLsn, bytes)); // Before it is tried: one that failed halfway may come back whole.
                Assert.Equal(_records[^1].Lsn, _log.Append(bytes.AsSpan(0, cut), bytes.AsSpan(cut)));
            }
            catch (LogFullException)
            {
                _records.RemoveAt(_records.Count - 1);
                _tailLsn = _log!.NextLsn;
                _log.Truncate(_tailLsn);
            }
        }

        private void Sync()
        {
            _log!.Sync();
            Assert.Equal(_log.NextLsn, _log.SyncedLsn);
            (_syncedLsn, _durableTailLsn) = (_log.SyncedLsn, _tailLsn);
        }
    }
}
