using System.Globalization;

namespace Sdk.Simulation.Overlay;

/// <summary>What a phase of lookups came to.</summary>
internal sealed class LookupFigures(string phase)
{
    private readonly List<int> _hops = [];
    private readonly List<int> _asks = [];
    private readonly List<double> _seconds = [];

    public int Started { get; set; }

    public int Found { get; private set; }

    public int Ended => _hops.Count;

    /// <summary>The share of lookups that found the true nearest; one that never ended did not.</summary>
    public double Success => (double)Found / Started;

    public int MedianHops => Median(_hops);

    public double MedianSeconds => Median(_seconds);

    public void End(bool isFound, int hops, int asks, TimeSpan took)
    {
        Found += isFound ? 1 : 0;
        _hops.Add(hops);
        _asks.Add(asks);
        _seconds.Add(took.TotalSeconds);
    }

    /// <exception cref="InvariantViolationException">Fewer lookups found the true nearest, or some did not end.</exception>
    public LookupFigures Require(string invariant, double success)
    {
        if (Ended < Started)
        {
            throw new InvariantViolationException(OverlayInvariants.Ends, $"{phase}: {Started - Ended} of {Started} lookups did not end");
        }

        return Success >= success ? this : throw new InvariantViolationException(invariant, $"{this}; wanted {success:P1}");
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{phase}: {Found} of {Started} lookups found the nearest ({100 * Success:F2} %), hops {MedianHops} median {Max(_hops)} max, asked {Median(_asks)} median {Max(_asks)} max, {Median(_seconds):F2} s median {Max(_seconds):F2} s max");

    private static T Median<T>(List<T> values) => values.Count == 0 ? default! : values.Order().ElementAt(values.Count / 2);

    private static T Max<T>(List<T> values) => values.Count == 0 ? default! : values.Max()!;
}
