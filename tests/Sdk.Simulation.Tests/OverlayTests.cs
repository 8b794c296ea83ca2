using Sdk.Simulation.Overlay;
using Xunit.Abstractions;

namespace Sdk.Simulation.Tests;

/// <summary>A quick slice of the overlay scenario for every build; 10 000 nodes are the command line's.</summary>
public sealed class OverlayTests(ITestOutputHelper output)
{
    private const int QuickSeeds = 2;
    private const int MutationSeedsMax = 5;

    [Fact]
    public void Every_promise_of_the_overlay_holds_and_each_seed_gives_one_trace()
    {
        var runner = new SimulationRunner(new OverlayScenario());
        var results = new SeedResult[QuickSeeds];
        Parallel.For(0, QuickSeeds, i => results[i] = runner.RunSeed((ulong)i + 1));

        Assert.All(results, result => Assert.True(result.Passed, $"seed {result.Seed}: {result.Invariant} {result.Message}"));
        Assert.All(results, result => Assert.True(result.Operations >= 2 * 1_500, $"seed {result.Seed} did too little"));
        Assert.Equal(QuickSeeds, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Theory]
    [InlineData(OverlayScenario.NoVerification, "O7")]
    [InlineData(OverlayScenario.NoLiveness, "O4")]
    [InlineData(OverlayScenario.NoUpkeep, "O1")]
    public void A_mutation_is_caught_by_the_invariant_that_it_breaks(string mutation, string invariant)
    {
        var runner = new SimulationRunner(new OverlayScenario(), mutation: mutation);
        for (ulong seed = 1; seed <= MutationSeedsMax; seed++)
        {
            SeedResult result = runner.RunSeed(seed);
            if (!result.Passed)
            {
                output.WriteLine($"{mutation}: seed {seed}: {result.Message}");
                Assert.Equal(invariant, result.Invariant);
                return;
            }
        }

        Assert.Fail($"{MutationSeedsMax} seeds did not betray {mutation}.");
    }
}
