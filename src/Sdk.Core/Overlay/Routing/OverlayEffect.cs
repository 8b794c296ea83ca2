namespace Sdk.Core.Overlay.Routing;

/// <summary>What follows from an event at the router; whoever drives the router does it.</summary>
internal abstract record OverlayEffect;

/// <summary>The node is to be dialled at the addresses given; then <see cref="OverlayRouter.Connected"/> or <see cref="OverlayRouter.DialFailed"/>.</summary>
internal sealed record DialEffect(NodeRecord Record, IReadOnlyList<Networking.Multiaddr> Addresses) : OverlayEffect;

/// <summary>The message is to be sent to a connected peer.</summary>
/// <param name="Peer">To whom.</param>
/// <param name="Request">The number of the question that is asked or answered; 0 for a notice.</param>
/// <param name="IsAnswer">Whether it answers.</param>
/// <param name="Message">What.</param>
internal sealed record SendEffect(OverlayPeer Peer, ulong Request, bool IsAnswer, OverlayMessage Message) : OverlayEffect;

/// <summary>The overlay needs no connection to the peer any more; <see cref="OverlayRouter.Disconnected"/> was said of it already.</summary>
internal sealed record CloseEffect(OverlayPeer Peer, OverlayCloseReason Reason) : OverlayEffect;

/// <summary>A lookup has its result.</summary>
internal sealed record LookupEndedEffect(OverlayLookup Lookup) : OverlayEffect;

/// <summary>A record was put, or could not be.</summary>
internal sealed record PutEndedEffect(OverlayPut Put) : OverlayEffect;

/// <summary>What stands under a key was read.</summary>
internal sealed record GetEndedEffect(OverlayGet Get) : OverlayEffect;

/// <summary>Why the overlay lets go of a peer.</summary>
internal enum OverlayCloseReason
{
    /// <summary>There are enough in its bin.</summary>
    Pruned,

    /// <summary>A visitor that asks nothing.</summary>
    Idle,

    /// <summary>It does not answer.</summary>
    Silent,

    /// <summary>It breaks the rules, or said too much that was false.</summary>
    Faulty,
}
