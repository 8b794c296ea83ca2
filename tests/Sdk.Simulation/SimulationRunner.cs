using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation;

/// <summary>
/// What one seed did: the broken promise and what went wrong (null when all held), and what both runs together did.
/// </summary>
internal sealed record SeedResult(ulong Seed, string? Invariant, string? Message, long Events, long Operations, ulong TraceHash)
{
    /// <summary>What the first run measured.</summary>
    public IReadOnlyList<string> Figures { get; init; } = [];

    public bool Passed => Invariant is null;
}

/// <summary>
/// Runs every seed twice, each time in a fresh world, and compares the traces: a run that does not follow from its
/// seed cannot be replayed, so it counts as a violation like any other. Only runs too large for that are done once.
/// </summary>
internal sealed class SimulationRunner(Scenario scenario, int? nodes = null, string? mutation = null, bool isOnce = false)
{
    /// <summary>The name under which a difference between two runs of a seed is reported.</summary>
    public const string Determinism = "determinism";

    /// <summary>The name under which an exception that no checker threw is reported.</summary>
    public const string Unexpected = "unexpected exception";

    public SeedResult RunSeed(ulong seed, TextWriter? verbose = null)
    {
        (SimWorld world, Exception? failure) = RunOnce(seed, verbose);
        (SimWorld again, Exception? failureAgain) = isOnce ? (world, failure) : RunOnce(seed, null);
        int runs = isOnce ? 1 : 2;
        long events = (world.Scheduler.EventsRun + again.Scheduler.EventsRun) / 2 * runs;
        long operations = (world.Operations + again.Operations) / 2 * runs;
        SeedResult Result(string? invariant, string? message) => new(seed, invariant, message, events, operations, world.Trace.Hash) { Figures = world.Figures };

        if ((failure as SimulationEscapeException ?? failureAgain as SimulationEscapeException) is { } escape)
        {
            return Result(Determinism, escape.Message);
        }

        if (Trace.FirstDifference(world.Trace, again.Trace) is { } place)
        {
            return Result(Determinism, $"two runs differ at record {place} of {world.Trace.Count} and {again.Trace.Count}"
                + $"; the first ended with: {failure?.Message ?? "no violation"}; the second with: {failureAgain?.Message ?? "no violation"}");
        }

        return failure switch
        {
            null => Result(null, null),
            InvariantViolationException violation => Result(violation.Invariant, violation.Message),
            _ => Result(Unexpected, failure.ToString()),
        };
    }

    private (SimWorld World, Exception? Failure) RunOnce(ulong seed, TextWriter? verbose)
    {
        var world = new SimWorld(seed, nodes, mutation, verbose);
        try
        {
            scenario.Run(world);
            return (world, null);
        }
#pragma warning disable CA1031 // Whatever a run throws is its result; the caller reports it with the seed.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return (world, failure);
        }
        finally
        {
            world.Scheduler.Clear();
        }
    }
}
