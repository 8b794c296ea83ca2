using Sdk.Core.Overlay.Routing;

namespace Sdk.Simulation.Overlay;

/// <summary>A connection between two nodes: each end keeps its order, and sees the end when the news of it arrives.</summary>
internal sealed class SimLink(SimOverlayNode dialer, SimOverlayNode listener)
{
    public SimOverlayNode Dialer { get; } = dialer;

    public SimOverlayNode Listener { get; } = listener;

    /// <summary>What the dialer knows of the listener, once it is through.</summary>
    public OverlayPeer? AtDialer { get; set; }

    public OverlayPeer? AtListener { get; set; }

    /// <summary>Closed by either end: nothing more is sent.</summary>
    public bool IsClosed { get; set; }

    public TimeSpan LastToDialer { get; set; }

    public TimeSpan LastToListener { get; set; }

    public SimOverlayNode Other(SimOverlayNode end) => end == Dialer ? Listener : Dialer;

    /// <summary>What an end knows of the other.</summary>
    public OverlayPeer? PeerAt(SimOverlayNode end) => end == Dialer ? AtDialer : AtListener;
}
