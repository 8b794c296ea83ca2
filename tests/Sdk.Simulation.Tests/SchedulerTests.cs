using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Tests;

public sealed class SchedulerTests
{
    private readonly SimWorld _world = new(seed: 1);

    private SimScheduler Scheduler => _world.Scheduler;

    [Fact]
    public void Steps_run_by_time_and_then_in_the_order_of_insertion()
    {
        var order = new List<string>();
        Scheduler.Schedule(TimeSpan.FromMilliseconds(2), () => order.Add("late"));
        Scheduler.Schedule(TimeSpan.FromMilliseconds(1), () => order.Add("first of two"));
        Scheduler.Schedule(TimeSpan.FromMilliseconds(1), () => order.Add("second of two"));
        Scheduler.Schedule(TimeSpan.Zero, () => order.Add("now"));

        Scheduler.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(["now", "first of two", "second of two", "late"], order);
        Assert.Equal(TimeSpan.FromSeconds(1), Scheduler.Now);
    }

    [Fact]
    public void Delays_timeouts_and_periodic_timers_follow_simulated_time()
    {
        var ticks = new List<TimeSpan>();
        Scheduler.RunToEnd(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromHours(1), _world.Time);
            for (int i = 0; i < 3; i++)
            {
                await timer.WaitForNextTickAsync();
                ticks.Add(Scheduler.Now);
            }

            using var cancellation = new CancellationTokenSource(TimeSpan.FromDays(1), _world.Time);
            await Assert.ThrowsAsync<TaskCanceledException>(() => Task.Delay(Timeout.InfiniteTimeSpan, _world.Time, cancellation.Token));
            await Assert.ThrowsAsync<TimeoutException>(() => new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromDays(1), _world.Time));
        }, TimeSpan.FromDays(7));

        Assert.Equal([TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3)], ticks);
        Assert.Equal(TimeSpan.FromHours(3) + TimeSpan.FromDays(2), Scheduler.Now);
        Assert.Equal(Scheduler.Now, _world.Time.GetElapsedTime(0));
    }

    [Fact]
    public void A_timer_that_was_changed_or_disposed_does_not_fire_for_its_older_setting()
    {
        int fired = 0;
        using ITimer timer = _world.Time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        Scheduler.RunFor(TimeSpan.FromSeconds(4));
        Assert.Equal(0, fired);
        Scheduler.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(1, fired);

        timer.Change(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        timer.Dispose();
        Scheduler.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(1, fired);
    }

    [Fact]
    public void A_skewed_wall_clock_leaves_timers_and_timestamps_alone()
    {
        var skewed = new SimTimeProvider(Scheduler, skew: TimeSpan.FromHours(-1));
        Assert.Equal(TimeSpan.FromHours(1), _world.Time.GetUtcNow() - skewed.GetUtcNow());
        Assert.Equal(_world.Time.GetTimestamp(), skewed.GetTimestamp());
    }

    [Fact]
    public void Continuations_stay_on_the_simulation_thread()
    {
        int thread = Environment.CurrentManagedThreadId;
        Scheduler.RunToEnd(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _world.Time);
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
            await Task.Yield();
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
        }, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void ConfigureAwait_false_that_escapes_to_the_pool_is_caught() =>
        Assert.Throws<SimulationEscapeException>(() => Scheduler.RunToEnd(
            async () => await Task.Delay(TimeSpan.FromSeconds(1), _world.Time).ConfigureAwait(false), TimeSpan.FromMinutes(1)));

    [Fact]
    public void Task_Run_is_caught() =>
        Assert.Throws<SimulationEscapeException>(() => Scheduler.RunToEnd(() => Task.Run(() => { }), TimeSpan.FromMinutes(1)));

    [Fact]
    public void A_completion_source_that_continues_on_the_pool_is_caught() =>
        Assert.Throws<SimulationEscapeException>(() => Scheduler.RunToEnd(async () =>
        {
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Scheduler.Schedule(TimeSpan.FromSeconds(1), source.SetResult);
            await Task.WhenAny(source.Task, Task.Delay(TimeSpan.FromHours(1), _world.Time));
        }, TimeSpan.FromMinutes(1)));

    [Fact]
    public void A_foreign_thread_that_touches_the_simulation_ends_the_run_even_if_its_exception_is_swallowed()
    {
        var foreign = new Thread(() => Assert.Throws<SimulationEscapeException>(() => Scheduler.Schedule(TimeSpan.Zero, () => { })));
        foreign.Start();
        foreign.Join();

        Assert.Throws<SimulationEscapeException>(() => Scheduler.RunFor(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void An_exception_of_the_root_task_ends_the_run_as_itself() =>
        Assert.Throws<InvariantViolationException>(() => Scheduler.RunToEnd(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _world.Time);
            throw new InvariantViolationException("I0", "broken");
        }, TimeSpan.FromMinutes(1)));
}
