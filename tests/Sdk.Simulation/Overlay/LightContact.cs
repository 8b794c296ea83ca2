using Sdk.Core.Addressing;

namespace Sdk.Simulation.Overlay;

/// <summary>A node by its place on the map, or, with place −1, one that a liar invented: its record proves nothing.</summary>
internal readonly record struct LightContact(int Place, OverlayAddress Address)
{
    public bool IsForged => Place < 0;
}
