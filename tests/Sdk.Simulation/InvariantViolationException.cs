namespace Sdk.Simulation;

/// <summary>A checker found that the system broke a promise.</summary>
internal sealed class InvariantViolationException(string invariant, string message) : Exception($"{invariant}: {message}")
{
    /// <summary>The promise by its short name, for instance <c>I2</c>.</summary>
    public string Invariant { get; } = invariant;
}
