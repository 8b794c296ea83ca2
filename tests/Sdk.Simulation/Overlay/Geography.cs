using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>Where nodes stand on a map that a message crosses in a tenth of a second: who is near is reached sooner.</summary>
internal sealed class Geography
{
    private const double NearestMs = 2;
    private const double WidthMs = 100;
    private const double JitterMs = 5;

    private readonly SimRandom _random;
    private readonly List<(double X, double Y)> _positions = [];

    public Geography(SimRandom random) => _random = random;

    public void Add() => _positions.Add((Fraction(), Fraction()));

    /// <summary>How long a message takes one way, this time.</summary>
    public TimeSpan Delay(int from, int to)
    {
        double x = _positions[from].X - _positions[to].X;
        double y = _positions[from].Y - _positions[to].Y;
        return TimeSpan.FromMilliseconds(NearestMs + (WidthMs * Math.Sqrt((x * x) + (y * y))) + (JitterMs * Fraction()));
    }

    private double Fraction() => (_random.Next() >> 11) * (1.0 / (1UL << 53));
}
