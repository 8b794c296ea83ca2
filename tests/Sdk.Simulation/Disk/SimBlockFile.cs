using Sdk.Core;
using Sdk.Core.Persistence;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Disk;

/// <summary>The disk of a simulated node: what is written is seen at once, and is durable only after a sync.</summary>
/// <remarks>
/// Two sparse images share their pages until they differ: what readers see and what a power cut leaves. A power cut keeps, drops or tears
/// each write not yet synced on its own, in units of 512 bytes. After a failed sync the writes stay visible and no later sync saves them,
/// as on Linux, whose page cache thinks them clean. Disposal closes nothing: the image is there for the node's next life.
/// </remarks>
internal sealed class SimBlockFile : IBlockFile
{
    /// <summary>What a disk writes whole or not at all.</summary>
    public const int SectorBytes = 512;

    private const int PageBytes = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, byte[]> _seen = [];
    private readonly Dictionary<long, byte[]> _durable = [];
    private List<PendingWrite> _pending = [];
    private long _lengthBytes;
    private int? _operationsUntilPowerCut;
    private int _syncsToFail;
    private int _goodSyncs;
    private int _writesToLose;
    private long _misdirectionBytes;

    public long LengthBytes
    {
        get
        {
            lock (_gate)
            {
                return _lengthBytes;
            }
        }
    }

    /// <summary>Bytes of pages that the disk can hold; a write that needs more fails having written nothing.</summary>
    public long SpaceBytes { get; set; } = long.MaxValue;

    /// <summary>How many writes and syncs came so far: the places where a power cut may fall.</summary>
    public int Operations { get; private set; }

    public int Syncs { get; private set; }

    /// <summary>Bytes of pages held for readers; the durable image shares most of them.</summary>
    public long StoredBytes
    {
        get
        {
            lock (_gate)
            {
                return (long)_seen.Count * PageBytes;
            }
        }
    }

    public int Read(long offsetBytes, Span<byte> buffer)
    {
        lock (_gate)
        {
            int count = (int)Math.Clamp(_lengthBytes - offsetBytes, 0, buffer.Length);
            foreach ((long page, int start, int length, int done) in Pieces(offsetBytes, count))
            {
                Span<byte> piece = buffer.Slice(done, length);
                if (_seen.TryGetValue(page, out byte[]? bytes))
                {
                    bytes.AsSpan(start, length).CopyTo(piece);
                }
                else
                {
                    piece.Clear();
                }
            }

            return count;
        }
    }

    /// <summary>Fills the buffer with what a power cut would leave if it lost everything not yet synced.</summary>
    public void ReadDurable(long offsetBytes, Span<byte> buffer)
    {
        lock (_gate)
        {
            foreach ((long page, int start, int length, int done) in Pieces(offsetBytes, buffer.Length))
            {
                Span<byte> piece = buffer.Slice(done, length);
                piece.Clear();
                if (_durable.TryGetValue(page, out byte[]? bytes))
                {
                    bytes.AsSpan(start, length).CopyTo(piece);
                }
            }
        }
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            Step();
            long place = offsetBytes + _misdirectionBytes;
            _misdirectionBytes = 0;
            if (_writesToLose > 0)
            {
                _writesToLose--;
                return;
            }

            RefuseWithoutSpace(place, data.Length);
            _lengthBytes = Math.Max(_lengthBytes, place + data.Length);
            _pending.Add(new PendingWrite(place, data.ToArray()));
            Put(_seen, _durable, place, data);
        }
    }

    public void Sync()
    {
        lock (_gate)
        {
            Step();
            Syncs++;
            if (_syncsToFail > 0 && _goodSyncs-- <= 0)
            {
                _syncsToFail--;
                foreach (PendingWrite write in _pending)
                {
                    write.IsForgotten = true;
                }

                throw new IOException("The simulated disk failed to sync.");
            }

            List<PendingWrite> saved = [.. _pending.Where(write => !write.IsForgotten)];
            foreach (PendingWrite write in saved)
            {
                Put(_durable, _seen, write.OffsetBytes, write.Data);
            }

            // What a saved write covers, an older forgotten one can no longer reach.
            _pending = [.. _pending.Where(write => write.IsForgotten && !saved.Any(write.Overlaps))];
        }
    }

    /// <summary>Lengths are durable at once: no store here depends on when.</summary>
    public void SetLength(long lengthBytes)
    {
        lock (_gate)
        {
            Step();
            if (lengthBytes < _lengthBytes)
            {
                throw new NotSupportedException("No store shortens its file.");
            }

            _lengthBytes = lengthBytes;
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Cuts the power and switches it on again: each write not yet synced is kept, dropped or torn.</summary>
    public void Crash(SimRandom random)
    {
        lock (_gate)
        {
            foreach (PendingWrite write in _pending)
            {
                switch (random.Next(3))
                {
                    case 0:
                        Put(_durable, _seen, write.OffsetBytes, write.Data);
                        break;
                    case 1:
                        Tear(write, random);
                        break;
                }
            }

            _pending.Clear();
            _operationsUntilPowerCut = null;
            _seen.Clear();
            foreach ((long page, byte[] bytes) in _durable)
            {
                _seen.Add(page, bytes);
            }
        }
    }

    /// <summary>From the given number of further writes and syncs on, all of them throw, until <see cref="Crash"/>.</summary>
    public void CutPowerAfter(int operations) => _operationsUntilPowerCut = operations;

    /// <summary>Whether the power went off, so that only <see cref="Crash"/> helps.</summary>
    public bool IsPowerCut => _operationsUntilPowerCut is 0;

    /// <summary>After some that succeed the next syncs fail.</summary>
    public void FailSyncs(int count, int afterGood = 0) => (_syncsToFail, _goodSyncs) = (count, afterGood);

    /// <summary>The next writes are reported as done and never happen.</summary>
    public void LoseWrites(int count) => _writesToLose = count;

    /// <summary>The next write lands that far from where it should.</summary>
    public void MisdirectNextWrite(long byBytes) => _misdirectionBytes = byBytes;

    /// <summary>Turns one bit round, in what readers see and for good.</summary>
    public void FlipBit(long offsetBytes, int bit)
    {
        lock (_gate)
        {
            Span<byte> one = [0];
            if (_seen.TryGetValue(offsetBytes / PageBytes, out byte[]? bytes))
            {
                one[0] = bytes[offsetBytes % PageBytes];
            }

            one[0] ^= (byte)(1 << bit);
            Put(_durable, _seen, offsetBytes, one);
            Put(_seen, _durable, offsetBytes, one);
        }
    }

    private void Tear(PendingWrite write, SimRandom random)
    {
        for (long start = write.OffsetBytes; start < write.EndBytes;)
        {
            long end = Math.Min((start / SectorBytes * SectorBytes) + SectorBytes, write.EndBytes);
            if (random.Next(2) == 0)
            {
                Put(_durable, _seen, start, write.Data.AsSpan((int)(start - write.OffsetBytes), (int)(end - start)));
            }

            start = end;
        }
    }

    private static IEnumerable<(long Page, int Start, int Length, int Done)> Pieces(long offsetBytes, int lengthBytes)
    {
        for (int done = 0; done < lengthBytes;)
        {
            int start = (int)((offsetBytes + done) % PageBytes);
            int length = Math.Min(PageBytes - start, lengthBytes - done);
            yield return ((offsetBytes + done) / PageBytes, start, length, done);
            done += length;
        }
    }

    /// <summary>Changes one image; a page that the other image shares is copied first.</summary>
    private static void Put(Dictionary<long, byte[]> image, Dictionary<long, byte[]> other, long offsetBytes, ReadOnlySpan<byte> data)
    {
        foreach ((long page, int start, int length, int done) in Pieces(offsetBytes, data.Length))
        {
            other.TryGetValue(page, out byte[]? shared);
            if (!image.TryGetValue(page, out byte[]? bytes))
            {
                image[page] = bytes = new byte[PageBytes];
            }
            else if (ReferenceEquals(bytes, shared))
            {
                image[page] = bytes = (byte[])bytes.Clone();
            }

            data.Slice(done, length).CopyTo(bytes.AsSpan(start));
            if (shared is not null && bytes.AsSpan().SequenceEqual(shared))
            {
                image[page] = shared;
            }
        }
    }

    private void RefuseWithoutSpace(long offsetBytes, int lengthBytes)
    {
        long fresh = Pieces(offsetBytes, lengthBytes).Count(piece => !_seen.ContainsKey(piece.Page));
        if (fresh > 0 && (_seen.Count + fresh) * PageBytes > SpaceBytes)
        {
            throw new DiskFullException("The simulated disk is full.");
        }
    }

    private void Step()
    {
        if (_operationsUntilPowerCut is 0)
        {
            throw new PowerCutException();
        }

        _operationsUntilPowerCut--;
        Operations++;
    }

    private sealed class PendingWrite(long offsetBytes, byte[] data)
    {
        public long OffsetBytes => offsetBytes;

        public long EndBytes => offsetBytes + data.Length;

        public byte[] Data => data;

        /// <summary>A sync failed over it: it is seen, and no later sync makes it durable.</summary>
        public bool IsForgotten { get; set; }

        public bool Overlaps(PendingWrite other) => OffsetBytes < other.EndBytes && other.OffsetBytes < EndBytes;
    }
}

/// <summary>The simulated power is off; the node that gets this is dead until its disk crashed.</summary>
internal sealed class PowerCutException() : IOException("The simulated power is off.");
