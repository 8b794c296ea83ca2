using Sdk.Simulation.Payments;
using Xunit.Abstractions;

namespace Sdk.Simulation.Tests;

/// <summary>A quick slice of the payments scenario for every build; long runs, and those of 200 traders, are the command line's.</summary>
public sealed class PaymentsTests(ITestOutputHelper output)
{
    private const int QuickSeeds = 6;
    private const int MutationSeedsMax = 20;

    [Fact]
    public void Every_promise_of_accounting_holds_under_faults_crashes_and_cheats_and_each_seed_gives_one_trace()
    {
        var runner = new SimulationRunner(new PaymentsScenario());
        var results = new SeedResult[QuickSeeds];
        Parallel.For(0, QuickSeeds, i => results[i] = runner.RunSeed((ulong)i + 1));

        Assert.All(results, result => Assert.True(result.Passed, $"seed {result.Seed}: {result.Invariant} {result.Message}"));
        Assert.All(results, result => Assert.True(result.Events >= 2 * 20_000 && result.Operations >= 2 * 1_000, $"seed {result.Seed} did too little"));
        Assert.Equal(QuickSeeds, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Theory]
    [InlineData("no-journal", "P4", "P5")]
    [InlineData("ack-before-sync", "P5", "P5")]
    [InlineData("no-solvency-check", "P8", "P8")]
    [InlineData("no-shadow-balance", "P4", "P1")]
    [InlineData("no-exposure", "P1", "P1")]
    [InlineData("trust-invoices", "P4", "P1")]
    [InlineData("take-replays", "P4", "P1")]
    [InlineData("no-reservations", "P1", "P1")]
    [InlineData("pay-unlimited", "P1", "P1")]
    public void A_mutation_is_caught_by_an_invariant_that_it_breaks(string mutation, string invariant, string orInvariant)
    {
        var runner = new SimulationRunner(new PaymentsScenario(), mutation: mutation, isOnce: true);
        for (ulong seed = 1; seed <= MutationSeedsMax; seed++)
        {
            SeedResult result = runner.RunSeed(seed);
            if (!result.Passed)
            {
                output.WriteLine($"{mutation}: seed {seed}: {result.Invariant} {result.Message}");
                Assert.Contains(result.Invariant, new[] { invariant, orInvariant });
                return;
            }
        }

        Assert.Fail($"{MutationSeedsMax} seeds did not betray {mutation}.");
    }
}
