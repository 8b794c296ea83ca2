using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation;

/// <summary>
/// A world with nodes, clients, faults and checkers that plays one seed to its end. A scenario object keeps no state
/// between runs: everything lives in the <see cref="SimWorld"/>.
/// </summary>
internal abstract class Scenario
{
    /// <summary>What <c>--scenario</c> takes.</summary>
    public abstract string Name { get; }

    /// <summary>One line for <c>--list</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Deliberate bugs that this scenario can switch on to prove that its checkers can fail.</summary>
    public virtual IReadOnlyList<string> Mutations => [];

    /// <summary>Fewest and most nodes that <c>--nodes</c> may ask for.</summary>
    public virtual (int Min, int Max) NodeRange => (1, 32);

    /// <exception cref="InvariantViolationException">A checker found a broken promise.</exception>
    public abstract void Run(SimWorld world);
}
