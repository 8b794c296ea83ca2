namespace Sdk.Simulation.Scheduling;

/// <summary>
/// One thread and one heap, ordered by (time, insertion number): the whole simulated world is the order in which
/// this heap is emptied. Time stands still while a step runs and jumps to the next entry afterwards.
/// Whatever touches the simulation from another thread is remembered and ends the run.
/// </summary>
internal sealed class SimScheduler
{
    private readonly StepHeap _heap = new();
    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private readonly Trace _trace;
    private readonly SimSynchronizationContext _context;
    private long _inserted;
    private volatile string? _escape;

    public SimScheduler(Trace trace)
    {
        _trace = trace;
        _context = new SimSynchronizationContext(this);
    }

    /// <summary>Simulated time since the start of the run.</summary>
    public TimeSpan Now => TimeSpan.FromTicks(_trace.NowTicks);

    public long EventsRun { get; private set; }

    /// <summary>A run longer than this is a live lock, not a scenario.</summary>
    public long EventsMax { get; set; } = 50_000_000;

    public bool IsIdle => _heap.Count == 0;

    public void Schedule(TimeSpan delay, Action step) => Schedule(delay, static state => ((Action)state!)(), step);

    public void Schedule(TimeSpan delay, SendOrPostCallback step, object? state)
    {
        AssertOnSimulationThread("schedule a step");
        long ticks = Math.Max(delay.Ticks, 0);
        _heap.Push(new Step(checked(_trace.NowTicks + ticks), _inserted++, step, state));
    }

    /// <summary>Runs steps until <paramref name="done"/> holds, time <paramref name="limit"/> has passed, or nothing is left to do.</summary>
    /// <returns>True if <paramref name="done"/> holds.</returns>
    public bool RunUntil(Func<bool> done, TimeSpan limit)
    {
        AssertOnSimulationThread("run");
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            long endTicks = checked(_trace.NowTicks + limit.Ticks);
            while (!done())
            {
                if (!TryRunNext(endTicks))
                {
                    return done();
                }
            }

            return true;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    public void RunFor(TimeSpan duration)
    {
        long endTicks = _trace.NowTicks + duration.Ticks;
        RunUntil(static () => false, duration);
        _trace.NowTicks = endTicks;
    }

    /// <summary>Lets go of what is still to be done, and so of the world that it would have been done in.</summary>
    public void Clear() => _heap.Clear();

    /// <summary>Runs an asynchronous piece of the world to its end.</summary>
    /// <exception cref="SimulationEscapeException">Work left the simulation thread, or waits for something that nobody will do.</exception>
    public void RunToEnd(Func<Task> root, TimeSpan limit)
    {
        // The last await stands here, under the simulation's context: only a Post to the simulation sets `finished`.
        bool finished = false;
        async Task RunRootAsync()
        {
            try
            {
                await root();
            }
            finally
            {
                finished = true;
            }
        }

        Task? running = null;
        Schedule(TimeSpan.Zero, () => running = RunRootAsync());
        if (!RunUntil(() => finished, limit))
        {
            throw new SimulationEscapeException(
                _escape ?? "The simulation came to a standstill before its root task ended: a continuation left for the thread pool, or waits for ever.");
        }

        running!.GetAwaiter().GetResult();
    }

    /// <summary>Called by everything that belongs to the simulated world.</summary>
    /// <exception cref="SimulationEscapeException">The caller runs on another thread.</exception>
    public void AssertOnSimulationThread(string what)
    {
        if (!IsOnSimulationThread(what) || _escape is not null)
        {
            throw new SimulationEscapeException(_escape!);
        }
    }

    /// <summary>
    /// Like <see cref="AssertOnSimulationThread"/> where nothing may be thrown. The note that it leaves ends the run at its
    /// next step; it is also what counts when an exception vanishes in a task that nobody awaits.
    /// </summary>
    internal bool IsOnSimulationThread(string what)
    {
        if (Environment.CurrentManagedThreadId == _threadId)
        {
            return true;
        }

        _escape = $"Code outside the simulation thread tried to {what}: look for ConfigureAwait(false), Task.Run or RunContinuationsAsynchronously.";
        return false;
    }

    private bool TryRunNext(long endTicks)
    {
        AssertOnSimulationThread("run a step");
        if (_heap.Count == 0 || _heap.NextTicks > endTicks)
        {
            return false;
        }

        if (++EventsRun > EventsMax)
        {
            throw new InvalidOperationException($"More than {EventsMax} events: a live lock.");
        }

        Step step = _heap.Pop();
        _trace.NowTicks = step.TimeTicks;
        _trace.Record("step", step.Number);
        step.Run(step.State);
        return true;
    }
}
