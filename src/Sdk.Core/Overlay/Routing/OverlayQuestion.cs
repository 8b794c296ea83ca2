namespace Sdk.Core.Overlay.Routing;

/// <summary>A question that waits for its answer. A node asks very many: one object each, in the lists of its peer and of its deadline.</summary>
internal abstract class OverlayQuestion(OverlayPeer peer)
{
    /// <summary>Who was asked.</summary>
    public OverlayPeer Peer { get; } = peer;

    /// <summary>Its number.</summary>
    public ulong Number { get; set; }

    /// <summary>When it counts as failed.</summary>
    public TimeSpan Deadline { get; set; }

    /// <summary>The next that the same peer was asked and that waits.</summary>
    public OverlayQuestion? NextOfPeer { get; set; }

    /// <summary>The one before it in <see cref="OverlayDeadlines"/>.</summary>
    public OverlayQuestion? Earlier { get; set; }

    /// <summary>The one after it in <see cref="OverlayDeadlines"/>.</summary>
    public OverlayQuestion? Later { get; set; }

    /// <summary>Called once: with the answer, or with null where none came: the peer left, was too busy, or too late.</summary>
    public abstract void Ended(OverlayMessage? answer);
}
