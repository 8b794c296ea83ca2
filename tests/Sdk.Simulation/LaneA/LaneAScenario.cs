using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>
/// A copy group under every fault of the table while two devices of one owner race for its slices: first with faults, then
/// healed, until enough was done; then one last session reads everything back.
/// </summary>
internal sealed class LaneAScenario : Scenario
{
    private const int OperationsMin = 200;
    private const long EventsMin = 20_000;
    private static readonly TimeSpan FaultsMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan HealedMax = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan ReadBackMax = TimeSpan.FromSeconds(60);

    public override string Name => "lane-a";

    public override string Description => "a copy group with liars, crashes and a bad network; two devices of one owner race for its slices";

    public override IReadOnlyList<string> Mutations => LaneAMutationNames.All;

    public override (int Min, int Max) NodeRange => (Quorum.MinMembers, 10);

    public override void Run(SimWorld world)
    {
        SimRandom random = world.Random("shape");
        int members = world.Nodes ?? random.Between(4, 7);
        var lane = new LaneAWorld(
            world, members, liars: random.Between(0, Quorum.MaxFaulty(members)), slices: (uint)random.Between(1, 4),
            LaneAFaults.Draw(world.Random("faults")), LaneAMutationNames.CoreFlags(world.Mutation))
        {
            SyncsComplete = world.Mutation == LaneAMutationNames.SyncOrder ? SyncOrder.Any : SyncOrder.InOrder,
            LogCapacityBytes = 1 << random.Between(20, 22),
        };
        RunWithFaults(lane, random);
        RunHealed(lane);
        ReadBack(lane);
    }

    private static void RunWithFaults(LaneAWorld lane, SimRandom random)
    {
        SimScheduler scheduler = lane.Sim.Scheduler;
        foreach (SimMember member in lane.Members)
        {
            member.Start();
        }

        foreach (SimClient client in lane.Devices)
        {
            scheduler.Schedule(random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), client.OpenSession);
        }

        var partitions = new PartitionNemesis<SliceMessage>(lane.Sim, lane.Network, calmMax: TimeSpan.FromSeconds(3), cutMax: TimeSpan.FromSeconds(3));
        if (lane.Faults.HasPartitions)
        {
            partitions.Start();
        }

        var crashes = new CrashNemesis(lane);
        crashes.Start();
        scheduler.RunUntil(() => lane.Sim.Operations >= OperationsMin * 3 / 4 && scheduler.EventsRun >= EventsMin * 3 / 4, FaultsMax);
        partitions.Stop();
        crashes.Stop();
        lane.Sim.Trace.Record("heal", lane.Sim.Operations);
        lane.Heal();
    }

    private static void RunHealed(LaneAWorld lane)
    {
        SimScheduler scheduler = lane.Sim.Scheduler;
        bool progressed = scheduler.RunUntil(() => lane.Sim.Operations >= OperationsMin && scheduler.EventsRun >= EventsMin, HealedMax);
        Require(progressed, lane, $"only {lane.Sim.Operations} operations ended within {HealedMax} after the faults did");
    }

    private static void ReadBack(LaneAWorld lane)
    {
        foreach (SimClient client in lane.Devices)
        {
            client.Abandon();
            client.IsWorking = false;
        }

        SimClient reader = lane.Devices[0];
        bool isReading = false;
        int failedBefore = reader.FailedReads;
        reader.Opened = () =>
        {
            isReading = true;
            reader.ReadEverything();
        };
        reader.IsReading = true;
        reader.OpenSession();
        bool ended = lane.Sim.Scheduler.RunUntil(() => isReading && reader.IsQuiet, ReadBackMax);
        Require(ended && reader.FailedReads == failedBefore, lane, $"the last session did not read everything back within {ReadBackMax}");
    }

    private static void Require(bool holds, LaneAWorld lane, string message)
    {
        if (!holds)
        {
            throw new InvariantViolationException("I12", $"{message} ({lane.Group.Members} members, {lane.Members.Count(member => member.IsLiar)} liars)");
        }
    }
}
