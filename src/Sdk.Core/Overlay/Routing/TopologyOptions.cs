namespace Sdk.Core.Overlay.Routing;

/// <summary>The numbers of a <see cref="Topology{TPeer}"/>; those of the table it keeps are the table's own.</summary>
internal sealed record TopologyOptions
{
    public static TopologyOptions Default { get; } = new();

    /// <summary>Dials at work at a time.</summary>
    public int MaxDialing { get; init; } = 16;

    /// <summary>A dial of which nothing was heard for so long counts as ended.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause after the first failure of a peer; it doubles with each in turn.</summary>
    public TimeSpan BackoffFirst { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause: so long may both parts of a network that was cut in two take to find each other again.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A peer that was dialled is not dialled again before, however that ended: one that lets go of us each time is left in peace.</summary>
    public TimeSpan RedialAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often bins that hold too many are pruned; the value of Swarm's nodes.</summary>
    public TimeSpan PruneInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A connected neighbour that showed no life for so long is asked whether it lives; in time of alarm, every peer.</summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The same for peers outside the neighbourhood, while all is calm: of these a lookup asks others where one is dead.</summary>
    public TimeSpan PingFarAfter { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// Peers with a lower address than this node are asked so much later: they ask first, and of two that live one asks and each knows that the
    /// other lives.
    /// </summary>
    public TimeSpan PingLowerLater { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Two peers that miss an answer within this time raise an alarm: where two went, more may have.</summary>
    public TimeSpan AlarmWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an alarm lasts.</summary>
    public TimeSpan Alarm { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Those that were asked and still show no life are named again after that.</summary>
    public TimeSpan PingAgainAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often connected peers are looked at for such: so much later than it is due one may be asked.</summary>
    public TimeSpan PingCheck { get; init; } = TimeSpan.FromSeconds(2.5);

    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDialing, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DialTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(BackoffFirst, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(BackoffMax, BackoffFirst);
        ArgumentOutOfRangeException.ThrowIfLessThan(RedialAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PruneInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PingAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(PingFarAfter, PingAfter);
        ArgumentOutOfRangeException.ThrowIfLessThan(PingLowerLater, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(AlarmWithin, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Alarm, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PingAgainAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PingCheck, PingAgainAfter);
    }
}
