namespace Sdk.Core.Addressing;

/// <summary>The numbers of a <see cref="RoutingTable{TPeer}"/>: those of Swarm's nodes where they have one.</summary>
internal sealed record RoutingTableOptions
{
    public static RoutingTableOptions Default { get; } = new();

    /// <summary>Connected peers that a bin needs; depth is not deeper than the shallowest bin with fewer.</summary>
    public int Saturation { get; init; } = 8;

    /// <summary>Connected peers of a bin outside the neighbourhood beyond which it is pruned.</summary>
    public int Oversaturation { get; init; } = 18;

    /// <summary>The neighbourhood reaches at least so far that it holds this many connected peers.</summary>
    public int LowWater { get; init; } = 3;

    /// <summary>
    /// Peers known in one bin. Far more than are connected, so that others can be dialled when those fail; past that they only cost memory.
    /// </summary>
    public int MaxKnownPerBin { get; init; } = 64;

    /// <summary>Peers of one network group in a bin: to own a bin takes as many networks as it has places.</summary>
    public int MaxPerGroupInBin { get; init; } = 2;

    /// <summary>Peers of one network group in all bins, since ground addresses can fill many bins from one place.</summary>
    public int MaxPerGroup { get; init; } = 10;

    /// <summary>Failures in turn after which a peer is given up.</summary>
    public int MaxFailures { get; init; } = 3;

    /// <summary>A peer that was given up, and once was connected, is forgotten when it showed no life for so long.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A peer that is not connected and showed no life for so long gives way to a newcomer, where room is short.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromHours(1);

    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Saturation, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Oversaturation, Saturation);
        ArgumentOutOfRangeException.ThrowIfLessThan(LowWater, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxKnownPerBin, Oversaturation);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPerGroupInBin, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPerGroup, MaxPerGroupInBin);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFailures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ForgetAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StaleAfter, TimeSpan.Zero);
    }
}
