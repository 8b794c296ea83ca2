using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Overlay.Records;

/// <summary>A record in a store, and what the store knows about it.</summary>
internal sealed class HeldRecord(OverlayRecord record, XorDistance distance, OverlayAddress submitter)
{
    public OverlayRecord Record => record;

    /// <summary>From the key to this node.</summary>
    public XorDistance Distance => distance;

    /// <summary>Who is charged for it.</summary>
    public OverlayAddress Submitter => submitter;

    /// <summary>When this node passes it on, unless another does first (<see cref="RecordReplication"/>).</summary>
    public DateTimeOffset RepublishAt { get; set; }

    /// <summary>When this node passes it on whatever others do.</summary>
    public DateTimeOffset RepublishBy { get; set; }
}
