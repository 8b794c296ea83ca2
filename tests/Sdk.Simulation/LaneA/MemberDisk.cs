using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>
/// The three files of a member. It counts their writes and syncs and can cut the power at any of them; the files then keep
/// what was durable and any part of the rest. It also watches which of the owner's entries the log holds durably.
/// </summary>
#pragma warning disable CA1001 // Disposal of a simulated file closes nothing: the files outlive every life of the member.
internal sealed class MemberDisk(SimRandom random)
{
    /// <summary>Entries looked for in every write to the log; older ones were refused, or are found by the slow way.</summary>
    private const int WatchedMax = 64;

    private readonly SimBlockFile _log = new();
    private readonly SimBlockFile _store = new();
    private readonly SimBlockFile _control = new();
    private readonly Dictionary<Hash256, byte[]> _watched = [];
    private readonly Queue<Hash256> _watchedInOrder = [];
    private readonly Dictionary<Hash256, long> _written = [];
    private readonly HashSet<Hash256> _durable = [];
    private int _untilPowerCut = int.MaxValue;

    /// <summary>Handles on the files, as the member's next life opens them.</summary>
    public MemberFiles Open(long logCapacityBytes) => new(new Handle(this, _log), logCapacityBytes, new Handle(this, _store), new Handle(this, _control));

    /// <summary>Cuts the power at the n-th write or sync from now, whichever file it falls on.</summary>
    public void CutPowerAfter(int operations) => _untilPowerCut = operations;

    /// <summary>Each write not yet synced is lost, kept or torn on its own.</summary>
    public void Crash()
    {
        _untilPowerCut = int.MaxValue;
        _written.Clear();
        _log.Crash(random);
        _store.Crash(random);
        _control.Crash(random);
    }

    /// <summary>The member may soon log this entry.</summary>
    public void Watch(WriteOperation operation)
    {
        if (_durable.Contains(operation.Hash) || !_watched.TryAdd(operation.Hash, Encode(operation)))
        {
            return;
        }

        _watchedInOrder.Enqueue(operation.Hash);
        if (_watchedInOrder.Count > WatchedMax)
        {
            _watched.Remove(_watchedInOrder.Dequeue());
        }
    }

    /// <summary>True when the durable image of the log holds this entry, or held it after an earlier sync.</summary>
    public bool HoldsDurably(WriteOperation operation)
    {
        if (!_durable.Contains(operation.Hash) && IsInDurableLog(Encode(operation)))
        {
            _durable.Add(operation.Hash);
        }

        return _durable.Contains(operation.Hash);
    }

    private static byte[] Encode(WriteOperation operation)
    {
        var encoded = new byte[operation.EncodedBytes];
        var writer = new Sdk.Storage.Replication.FieldWriter(encoded);
        operation.WriteTo(ref writer);
        return encoded;
    }

    private bool IsInDurableLog(ReadOnlySpan<byte> encoded)
    {
        // The log is a ring: its beginning is appended, so that an entry that runs over the end is found.
        var ring = new byte[_log.LengthBytes - LogHeader.AreaBytes + encoded.Length];
        _log.ReadDurable(LogHeader.AreaBytes, ring.AsSpan(0, ring.Length - encoded.Length));
        ring.AsSpan(0, encoded.Length).CopyTo(ring.AsSpan(ring.Length - encoded.Length));
        return ring.AsSpan().IndexOf(encoded) >= 0;
    }

    private void NoteWritten(long offsetBytes, ReadOnlySpan<byte> data)
    {
        foreach ((Hash256 hash, byte[] encoded) in _watched)
        {
            if (data.IndexOf(encoded) is >= 0 and int place)
            {
                _written[hash] = offsetBytes + place;
            }
        }
    }

    private void NoteSynced()
    {
        foreach ((Hash256 hash, long offsetBytes) in _written)
        {
            if (_watched.TryGetValue(hash, out byte[]? encoded))
            {
                var there = new byte[encoded.Length];
                _log.ReadDurable(offsetBytes, there);
                if (there.AsSpan().SequenceEqual(encoded))
                {
                    _durable.Add(hash);
                    _watched.Remove(hash);
                }
            }
        }

        _written.Clear();
    }

    private void CountDown()
    {
        if (--_untilPowerCut <= 0)
        {
            throw new PowerCutException();
        }
    }

    /// <summary>A file as one life of the member sees it.</summary>
    private sealed class Handle(MemberDisk disk, SimBlockFile file) : IBlockFile
    {
        public long LengthBytes => file.LengthBytes;

        public int Read(long offsetBytes, Span<byte> buffer) => file.Read(offsetBytes, buffer);

        public void Write(long offsetBytes, ReadOnlySpan<byte> data)
        {
            file.Write(offsetBytes, data);
            if (ReferenceEquals(file, disk._log))
            {
                disk.NoteWritten(offsetBytes, data);
            }

            disk.CountDown();
        }

        public void Sync()
        {
            disk.CountDown();
            file.Sync();
            if (ReferenceEquals(file, disk._log))
            {
                disk.NoteSynced();
            }
        }

        public void SetLength(long lengthBytes) => file.SetLength(lengthBytes);

        public void Dispose()
        {
        }
    }
}
