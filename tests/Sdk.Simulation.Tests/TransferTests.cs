using Sdk.Simulation.Transfer;
using Xunit.Abstractions;

namespace Sdk.Simulation.Tests;

/// <summary>The scenario <c>transfer</c> with few seeds, and that each of its mutations is noticed.</summary>
public sealed class TransferTests(ITestOutputHelper output)
{
    private const int QuickSeeds = 150;
    private const int MutationSeedsMax = 2500;

    [Fact]
    public void Nobody_honest_loses_in_a_transfer_wherever_a_side_stops_and_each_seed_gives_one_trace()
    {
        var runner = new SimulationRunner(new TransferScenario());
        var results = new SeedResult[QuickSeeds];
        Parallel.For(0, QuickSeeds, i => results[i] = runner.RunSeed((ulong)i + 1));

        Assert.All(results, result => Assert.True(result.Passed, $"seed {result.Seed}: {result.Invariant} {result.Message}"));
        Assert.Equal(QuickSeeds, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Theory]
    [InlineData("no-timing-check", "T7")]
    [InlineData("no-finality", "T5")]
    [InlineData("late-claim", "T7")]
    [InlineData("lock-before-persist", "T6")]
    [InlineData("no-resubmit", "T8", "T1", "T2")]
    [InlineData("no-help", "T1", "T2", "T8")]
    [InlineData("no-terms-check", "T1")]
    [InlineData("take-both", "T9")]
    [InlineData("late-lock", "T5")]
    [InlineData("no-clock-check", "T7", "T1")]
    public void A_mutation_is_caught_by_an_invariant_that_it_breaks(string mutation, params string[] invariants)
    {
        var runner = new SimulationRunner(new TransferScenario(), mutation: mutation);
        for (ulong seed = 1; seed <= MutationSeedsMax; seed++)
        {
            SeedResult result = runner.RunSeed(seed);
            if (!result.Passed)
            {
                output.WriteLine($"{mutation}: seed {seed}: {result.Message}");
                Assert.Contains(result.Invariant, invariants);
                return;
            }
        }

        Assert.Fail($"{MutationSeedsMax} seeds did not betray {mutation}.");
    }
}
