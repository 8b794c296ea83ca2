using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Network;

/// <summary>How badly the network treats each message. The limits are those of the fault table: what is promised holds up to them.</summary>
internal sealed record NetworkFaults
{
    public const int LossPercentMax = 30;
    public const int DuplicationPercentMax = 50;

    public static NetworkFaults None { get; } = new();

    /// <summary>Messages that never arrive, 0 to <see cref="LossPercentMax"/>.</summary>
    public int LossPercent { get; init; }

    /// <summary>Messages that arrive twice, 0 to <see cref="DuplicationPercentMax"/>; a second copy may again be doubled.</summary>
    public int DuplicationPercent { get; init; }

    /// <summary>Messages that take <see cref="StragglerDelay"/> on top and are overtaken by many others.</summary>
    public int StragglerPercent { get; init; }

    public TimeSpan DelayMin { get; init; } = TimeSpan.FromMicroseconds(100);

    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMilliseconds(1);

    public TimeSpan StragglerDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>True keeps the order of each link, as a stream does; otherwise unequal delays reorder.</summary>
    public bool Fifo { get; init; }

    /// <summary>What one seed gets: a quarter of the seeds are calm in each respect.</summary>
    public static NetworkFaults Draw(SimRandom random) => new()
    {
        LossPercent = random.Percent(25) ? 0 : random.Between(1, LossPercentMax),
        DuplicationPercent = random.Percent(25) ? 0 : random.Between(1, DuplicationPercentMax),
        StragglerPercent = random.Percent(25) ? 0 : random.Between(1, 10),
        DelayMax = TimeSpan.FromMicroseconds(random.Between(200, 20_000)),
        StragglerDelay = TimeSpan.FromMilliseconds(random.Between(10, 500)),
    };
}
