using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;

namespace Sdk.Storage.Tests.Local;

/// <summary>Random lives of a store beside its log, as a member uses them: after any crash the log brings the store back to what was synced.</summary>
public sealed class ChunkStoreCrashTests
{
    private const int LivesPerSeed = 12;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void After_any_crash_the_log_brings_every_slice_back_to_its_last_durable_entry(int batch)
    {
        for (int seed = batch * 20; seed < (batch + 1) * 20; seed++)
        {
            using var member = new Member(new SimRandom((ulong)seed));
            for (int life = 0; life < LivesPerSeed; life++)
            {
                member.Recover($"seed {seed}, life {life}");
                member.Live();
            }
        }
    }

    private sealed class Member(SimRandom random) : IDisposable
    {
        private const uint Slices = 5;
        private const int LogBytes = 256 << 10;

        private readonly SimBlockFile _logDisk = new();
        private readonly SimBlockFile _storeDisk = new();
        private readonly StoredSlice[] _slices = [.. Enumerable.Range(0, (int)Slices).Select(i => new StoredSlice((uint)i, random))];
        private readonly List<StoredEntry> _unsynced = [];
        private readonly uint[] _synced = new uint[Slices];
        private readonly Dictionary<(uint Slice, uint Sequence), Hash256> _roots = [];
        private WriteAheadLog _log = null!;
        private ChunkStore _store = null!;

        public void Dispose()
        {
            _logDisk.Dispose();
            _storeDisk.Dispose();
        }

        public void Recover(string where)
        {
            _unsynced.Clear();
            _store = ChunkStore.Open(_storeDisk, Slices, cachedRecords: 2);
            _log = WriteAheadLog.Open(_logDisk, LogBytes, (_, record) => Replay(record.Span));
            for (uint slice = 0; slice < Slices; slice++)
            {
                SliceRecord? record = _store.Load(slice);
                uint sequence = record?.Key.Sequence ?? 0;
                Assert.True(sequence >= _synced[slice], $"{where}: slice {slice} stands at {sequence}, {_synced[slice]} was durable");
                Assert.True(record is null || record.Tree.Root == _roots[(slice, sequence)], $"{where}: slice {slice} has another root");
                StoredSlice.AssertSound(_store, slice, where);
                _slices[slice].Resume(record);
                _synced[slice] = sequence;
            }
        }

        public void Live()
        {
            SimBlockFile dying = random.Next(2) == 0 ? _logDisk : _storeDisk;
            dying.CutPowerAfter(random.Next(40));
            try
            {
                for (int steps = random.Next(80); steps > 0; steps--)
                {
                    Step();
                }
            }
            catch (PowerCutException)
            {
                // The power of both files is off.
            }

            if (random.Next(4) != 0 || dying.IsPowerCut)
            {
                _logDisk.Crash(random);
                _storeDisk.Crash(random);
            }

            dying.CutPowerAfter(int.MaxValue);
        }

        private void Step()
        {
            switch (random.Next(10))
            {
                case < 5:
                    Append();
                    break;
                case < 8:
                    SyncAndApply();
                    break;
                default:
                    RunCheckpoint();
                    break;
            }
        }

        private void Append()
        {
            if (_log.FreeBytes < 50_000)
            {
                SyncAndApply();
                RunCheckpoint();
                _log.Sync();
            }

            StoredEntry entry = _slices[random.Next((int)Slices)].Next();
            _roots[(entry.Slice, entry.Sequence)] = entry.Record.Tree.Root;
            byte[] header = [(byte)entry.Slice, (byte)entry.Extents.Length, .. BitConverter.GetBytes(entry.Sequence), .. entry.Extents.SelectMany(
                extent => new[] { extent.First, extent.Count, (byte)(extent.IsTrim ? 1 : 0) })];
            _log.Append(header, entry.Payload);
            _unsynced.Add(entry);
        }

        private void SyncAndApply()
        {
            _log.Sync();
            foreach (StoredEntry entry in _unsynced)
            {
                _synced[entry.Slice] = entry.Sequence;
            }

            foreach (StoredEntry entry in _unsynced)
            {
                entry.ApplyTo(_store);
            }

            _unsynced.Clear();
        }

        /// <summary>A checkpoint beside which the member goes on working.</summary>
        private void RunCheckpoint()
        {
            SyncAndApply();
            long firstNeededLsn = _log.NextLsn;
            ChunkStore.Checkpoint checkpoint = _store.PrepareCheckpoint();
            for (int more = random.Next(3); more > 0 && _log.FreeBytes > 50_000; more--)
            {
                Append();
                SyncAndApply();
            }

            _store.Complete(checkpoint);
            _log.Truncate(firstNeededLsn);
        }

        private void Replay(ReadOnlySpan<byte> record)
        {
            uint slice = record[0];
            uint sequence = BitConverter.ToUInt32(record[2..]);
            SliceRecord? before = _store.Load(slice);
            if (sequence <= (before?.Key.Sequence ?? 0))
            {
                return;
            }

            var extents = new SectorExtent[record[1]];
            for (int i = 0; i < extents.Length; i++)
            {
                ReadOnlySpan<byte> extent = record[(6 + (3 * i))..];
                extents[i] = new SectorExtent(extent[0], extent[1], extent[2] == 1);
            }

            ReadOnlySpan<byte> payload = record[(6 + (3 * extents.Length))..];
            _store.Apply(slice, StoredSlice.Following(before, slice, sequence, extents, payload), extents, payload);
        }
    }
}
