using Sdk.Simulation.Overlay;
using Xunit.Abstractions;

namespace Sdk.Simulation.Tests;

/// <summary>A quick slice of the light overlay for every build; 100 000 nodes are the command line's.</summary>
public sealed class OverlayLightTests(ITestOutputHelper output)
{
    private const int QuickSeeds = 3;

    [Fact]
    public void Lookups_find_the_nearest_among_the_dead_and_liars_and_each_seed_gives_one_trace()
    {
        var runner = new SimulationRunner(new OverlayLightScenario());
        var results = new SeedResult[QuickSeeds];
        Parallel.For(0, QuickSeeds, i => results[i] = runner.RunSeed((ulong)i + 1));

        Assert.All(results, result => Assert.True(result.Passed, $"seed {result.Seed}: {result.Invariant} {result.Message}"));
        Assert.All(results, result => Assert.Equal(2 * 5 * 500, result.Operations));
        Assert.Equal(QuickSeeds, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Theory]
    [InlineData(OverlayLightScenario.OnePath, "O3")]
    [InlineData(OverlayLightScenario.NoVerification, "O7")]
    public void A_mutation_is_caught_by_the_invariant_that_it_breaks(string mutation, string invariant)
    {
        SeedResult result = new SimulationRunner(new OverlayLightScenario(), mutation: mutation).RunSeed(1);
        output.WriteLine($"{mutation}: {result.Message}");
        Assert.Equal(invariant, result.Invariant);
    }
}
