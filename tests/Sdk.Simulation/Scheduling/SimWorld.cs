namespace Sdk.Simulation.Scheduling;

/// <summary>Everything that one run of one seed consists of; scenarios build their nodes in it.</summary>
internal sealed class SimWorld
{
    public SimWorld(ulong seed, int? nodes = null, string? mutation = null, TextWriter? verbose = null)
    {
        Seed = seed;
        Nodes = nodes;
        Mutation = mutation;
        Trace = new Trace(verbose);
        Scheduler = new SimScheduler(Trace);
        Time = new SimTimeProvider(Scheduler);
    }

    public ulong Seed { get; }

    /// <summary>The number of nodes that the caller asked for; null leaves it to the seed.</summary>
    public int? Nodes { get; }

    /// <summary>The deliberate bug that is switched on, or null for the code as it ships.</summary>
    public string? Mutation { get; }

    public Trace Trace { get; }

    public SimScheduler Scheduler { get; }

    public SimTimeProvider Time { get; }

    /// <summary>Client operations that ended, for the summary.</summary>
    public long Operations { get; set; }

    /// <summary>What was measured, a line each, in simulated units only; printed once the seed has run.</summary>
    public List<string> Figures { get; } = [];

    public SimRandom Random(string purpose) => SimRandom.Fork(Seed, purpose);
}
