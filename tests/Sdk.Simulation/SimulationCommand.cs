using System.CommandLine;
using System.Globalization;

namespace Sdk.Simulation;

/// <summary>The command line: which scenario, which seeds, and what a violation prints.</summary>
internal static class SimulationCommand
{
    private const string HowToRun = "dotnet run --project tests/Sdk.Simulation --";

    public static RootCommand Create(TextWriter output, TimeProvider time)
    {
        Option<string> scenarioName = new("--scenario") { Description = "The scenario to run; --list shows them." };
        Option<ulong> firstSeed = new("--seed") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
        Option<int> seeds = new("--seeds") { Description = "How many seeds, one after the other.", DefaultValueFactory = _ => 1 };
        Option<int?> nodes = new("--nodes") { Description = "The number of nodes; left out, each seed draws it." };
        Option<string?> mutation = new("--mutation") { Description = "A deliberate bug to switch on; a checker should catch it." };
        Option<bool> verbose = new("--verbose") { Description = "Print the trace of one seed." };
        Option<bool> once = new("--once") { Description = "Run each seed once instead of twice: whether it can be replayed is not checked." };
        Option<bool> list = new("--list") { Description = "List scenarios and their mutations." };
        var root = new RootCommand("Runs whole networks on one thread with seeded time, network and disk, and checks what the system promises.")
        {
            scenarioName, firstSeed, seeds, nodes, mutation, verbose, once, list,
        };
        root.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
            {
                return List(output);
            }

            var request = new Request(
                parsed.GetValue(scenarioName), parsed.GetValue(firstSeed), parsed.GetValue(seeds), parsed.GetValue(nodes),
                parsed.GetValue(mutation), parsed.GetValue(verbose), parsed.GetValue(once));
            if (Refuse(request) is { } reason)
            {
                output.WriteLine(reason);
                return 1;
            }

            return Run(request, output, time);
        });
        return root;
    }

    private static int List(TextWriter output)
    {
        foreach (Scenario scenario in ScenarioRegistry.All)
        {
            output.WriteLine($"{scenario.Name}: {scenario.Description}");
            foreach (string mutation in scenario.Mutations)
            {
                output.WriteLine($"  --mutation {mutation}");
            }
        }

        return 0;
    }

    private static string? Refuse(Request request)
    {
        if (request.Scenario is null || ScenarioRegistry.Find(request.Scenario) is not { } scenario)
        {
            return $"--scenario must be one of: {string.Join(", ", ScenarioRegistry.All.Select(known => known.Name))}.";
        }

        if (request.Seeds < 1)
        {
            return "--seeds must be at least 1.";
        }

        if (request.Nodes is { } count && (count < scenario.NodeRange.Min || count > scenario.NodeRange.Max))
        {
            return $"--nodes must be from {scenario.NodeRange.Min} to {scenario.NodeRange.Max} for {scenario.Name}.";
        }

        if (request.Mutation is { } mutation && !scenario.Mutations.Contains(mutation))
        {
            return $"--mutation must be one of: {string.Join(", ", scenario.Mutations.DefaultIfEmpty("(none)"))}.";
        }

        return request.Verbose && request.Seeds != 1 ? "--verbose prints one seed; leave --seeds at 1." : null;
    }

    private static int Run(Request request, TextWriter output, TimeProvider time)
    {
        var runner = new SimulationRunner(ScenarioRegistry.Find(request.Scenario!)!, request.Nodes, request.Mutation, request.Once);
        long start = time.GetTimestamp();
        long events = 0;
        long operations = 0;
        int violated = 0;
        for (int i = 0; i < request.Seeds; i++)
        {
            SeedResult result = runner.RunSeed(unchecked(request.FirstSeed + (ulong)i), request.Verbose ? output : null);
            events += result.Events;
            operations += result.Operations;
            foreach (string figure in result.Figures)
            {
                output.WriteLine($"seed {result.Seed}: {figure}");
            }

            if (!result.Passed)
            {
                violated++;
                Report(request, result, output);
            }
        }

        double seconds = time.GetElapsedTime(start).TotalSeconds;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{request.Scenario}: {request.Seeds} seeds, each run {(request.Once ? "once" : "twice")}, {violated} violated, {events} events, {operations} operations, {events / seconds:F0} events/s in {seconds:F1} s, {Environment.WorkingSet >> 20} MiB"));
        return violated == 0 ? 0 : 1;
    }

    private static void Report(Request request, SeedResult result, TextWriter output)
    {
        output.WriteLine($"VIOLATION of {result.Invariant} at seed {result.Seed}");
        output.WriteLine($"  {result.Message}");
        string replay = $"{HowToRun} --scenario {request.Scenario} --seed {result.Seed}"
            + (request.Nodes is { } nodes ? $" --nodes {nodes}" : "")
            + (request.Mutation is { } mutation ? $" --mutation {mutation}" : "");
        output.WriteLine($"  replay: {replay} --verbose");
    }

    private sealed record Request(string? Scenario, ulong FirstSeed, int Seeds, int? Nodes, string? Mutation, bool Verbose, bool Once);
}
