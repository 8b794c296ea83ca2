using System.CommandLine;

namespace Sdk.Fuzz;

/// <summary>The command line: which decoders, how many inputs, and what a violation prints.</summary>
internal static class FuzzCommand
{
    public static RootCommand Create(TextWriter output)
    {
        Option<string> target = new("--target") { Description = "A decoder, or all of them; --list shows them.", DefaultValueFactory = _ => "all" };
        Option<long> inputs = new("--inputs") { Description = "Inputs for each decoder.", DefaultValueFactory = _ => 100_000 };
        Option<ulong> seed = new("--seed") { Description = "Same seed, same inputs.", DefaultValueFactory = _ => 1 };
        Option<long> first = new("--first") { Description = "The input to begin with: a violation names it.", DefaultValueFactory = _ => 0 };
        Option<bool> list = new("--list") { Description = "List the decoders." };
        var root = new RootCommand("Feeds decoders with inputs that a seed mutates from a corpus, and checks what every decoder promises.")
        {
            target, inputs, seed, first, list,
        };
        root.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
            {
                FuzzTargets.All.ToList().ForEach(known => output.WriteLine(known.Name));
                return 0;
            }

            var name = parsed.GetValue(target);
            var chosen = FuzzTargets.All.Where(known => name == "all" || known.Name == name).ToList();
            if (chosen.Count == 0)
            {
                output.WriteLine($"There is no decoder {name}; --list shows them.");
                return 1;
            }

            var failures = chosen.Count(each => !Run(output, each, parsed.GetValue(seed), parsed.GetValue(first), parsed.GetValue(inputs)));
            return failures == 0 ? 0 : 1;
        });
        return root;
    }

    private static bool Run(TextWriter output, FuzzTarget target, ulong seed, long first, long inputs)
    {
        try
        {
            var result = FuzzRun.Run(target, seed, first, inputs);
            output.WriteLine(
                $"{target.Name,-20} {result.Inputs,12:N0} inputs {result.Accepted,12:N0} accepted {result.Refused,12:N0} refused   "
                + $"worst allocation {result.WorstAllocation,7:F2} of what is allowed ({result.WorstBytes:N0} for {result.WorstLength:N0} bytes)   {result.Duration.TotalSeconds:F1} s");
            return true;
        }
        catch (FuzzViolationException violation)
        {
            output.WriteLine($"VIOLATION in {target.Name}: {violation.Message}");
            output.WriteLine($"  again: --target {target.Name} --seed {violation.Seed} --first {violation.Index} --inputs 1");
            output.WriteLine($"  input: {Convert.ToHexStringLower(violation.Input)}");
            output.WriteLine(violation.InnerException?.ToString());
            return false;
        }
    }
}
