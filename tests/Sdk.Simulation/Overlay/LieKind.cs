namespace Sdk.Simulation.Overlay;

/// <summary>What liars name when they are asked for nodes.</summary>
internal enum LieKind
{
    /// <summary>The liars nearest to the target; never an honest node.</summary>
    Colluders,

    /// <summary>Nodes that do not exist, nearer to the target than any that does.</summary>
    Forgeries,
}
