using System.Diagnostics;

namespace Sdk.Fuzz;

/// <summary>
/// Ten million inputs over all decoders. A decoder gets a share by the root of its speed: the quick ones get most inputs, the dear ones (a
/// signature takes a thousand times a varint) most of the time.
/// </summary>
internal static class Nightly
{
    public const long Inputs = 10_000_000;

    /// <summary>No decoder gets less, however dear it is.</summary>
    private const long LeastInputs = 20_000;

    private const int CalibrationInputs = 300;

    /// <summary>Inputs between two lines of progress.</summary>
    private const long Step = 250_000;

    public static bool Run(TextWriter output, ulong seed, long inputs = Inputs)
    {
        output.WriteLine($"{inputs:N0} inputs, seed {seed}");
        var started = Stopwatch.GetTimestamp();
        var shares = Share(FuzzTargets.All, seed, inputs);
        List<string> table = [];
        var failures = 0;
        var done = 0L;
        foreach (var (target, share) in shares)
        {
            var sum = new FuzzResult(0, 0, 0, 0, 0, 0, 0, TimeSpan.Zero);
            try
            {
                for (var first = 0L; first < share; first += Step)
                {
                    var part = FuzzRun.Run(target, seed, first, Math.Min(Step, share - first));
                    sum = Add(sum, part);
                    done += part.Inputs;
                    output.WriteLine($"[{Stopwatch.GetElapsedTime(started):hh\\:mm\\:ss}] {target.Name} {sum.Inputs:N0} of {share:N0}; {done:N0} in all");
                }
            }
            catch (FuzzViolationException violation)
            {
                failures++;
                FuzzCommand.Report(output, target, violation);
            }

            table.Add(
                $"{target.Name,-20} {sum.Inputs,12:N0} {sum.Accepted,12:N0} {sum.Duration.TotalSeconds,9:F1} {sum.WorstBytes,12:N0} {sum.WorstLength,8:N0} "
                + $"{sum.WorstAllocation,8:F2} {sum.LargestRatio,8:F1}");
        }

        output.WriteLine($"{"decoder",-20} {"inputs",12} {"accepted",12} {"seconds",9} {"worst bytes",12} {"of input",8} {"allowed",8} {"ratio",8}");
        table.ForEach(output.WriteLine);
        output.WriteLine("(worst bytes: allocated for the input that came nearest to what it may; ratio: bytes allocated per byte of inputs of 2 KiB and more, at most)");
        output.WriteLine($"{done:N0} inputs in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, seed {seed}: {failures} violations");
        return failures == 0;
    }

    private static List<(FuzzTarget Target, long Inputs)> Share(IReadOnlyList<FuzzTarget> targets, ulong seed, long inputs)
    {
        var weights = targets.Select(target =>
        {
            // Twice: what is measured is not the compiler.
            FuzzRun.Run(target, seed, first: 0, CalibrationInputs);
            return 1 / Math.Sqrt(FuzzRun.Run(target, seed, first: 0, CalibrationInputs).Duration.TotalSeconds);
        }).ToList();
        var spare = inputs - (targets.Count * LeastInputs);
        var shares = weights.ConvertAll(weight => LeastInputs + (long)(spare * weight / weights.Sum()));
        shares[0] += inputs - shares.Sum();
        return [.. targets.Zip(shares)];
    }

    private static FuzzResult Add(FuzzResult one, FuzzResult other)
    {
        var worst = other.WorstAllocation > one.WorstAllocation ? other : one;
        return new FuzzResult(
            one.Inputs + other.Inputs, one.Accepted + other.Accepted, one.Refused + other.Refused, worst.WorstAllocation, worst.WorstBytes, worst.WorstLength,
            Math.Max(one.LargestRatio, other.LargestRatio), one.Duration + other.Duration);
    }
}
