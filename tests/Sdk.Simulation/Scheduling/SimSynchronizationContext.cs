namespace Sdk.Simulation.Scheduling;

/// <summary>Turns the continuation of every <c>await</c> into a step of the simulation.</summary>
internal sealed class SimSynchronizationContext(SimScheduler scheduler) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state)
    {
        // An exception from Post on a pool thread would end the process; dropping the continuation ends the run.
        if (scheduler.IsOnSimulationThread("continue an await"))
        {
            scheduler.Schedule(TimeSpan.Zero, d, state);
        }
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        scheduler.AssertOnSimulationThread("send to the simulation");
        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}
