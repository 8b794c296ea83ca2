using Sdk.Simulation.LaneA;
using Sdk.Simulation.LaneA.Directed;
using Xunit.Abstractions;

namespace Sdk.Simulation.Tests;

/// <summary>A quick slice of lane A for every build; long runs are the command line's.</summary>
public sealed class LaneATests(ITestOutputHelper output)
{
    private const int QuickSeeds = 20;

    /// <summary>A mutation that no seed up to here betrays would mean a blind checker.</summary>
    private const int MutationSeedsMax = 200;

    [Fact]
    public void Every_promise_of_lane_A_holds_under_faults_and_liars_and_each_seed_gives_one_trace()
    {
        var runner = new SimulationRunner(new LaneAScenario());
        var results = new SeedResult[QuickSeeds];
        Parallel.For(0, QuickSeeds, i => results[i] = runner.RunSeed((ulong)i + 1));

        Assert.All(results, result => Assert.True(result.Passed, $"seed {result.Seed}: {result.Message}"));
        Assert.All(results, result => Assert.True(result.Events >= 2 * 20_000 && result.Operations >= 2 * 200, $"seed {result.Seed} did too little"));
        Assert.Equal(QuickSeeds, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Theory]
    [InlineData(LaneAMutationNames.SimpleMajority, "I2")]
    [InlineData(LaneAMutationNames.AckBeforeSync, "I9")]
    [InlineData(LaneAMutationNames.SyncOrder, "I9")]
    [InlineData(LaneAMutationNames.NoFence, "I6")]
    public void A_mutation_is_caught_by_the_invariant_that_it_breaks(string mutation, string invariant)
    {
        SeedResult caught = FirstViolation(new LaneAScenario(), mutation);
        Assert.Equal(invariant, caught.Invariant);
    }

    [Fact]
    public void Without_fences_a_late_write_is_certified_and_lost_and_with_them_it_is_refused() =>
        AssertOnlyTheMutationLoses(new LateWriteScenario(), LaneAMutationNames.NoFence);

    [Fact]
    public void Counting_the_holders_of_an_adopted_head_loses_it_and_an_entry_on_top_keeps_it() =>
        AssertOnlyTheMutationLoses(new OldHeadScenario(), LaneAMutationNames.CountAdopted);

    private void AssertOnlyTheMutationLoses(Scenario scenario, string mutation)
    {
        SeedResult caught = FirstViolation(scenario, mutation);
        Assert.Equal("I2", caught.Invariant);

        // The same delays, and as many seeds, without the bug.
        var sound = new SimulationRunner(scenario);
        for (ulong seed = 1; seed <= caught.Seed; seed++)
        {
            SeedResult result = sound.RunSeed(seed);
            Assert.True(result.Passed, $"seed {seed}: {result.Message}");
        }
    }

    private SeedResult FirstViolation(Scenario scenario, string mutation)
    {
        var runner = new SimulationRunner(scenario, mutation: mutation);
        for (ulong seed = 1; seed <= MutationSeedsMax; seed++)
        {
            SeedResult result = runner.RunSeed(seed);
            if (!result.Passed)
            {
                output.WriteLine($"{mutation}: seed {seed}: {result.Message}");
                return result;
            }
        }

        throw new InvalidOperationException($"{MutationSeedsMax} seeds did not betray {mutation}.");
    }
}
