using Sdk.Simulation.Echo;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Tests;

public sealed class RunnerTests
{
    [Fact]
    public void A_seed_gives_the_same_trace_every_time_and_other_seeds_give_others()
    {
        var runner = new SimulationRunner(new EchoScenario());
        SeedResult[] results = [.. Enumerable.Range(0, 10).Select(seed => runner.RunSeed((ulong)seed))];
        Assert.All(results, result => Assert.Null(result.Message));
        Assert.Equal(results.Select(result => result.TraceHash), Enumerable.Range(0, 10).Select(seed => runner.RunSeed((ulong)seed).TraceHash));
        Assert.Equal(10, results.Select(result => result.TraceHash).Distinct().Count());
    }

    [Fact]
    public void A_run_that_does_not_follow_from_its_seed_is_reported_with_the_place_where_it_parted()
    {
        SeedResult result = new SimulationRunner(new CoinScenario()).RunSeed(1);
        Assert.Equal(SimulationRunner.Determinism, result.Invariant);
        Assert.Contains("record 2 ", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_violation_prints_the_invariant_the_seed_and_the_command_that_replays_it()
    {
        (int exitCode, string output) = Run("--scenario", "echo", "--mutation", "wrong-answer", "--seed", "5", "--seeds", "2", "--nodes", "3");
        Assert.Equal(1, exitCode);
        Assert.Contains("VIOLATION of E1 at seed 5", output, StringComparison.Ordinal);
        Assert.Contains("--scenario echo --seed 6 --nodes 3 --mutation wrong-answer --verbose", output, StringComparison.Ordinal);
        Assert.StartsWith("echo: 2 seeds, each run twice, 2 violated, ", output.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_without_a_violation_end_with_a_summary_and_exit_code_0()
    {
        (int exitCode, string output) = Run("--scenario", "echo", "--seeds", "3");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("echo: 3 seeds, each run twice, 0 violated, ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--scenario", "nothing")]
    [InlineData("--scenario", "echo", "--nodes", "1")]
    [InlineData("--scenario", "echo", "--seeds", "0")]
    [InlineData("--scenario", "echo", "--mutation", "nothing")]
    [InlineData("--scenario", "echo", "--seeds", "2", "--verbose")]
    public void A_request_that_makes_no_sense_is_refused_in_one_line(params string[] arguments)
    {
        (int exitCode, string output) = Run(arguments);
        Assert.Equal(1, exitCode);
        Assert.Single(output.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Every_scenario_is_listed_with_its_mutations()
    {
        (int exitCode, string output) = Run("--list");
        Assert.Equal(0, exitCode);
        Assert.All(ScenarioRegistry.All, scenario => Assert.Contains(scenario.Name + ":", output, StringComparison.Ordinal));
        Assert.Contains("--mutation wrong-answer", output, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        int exitCode = SimulationCommand.Create(output, TimeProvider.System).Parse(arguments).Invoke();
        return (exitCode, output.ToString());
    }

    /// <summary>Each run does something else: what a forgotten clock or a randomised signature in the trace would do.</summary>
    private sealed class CoinScenario : Scenario
    {
        private int _runs;

        public override string Name => "coin";

        public override string Description => "not deterministic";

        public override void Run(SimWorld world)
        {
            world.Trace.Record("same");
            world.Trace.Record("same");
            world.Trace.Record("other", _runs++);
        }
    }
}
