namespace Sdk.Core.Overlay.Routing;

/// <summary>A question that waits for its answer.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Peer">Who was asked.</param>
/// <param name="Deadline">When it counts as failed.</param>
/// <param name="Ended">Takes the answer, or null where none came: the peer left, was too busy, or too late.</param>
internal sealed record OverlayQuestion(ulong Number, OverlayPeer Peer, TimeSpan Deadline, Action<OverlayMessage?> Ended);
