using Sdk.Core.Cryptography;
using Sdk.Simulation.LaneA.Checkers;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>
/// One device of the owner: opens sessions with the real <see cref="SliceLogWriter"/>, writes, trims and reads at random,
/// is fenced by the other device, vanishes, and comes back with another session.
/// </summary>
internal sealed class SimClient
{
    private const int OutstandingMax = 12;
    private const int SectorsInUse = 24;
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ThinkMax = TimeSpan.FromMilliseconds(60);

    private readonly LaneAWorld _world;
    private readonly SimRandom _random;
    private readonly int _device;
    private readonly Dictionary<ulong, uint> _writes = [];
    private readonly Dictionary<ulong, ClientRead> _reads = [];
    private readonly HashSet<Hash256> _suspects = [];
    private SliceLogWriter? _writer;
    private ulong _highestCounter;
    private uint _version;
    private int _life;

    public SimClient(LaneAWorld world, int device)
    {
        _world = world;
        _device = device;
        _random = world.Sim.Random($"client {device}");
    }

    /// <summary>True while this client opens sessions and works; false lets what is under way end.</summary>
    public bool IsWorking { get; set; } = true;

    /// <summary>True while this client opens a session only to read everything.</summary>
    public bool IsReading { get; set; }

    public int FailedReads { get; private set; }

    public bool IsOpen => _writer is { IsOpen: true };

    public bool IsQuiet => _writes.Count + _reads.Count == 0;

    public int Endpoint => _world.Group.Members + _device;

    /// <summary>Called when the session stands open.</summary>
    public Action? Opened { get; set; }

    /// <summary>Starts a session above every one this client has heard of, or with the given counter.</summary>
    public void OpenSession(ulong counterMin)
    {
        _highestCounter = Math.Max(_highestCounter, counterMin - 1);
        OpenSession();
    }

    /// <inheritdoc cref="OpenSession(ulong)"/>
    public void OpenSession()
    {
        int life = ++_life;
        _writes.Clear();
        _reads.Clear();
        _version = 0;
        ulong counter = ++_highestCounter;
        Span<byte> nonce = stackalloc byte[32];
        _random.Fill(nonce);
        _writer = new SliceLogWriter(
            _world.Group, _world.Lease, LaneAKeys.Grant(_device, counter), LaneAKeys.SessionKey(_device, counter), Hash256.FromBytes(nonce),
            _world.Sim.Time, new HashSet<Hash256>(_suspects), _world.Mutations);
        _world.Sim.Trace.Record("open", _device, (long)counter);
        for (int member = 0; member < _world.Group.Members; member++)
        {
            _writer.Connected(member);
        }

        Flush();
        _world.Sim.Scheduler.Schedule(TickEvery, () => Tick(life));
    }

    /// <summary>Vanishes: nothing that is under way is followed up.</summary>
    public void Abandon()
    {
        _world.Sim.Trace.Record("abandon", _device);
        _writer = null;
        _life++;
        _writes.Clear();
        _reads.Clear();
    }

    public void Receive(int from, SliceMessage message)
    {
        if (_writer is null)
        {
            message.Release();
            return;
        }

        _writer.Receive(from, message);
        Flush();
    }

    /// <summary>The stream to a member broke.</summary>
    public void MemberWent(int member)
    {
        _writer?.Disconnected(member);
        Flush();
    }

    public void MemberCame(int member)
    {
        _writer?.Connected(member);
        Flush();
    }

    /// <summary>Reads every sector of every slice, for the final comparison.</summary>
    public void ReadEverything()
    {
        for (uint slice = 0; slice < _world.Group.SliceCount; slice++)
        {
            Read(slice, 0, SliceGeometry.SectorsPerSlice);
        }

        Flush();
    }

    /// <summary>Writes one sector.</summary>
    public void WriteSector(uint slice, int sector)
    {
        Write(slice, [new SectorExtent((byte)sector, 1, IsTrim: false)]);
        Flush();
    }

    private void Tick(int life)
    {
        if (life == _life && _writer is not null)
        {
            _writer.Tick();
            Flush();
            _world.Sim.Scheduler.Schedule(TickEvery, () => Tick(life));
        }
    }

    private void Think(int life)
    {
        if (life != _life || _writer is null || !IsWorking)
        {
            return;
        }

        if (_random.Percent(_world.Faults.ClientCrashPercent))
        {
            Abandon();
            Retry(TimeSpan.FromMilliseconds(500));
            return;
        }

        if (_writes.Count + _reads.Count < OutstandingMax)
        {
            Act();
            Flush();
        }

        _world.Sim.Scheduler.Schedule(_random.Between(TimeSpan.Zero, ThinkMax), () => Think(life));
    }

    private void Act()
    {
        uint slice = (uint)_random.Next((int)_world.Group.SliceCount);
        if (_random.Percent(40))
        {
            int first = _random.Next(SectorsInUse);
            Read(slice, first, _random.Between(1, SectorsInUse - first));
        }
        else
        {
            Write(slice, DrawExtents());
        }
    }

    private void Read(uint slice, int first, int count)
    {
        var read = new ClientRead(_writer!.Session, slice, first, count);
        _world.Checkers.ForEach(checker => checker.ReadStarted(read));
        _reads.Add(_writer.Read(slice, first, count), read);
    }

    private void Write(uint slice, SectorExtent[] extents)
    {
        ulong version = (_writer!.Session.Counter << 32) | ((ulong)_device << 31) | ++_version;
        int sectors = extents.Sum(extent => extent.IsTrim ? 0 : extent.Count);
        PayloadBuffer payload = PayloadBuffer.Rent(sectors * SliceGeometry.StoredSectorBytes);
        Span<byte> rest = payload.Span;
        foreach (SectorExtent extent in extents)
        {
            for (int sector = extent.First; sector < extent.End && !extent.IsTrim; sector++)
            {
                SectorContent.Fill(slice, sector, version, rest[..SliceGeometry.StoredSectorBytes]);
                rest = rest[SliceGeometry.StoredSectorBytes..];
            }
        }

        var write = new SliceWrite { Slice = slice, Version = version, Extents = extents, Payload = payload };
        SessionId session = _writer.Session;
        _world.Checkers.ForEach(checker => checker.Submitted(session, write));
        _writes.Add(_writer.Submit(write), slice);
    }

    private SectorExtent[] DrawExtents()
    {
        var extents = new List<SectorExtent>();
        for (int next = _random.Next(SectorsInUse); next < SectorsInUse && extents.Count < 3; next += _random.Between(1, 8))
        {
            int count = _random.Between(1, Math.Min(2, SectorsInUse - next));
            extents.Add(new SectorExtent((byte)next, (byte)count, _random.Percent(15)));
            next += count;
        }

        return [.. extents];
    }

    private void Flush()
    {
        while (_writer is { } writer && writer.TryTake(out WriterEffect effect))
        {
            switch (effect)
            {
                case WriterEffect.Send send:
                    _world.SendFromClient(this, send.Member, send.Message);
                    break;
                case WriterEffect.Opened:
                    OnOpened(writer.Session);
                    break;
                case WriterEffect.Certified certified:
                    OnCertified(certified);
                    break;
                case WriterEffect.ReadDone done:
                    OnRead(done);
                    break;
                case WriterEffect.ReadFailed failed:
                    _reads.Remove(failed.Id);
                    FailedReads++;
                    break;
                case WriterEffect.Ended ended:
                    OnEnded(ended);
                    break;
            }
        }
    }

    private void OnOpened(SessionId session)
    {
        _suspects.Clear();
        _world.Sim.Trace.Record("opened", _device, (long)session.Counter);
        _world.Opened(session);
        int life = _life;
        _world.Sim.Scheduler.Schedule(TimeSpan.Zero, () => Think(life));
        Opened?.Invoke();
    }

    private void OnCertified(WriterEffect.Certified certified)
    {
        _writes.Remove(certified.Operation);
        _world.Sim.Operations++;
        _world.Certified(certified.Certificate);
    }

    private void OnRead(WriterEffect.ReadDone done)
    {
        if (_reads.Remove(done.Id, out ClientRead? read))
        {
            _world.Sim.Operations++;
            _world.Sim.Trace.Record("read", _device, read.Slice, read.First, read.Count);
            _world.Checkers.ForEach(checker => checker.ReadDone(read, done.Read));
        }

        done.Read.Dispose();
    }

    private void OnEnded(WriterEffect.Ended ended)
    {
        _world.Sim.Trace.Record("ended", _device, (long)ended.Reason, (long)ended.By.Counter);
        _highestCounter = Math.Max(_highestCounter, ended.By.Counter);
        _suspects.UnionWith(ended.Suspects ?? []);
        Abandon();
        Retry(ended.Reason == WriterEnd.Fenced ? TimeSpan.FromSeconds(5) : TimeSpan.FromMilliseconds(200));
    }

    private void Retry(TimeSpan delayMax)
    {
        int life = _life;
        _world.Sim.Scheduler.Schedule(_random.Between(TimeSpan.FromMilliseconds(10), delayMax), () =>
        {
            if (life == _life && (IsWorking || IsReading))
            {
                OpenSession();
            }
        });
    }
}
