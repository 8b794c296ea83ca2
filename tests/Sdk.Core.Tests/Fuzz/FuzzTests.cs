using Sdk.Fuzz;

namespace Sdk.Core.Tests.Fuzz;

/// <summary>A slice of what tests/Sdk.Fuzz runs at length.</summary>
public class FuzzTests
{
    /// <summary>A fraction of a second for each decoder; more where somebody measures (<c>eng/decoder-coverage</c>).</summary>
    private static readonly int Inputs =
        int.Parse(Environment.GetEnvironmentVariable("SDK_FUZZ_INPUTS") ?? "1500", System.Globalization.CultureInfo.InvariantCulture);

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_decoder_accepts_or_refuses_by_name_within_bounds_whatever_comes(string name)
    {
        var result = FuzzRun.Run(FuzzTargets.All.Single(target => target.Name == name), seed: 20, first: 0, Inputs);
        Assert.Equal(Inputs, result.Inputs);
        Assert.True(result.Refused > 0, "The mutator made nothing wrong.");
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("allocates")]
    [InlineData("accepts what it should not")]
    [InlineData("refuses its corpus")]
    public void A_decoder_that_breaks_a_promise_is_caught_with_the_input_that_shows_it(string fault)
    {
        var violation = Assert.Throws<FuzzViolationException>(() => FuzzRun.Run(new Broken(fault), seed: 1, first: 0, inputs: 10_000));
        if (fault != "refuses its corpus")
        {
            Assert.True(Broken.IsTrigger(violation.Bytes.ToArray()));
            var again = Assert.Throws<FuzzViolationException>(() => FuzzRun.Run(new Broken(fault), violation.Seed, violation.Index, inputs: 1));
            Assert.Equal(violation.Bytes.ToArray(), again.Bytes.ToArray());
        }
    }

    /// <summary>A decoder that is at fault on some inputs.</summary>
    private sealed class Broken(string fault) : FuzzTarget
    {
        private byte[]? _kept;

        public override string Name => "broken";

        public static bool IsTrigger(byte[] input) => input.Length > 3 && input[1] == 0xFF;

        public override bool Decode(object input)
        {
            var isTrigger = IsTrigger((byte[])input);
            if (isTrigger && fault == "throws")
            {
                throw new InvalidOperationException("On purpose.");
            }

            _kept = isTrigger && fault == "allocates" ? new byte[1_000_000] : _kept;
            return fault != "refuses its corpus";
        }

        public override void Check(object input) => Require(fault != "accepts what it should not" || !IsTrigger((byte[])input), "It is not the trigger.");

        protected override IEnumerable<byte[]> MakeCorpus() => [[1, 2, 3, 4, 5, 6]];
    }
}
