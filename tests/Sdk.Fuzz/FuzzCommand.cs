using System.CommandLine;
using System.Security.Cryptography;

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
        Option<string?> input = new("--input") { Description = "One input in hexadecimal, as a violation prints it, for one decoder." };
        Option<bool> nightly = new("--nightly")
        {
            Description = $"{Nightly.Inputs:N0} inputs in all, shared among the decoders by what they cost, with a seed that is drawn unless it is given.",
        };
        Option<string?> coverage = new("--coverage")
        {
            Description = "A cobertura file of the fuzz tests: prints which share of each decoder's branches they took. eng/decoder-coverage makes one.",
        };
        Option<bool> list = new("--list") { Description = "List the decoders." };
        var root = new RootCommand("Feeds decoders with inputs that a seed mutates from a corpus, and checks what every decoder promises.")
        {
            target, inputs, seed, first, input, nightly, coverage, list,
        };
        root.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
            {
                FuzzTargets.All.ToList().ForEach(known => output.WriteLine(known.Name));
                return 0;
            }

            if (parsed.GetValue(coverage) is { } file)
            {
                return DecoderCoverage.Print(output, file) ? 0 : 1;
            }

            if (parsed.GetValue(nightly))
            {
                var isGiven = parsed.GetResult(seed) is { Implicit: false };
                return Nightly.Run(output, isGiven ? parsed.GetValue(seed) : (ulong)RandomNumberGenerator.GetInt32(int.MaxValue)) ? 0 : 1;
            }

            var name = parsed.GetValue(target);
            var chosen = FuzzTargets.All.Where(known => name == "all" || known.Name == name).ToList();
            if (chosen.Count == 0)
            {
                output.WriteLine($"There is no decoder {name}; --list shows them.");
                return 1;
            }

            if (parsed.GetValue(input) is { } hex)
            {
                return chosen.All(each => RunOne(output, each, Convert.FromHexString(hex))) ? 0 : 1;
            }

            var failures = chosen.Count(each => !Run(output, each, parsed.GetValue(seed), parsed.GetValue(first), parsed.GetValue(inputs)));
            return failures == 0 ? 0 : 1;
        });
        return root;
    }

    private static bool RunOne(TextWriter output, FuzzTarget target, byte[] input)
    {
        try
        {
            output.WriteLine($"{target.Name}: {(FuzzRun.RunOne(target, input) ? "accepted" : "refused")}");
            return true;
        }
        catch (FuzzViolationException violation)
        {
            Report(output, target, violation);
            return false;
        }
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
            Report(output, target, violation);
            return false;
        }
    }

    public static void Report(TextWriter output, FuzzTarget target, FuzzViolationException violation)
    {
        output.WriteLine($"VIOLATION in {target.Name}: {violation.Message}");
        output.WriteLine($"  again: --target {target.Name} --seed {violation.Seed} --first {violation.Index} --inputs 1");
        output.WriteLine($"  or: --target {target.Name} --input {Convert.ToHexStringLower(violation.Input)}");
        output.WriteLine(violation.InnerException?.ToString());
    }
}
