using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.LaneA;

/// <summary>How badly one seed treats the group. A quarter of the seeds are calm in each respect, so that faults are also met alone.</summary>
internal sealed record LaneAFaults
{
    public NetworkFaults Network { get; init; } = NetworkFaults.None;

    /// <summary>Chance of a power cut right before a sync takes effect, and again right after it.</summary>
    public int CrashAtSyncPercent { get; init; }

    /// <summary>Mean time between power cuts inside the next writes and syncs of some member; zero for none.</summary>
    public TimeSpan CrashEvery { get; init; }

    /// <summary>Chance that such a power cut hits all members at once.</summary>
    public int CrashAllPercent { get; init; }

    public TimeSpan DownTimeMin { get; init; } = TimeSpan.FromMilliseconds(5);

    public TimeSpan DownTimeMax { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan SyncMin { get; init; } = TimeSpan.FromMicroseconds(200);

    public TimeSpan SyncMax { get; init; } = TimeSpan.FromMilliseconds(5);

    public bool HasPartitions { get; init; }

    /// <summary>Chance that a client vanishes after an operation, with all its writes under way.</summary>
    public int ClientCrashPercent { get; init; }

    /// <summary>After the faults end: a network that only delays, and no crashes. Liars go on lying.</summary>
    public LaneAFaults Healed() => this with { Network = NetworkFaults.None, CrashAtSyncPercent = 0, CrashEvery = TimeSpan.Zero, HasPartitions = false };

    public static LaneAFaults Draw(SimRandom random) => new()
    {
        Network = NetworkFaults.Draw(random),
        CrashAtSyncPercent = random.Percent(25) ? 0 : random.Between(0, 2),
        CrashEvery = random.Percent(25) ? TimeSpan.Zero : TimeSpan.FromMilliseconds(random.Between(200, 5000)),
        CrashAllPercent = random.Percent(50) ? 0 : 10,
        SyncMax = TimeSpan.FromMicroseconds(random.Between(300, 20_000)),
        HasPartitions = !random.Percent(25),
        ClientCrashPercent = random.Between(0, 2),
    };
}
