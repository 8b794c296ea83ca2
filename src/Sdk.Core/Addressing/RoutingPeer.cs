namespace Sdk.Core.Addressing;

/// <summary>
/// A peer as a <see cref="RoutingTable{TPeer}"/> keeps it. The table alone changes what stands here; times are those that its calls gave.
/// </summary>
internal abstract class RoutingPeer
{
    /// <param name="address">Proven by the overlay handshake.</param>
    /// <param name="group">Of the IP address at which it was met.</param>
    protected RoutingPeer(OverlayAddress address, NetworkGroup group) => (Address, Group) = (address, group);

    /// <summary>Where it stands in the overlay.</summary>
    public OverlayAddress Address { get; }

    /// <summary>Where it stands in the network below.</summary>
    public NetworkGroup Group { get; internal set; }

    /// <summary>Whether there is a connection on which it answers for this address.</summary>
    public bool IsConnected { get; internal set; }

    /// <summary>Whether it ever was, since it is in the table.</summary>
    public bool HasBeenConnected { get; internal set; }

    /// <summary>Since when it is connected, if it is.</summary>
    public TimeSpan ConnectedSince { get; internal set; }

    /// <summary>When it last showed that it lives, or was added.</summary>
    public TimeSpan LastUsed { get; internal set; }

    /// <summary>When it last failed; meaningful where <see cref="Failures"/> is not 0.</summary>
    public TimeSpan LastFailed { get; internal set; }

    /// <summary>When it may be dialled again, if it has not failed.</summary>
    public TimeSpan DialAgain { get; internal set; }

    /// <summary>Failures in turn, without a sign of life between them.</summary>
    public int Failures { get; internal set; }

    /// <summary>Its place in its bin.</summary>
    internal int Index { get; set; }

    /// <summary>Its bin: how many leading bits it shares with the table's own address.</summary>
    public int ProximityOrder { get; internal set; }
}
