using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Records;

/// <summary>Records that another node is offered; it is sent those that it says it lacks.</summary>
internal sealed record RecordTransfer(OverlayAddress Target, IReadOnlyList<OverlayRecord> Records);
