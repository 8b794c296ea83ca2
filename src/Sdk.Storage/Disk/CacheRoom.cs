namespace Sdk.Storage.Disk;

/// <summary>
/// The bound of the write-back cache, in units of one sector. A writer reserves what it may need before it touches anything, and
/// waits in line while there is no room: that is the back-pressure on whoever writes faster than the groups certify.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class CacheRoom(int capacityUnits)
{
    private readonly Lock _gate = new();
    private readonly Queue<Waiter> _line = new();
    private Exception? _failure;
    private int _used;

    public int CapacityUnits => capacityUnits;

    /// <summary>The most that was ever in use.</summary>
    public int PeakUnits { get; private set; }

    public int UsedUnits
    {
        get
        {
            lock (_gate)
            {
                return _used;
            }
        }
    }

    public bool HasWaiters
    {
        get
        {
            lock (_gate)
            {
                return _line.Count > 0;
            }
        }
    }

    /// <summary>Reserves at once, if nobody is in line before and there is room.</summary>
    public bool TryReserve(int units)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(units, capacityUnits);
        lock (_gate)
        {
            ThrowIfFailed();
            return _line.Count == 0 && TryUse(units);
        }
    }

    /// <summary>Waits in line for room.</summary>
    public async ValueTask ReserveAsync(int units, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(units);
        lock (_gate)
        {
            ThrowIfFailed();
            _line.Enqueue(waiter);
            ServeLine();
        }

        CancellationTokenRegistration leaving = cancellationToken.UnsafeRegister(_ => Leave(waiter, cancellationToken), null);
        try
        {
            await waiter.Task.ConfigureAwait(false);
        }
        finally
        {
            await leaving.DisposeAsync().ConfigureAwait(false);
        }
    }

    public void Release(int units)
    {
        lock (_gate)
        {
            _used -= units;
            ServeLine();
        }
    }

    /// <summary>Everybody in line, and whoever comes later, gets <paramref name="failure"/>.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            while (_line.TryDequeue(out Waiter? waiter))
            {
                waiter.TrySetException(failure);
            }
        }
    }

    private void Leave(Waiter waiter, CancellationToken cancellationToken)
    {
        waiter.TrySetCanceled(cancellationToken);
        lock (_gate)
        {
            ServeLine();
        }
    }

    private void ServeLine()
    {
        while (_line.TryPeek(out Waiter? waiter))
        {
            if (!waiter.Task.IsCompleted)
            {
                if (!TryUse(waiter.Units))
                {
                    return;
                }

                if (!waiter.TrySetResult())
                {
                    _used -= waiter.Units;
                }
            }

            _line.Dequeue();
        }
    }

    private bool TryUse(int units)
    {
        if (_used > capacityUnits - units)
        {
            return false;
        }

        _used += units;
        PeakUnits = Math.Max(PeakUnits, _used);
        return true;
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw _failure;
        }
    }

    private sealed class Waiter(int units) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Units => units;
    }
}
