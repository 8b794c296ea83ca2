using Sdk.Core.Cryptography;
using Sdk.Simulation.Disk;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>
/// A member of the group: the real <see cref="SliceLogMember"/> with its real log and store over simulated files, and the
/// shell around it as a state machine: one sync at a time, checkpoints beside it, ticks, crashes and restarts.
/// </summary>
#pragma warning disable CA1001 // Each life's core is disposed when the life ends.
internal sealed class SimMember
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);

    private readonly LaneAWorld _world;
    private readonly SimRandom _random;
    private readonly MemberDisk _disk;
    private readonly Liar? _liar;
    private SliceLogMember? _core;
    private bool _isUp;
    private int _life;
    private bool _isSyncing;
    private bool _isCheckpointing;

    public SimMember(LaneAWorld world, int index, bool isLiar)
    {
        _world = world;
        Index = index;
        _random = world.Sim.Random($"member {index}");
        _disk = new MemberDisk(world.Sim.Random($"disk {index}"));
        _liar = isLiar ? new Liar(world, this) : null;
    }

    public int Index { get; }

    public bool IsLiar => _liar is not null;

    public bool IsUp => _isUp;

    public SigningKey Key => LaneAKeys.Member(Index);

    /// <summary>True when the durable image of this member's log held the entry at some sync.</summary>
    public bool HoldsDurably(WriteOperation operation) => _disk.HoldsDurably(operation);

    public void Start()
    {
        int life = ++_life;
        _isUp = true;
        (_isSyncing, _isCheckpointing) = (false, false);
        Step(() => _core = new SliceLogMember(
            _world.Group, Index, Key, [_world.Lease], _disk.Open(_world.LogCapacityBytes), _world.Sim.Time, _world.Mutations));
        _world.Sim.Scheduler.Schedule(_random.Between(TimeSpan.Zero, TickEvery), () => Tick(life));
    }

    public void Receive(int from, SliceMessage message)
    {
        if (_core is null)
        {
            message.Release();
            return;
        }

        WatchEntries(message);
        if (_liar is not null && _liar.Intercepts(from, message))
        {
            message.Release();
        }
        else if (message is WriteBatch batch && !_core.HasRoomFor(batch))
        {
            message.Release();
            StartCheckpoint();
        }
        else
        {
            Step(() => _core.Receive(from, message));
        }
    }

    /// <summary>The power fails now.</summary>
    public void Crash()
    {
        if (!_isUp)
        {
            return;
        }

        _world.Sim.Trace.Record("crash", Index);
        _isUp = false;
        _core?.Dispose(); // Null when the power failed while the member read its files.
        _core = null;
        _life++;
        _disk.Crash();
        _world.MemberCrashed(this);
        TimeSpan downTime = _random.Between(_world.Faults.DownTimeMin, _world.Faults.DownTimeMax);
        int life = _life;
        _world.Sim.Scheduler.Schedule(downTime, () =>
        {
            if (life == _life)
            {
                Restart();
            }
        });
    }

    public void Restart()
    {
        if (!_isUp)
        {
            _world.Sim.Trace.Record("restart", Index);
            Start();
            _world.MemberRestarted(this);
        }
    }

    /// <summary>A crash at the n-th write or sync from now, of any file.</summary>
    public void CrashAfter(int operations) => _disk.CutPowerAfter(operations);

    /// <summary>A crash at one of the next writes or syncs of any file, inside whatever the member does then.</summary>
    public void CrashSoon() => _disk.CutPowerAfter(_random.Between(1, 40));

    /// <summary>Puts a message on the wire in this member's name.</summary>
    public void Send(int to, SliceMessage message) => _world.SendFromMember(this, to, message);

    private void Tick(int life)
    {
        if (life != _life || _core is null)
        {
            return;
        }

        _liar?.Tick();
        Step(_core.Tick);
        if (_core is { NeedsCheckpoint: true })
        {
            StartCheckpoint();
        }

        _world.Sim.Scheduler.Schedule(TickEvery, () => Tick(life));
    }

    /// <summary>Runs the core and sends what follows; the power may fail anywhere in it.</summary>
    private void Step(Action work)
    {
        try
        {
            work();
        }
        catch (PowerCutException)
        {
            Crash();
            return;
        }

        while (_core is { } core && core.TryTake(out Outgoing outgoing))
        {
            if (_liar is null)
            {
                Send(outgoing.To, outgoing.Message);
            }
            else
            {
                _liar.Send(outgoing.To, outgoing.Message);
            }
        }

        StartSync();
    }

    private void StartSync()
    {
        if (_core is { NeedsSync: true } core && (!_isSyncing || _world.SyncsComplete == SyncOrder.Any))
        {
            bool isSecond = _isSyncing;
            _isSyncing = true;
            long upTo = core.Log.NextLsn;
            int life = _life;
            TimeSpan duration = _random.Between(_world.Faults.SyncMin, _world.Faults.SyncMax);
            _world.Sim.Scheduler.Schedule(isSecond ? duration / 4 : duration, () => EndSync(life, upTo, isReportOnly: isSecond));
        }
    }

    private void EndSync(int life, long upTo, bool isReportOnly)
    {
        if (life != _life || _core is not { } core)
        {
            return;
        }

        if (isReportOnly)
        {
            // The mutation: the report of a younger sync overtakes the older one, which is still at work.
            Step(() => core.Synced(upTo));
            return;
        }

        _isSyncing = false;
        if (_random.Percent(_world.Faults.CrashAtSyncPercent))
        {
            Crash();
            return;
        }

        Step(() =>
        {
            core.Log.Sync();
            if (_random.Percent(_world.Faults.CrashAtSyncPercent))
            {
                throw new PowerCutException();
            }

            core.Synced(core.Log.SyncedLsn);
        });
    }

    private void StartCheckpoint()
    {
        if (_isCheckpointing || _core is not { } core)
        {
            return;
        }

        _isCheckpointing = true;
        MemberCheckpoint checkpoint = core.PrepareCheckpoint();
        int life = _life;
        _world.Sim.Scheduler.Schedule(_random.Between(_world.Faults.SyncMin, _world.Faults.SyncMax), () =>
        {
            if (life != _life)
            {
                return;
            }

            _isCheckpointing = false;
            Step(() =>
            {
                checkpoint.Complete();
                core.Synced(core.Log.SyncedLsn);
            });
        });
    }

    private void WatchEntries(SliceMessage message)
    {
        if (message is WriteBatch batch)
        {
            foreach (WriteOperation operation in batch.Operations)
            {
                _disk.Watch(operation);
            }
        }
        else if (message is StateAnswer { Head: { } head })
        {
            _disk.Watch(head.Operation);
        }
    }
}
