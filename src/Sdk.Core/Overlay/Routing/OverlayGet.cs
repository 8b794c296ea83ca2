using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Overlay.Routing;

/// <summary>A get under way.</summary>
internal sealed class OverlayGet
{
    /// <summary>Null until the nodes nearest to the key are found.</summary>
    public RecordGet? Steps { get; set; }

    /// <summary>These nodes; this node itself has no contact.</summary>
    public IReadOnlyDictionary<OverlayAddress, OverlayContact?> Holders { get; set; } = new Dictionary<OverlayAddress, OverlayContact?>();

    public bool HasEnded { get; set; }
}
