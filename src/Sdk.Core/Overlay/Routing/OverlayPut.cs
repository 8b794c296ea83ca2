using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Overlay.Routing;

/// <summary>A put under way.</summary>
/// <param name="isUpkeep">Whether the router itself wanted it.</param>
internal sealed class OverlayPut(bool isUpkeep)
{
    public bool IsUpkeep => isUpkeep;

    /// <summary>Null until the nodes nearest to the key are found.</summary>
    public RecordPut? Steps { get; set; }

    public bool HasEnded { get; set; }
}
