using Sdk.Simulation.Gossip;
using Xunit.Abstractions;

namespace Sdk.Simulation.Tests;

/// <summary>A quick slice of the gossip scenario for every build; long runs are the command line's.</summary>
public sealed class GossipTests(ITestOutputHelper output)
{
    private const int QuickSeeds = 20;
    private const int MutationSeedsMax = 50;

    [Fact]
    public void Every_promise_of_gossipsub_holds_under_faults_and_a_spammer_and_each_seed_gives_one_trace()
    {
        var runner = new SimulationRunner(new GossipScenario());
        var results = new SeedResult[QuickSeeds];
        Parallel.For(0, QuickSeeds, i => results[i] = runner.RunSeed((ulong)i + 1));

        Assert.All(results, result => Assert.True(result.Passed, $"seed {result.Seed}: {result.Invariant} {result.Message}"));
        Assert.All(results, result => Assert.True(result.Events >= 2 * 5_000 && result.Operations >= 2 * 40, $"seed {result.Seed} did too little"));
        Assert.Equal(QuickSeeds, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Theory]
    [InlineData(GossipScenario.NoSeenCache, "G2")]
    [InlineData(GossipScenario.NoGossip, "G1")]
    [InlineData(GossipScenario.NoBackoff, "G5")]
    [InlineData(GossipScenario.NoVerification, "G3")]
    [InlineData(GossipScenario.NoQueueLimit, "G4")]
    public void A_mutation_is_caught_by_the_invariant_that_it_breaks(string mutation, string invariant)
    {
        var runner = new SimulationRunner(new GossipScenario(), mutation: mutation);
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
