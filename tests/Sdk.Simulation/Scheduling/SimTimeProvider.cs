namespace Sdk.Simulation.Scheduling;

/// <summary>
/// The clock of one simulated node. Hand it to every Delay, WaitAsync, CancellationTokenSource and PeriodicTimer.
/// <paramref name="skew"/> moves its wall clock only; timers and timestamps follow simulated time.
/// </summary>
internal sealed class SimTimeProvider(SimScheduler scheduler, TimeSpan skew = default) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Epoch + scheduler.Now + skew;

    public override long GetTimestamp() => scheduler.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(scheduler, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimScheduler scheduler, TimerCallback callback, object? state) : ITimer
    {
        // A step cannot be taken out of the heap: one of an older setting finds another generation and does nothing.
        private int _generation;
        private TimeSpan _period;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed)
            {
                return false;
            }

            _generation++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Arm(dueTime);
            }

            return true;
        }

        public void Dispose() => _disposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan delay)
        {
            int generation = _generation;
            scheduler.Schedule(delay, () => Fire(generation));
        }

        private void Fire(int generation)
        {
            if (_disposed || generation != _generation)
            {
                return;
            }

            if (_period > TimeSpan.Zero)
            {
                Arm(_period);
            }

            callback(state);
        }
    }
}
