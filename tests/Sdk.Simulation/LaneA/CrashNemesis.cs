using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.LaneA;

/// <summary>Cuts the power of random members inside their next writes and syncs, sometimes of all at once, until told to stop.</summary>
internal sealed class CrashNemesis(LaneAWorld lane)
{
    private readonly SimRandom _random = lane.Sim.Random("crashes");
    private bool _stopped;

    public void Start()
    {
        if (lane.Faults.CrashEvery > TimeSpan.Zero)
        {
            lane.Sim.Scheduler.Schedule(_random.Between(TimeSpan.Zero, lane.Faults.CrashEvery * 2), Strike);
        }
    }

    public void Stop() => _stopped = true;

    private void Strike()
    {
        if (_stopped)
        {
            return;
        }

        if (_random.Percent(lane.Faults.CrashAllPercent))
        {
            foreach (SimMember member in lane.Members)
            {
                member.Crash();
            }
        }
        else
        {
            _random.Pick(lane.Members).CrashSoon();
        }

        Start();
    }
}
