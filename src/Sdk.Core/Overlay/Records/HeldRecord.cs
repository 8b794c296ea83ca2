using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>A record in a store, and what the store knows about it.</summary>
internal sealed class HeldRecord(OverlayRecord record, Hash256 distance, OverlayAddress submitter)
{
    public OverlayRecord Record => record;

    /// <summary>The XOR of key and own address.</summary>
    public Hash256 Distance => distance;

    /// <summary>Who is charged for it.</summary>
    public OverlayAddress Submitter => submitter;

    /// <summary>When this node passes it on, unless another does first.</summary>
    public DateTimeOffset RepublishAt { get; set; }

    /// <summary>When this node passes it on whatever others do.</summary>
    public DateTimeOffset RepublishBy { get; set; }
}
