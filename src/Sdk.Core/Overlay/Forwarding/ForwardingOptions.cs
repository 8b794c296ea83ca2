namespace Sdk.Core.Overlay.Forwarding;

/// <summary>The bounds of a <see cref="PacketForwarder{TPeer}"/>.</summary>
internal sealed record ForwardingOptions
{
    public static ForwardingOptions Default { get; } = new();

    /// <summary>Packets that wait for one next node; at 32 KiB each no more than 2 MiB.</summary>
    public int MaxWaiting { get; init; } = 64;

    /// <summary>Packets sent to a node that it has neither accepted nor refused yet.</summary>
    public int Window { get; init; } = 32;

    /// <summary>Packets of one node that this one carries at a time, so that nobody takes all queues.</summary>
    public int MaxCarried { get; init; } = 64;

    /// <summary>Nodes that are tried for a packet: the best one, and others while those are busy.</summary>
    public int MaxTries { get; init; } = 3;

    /// <summary>Packets that handlers of this node are at work on.</summary>
    public int MaxDelivering { get; init; } = 256;

    /// <summary>A node that does not answer for a packet by then counts as busy.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Ids that one generation of the guard against duplicates remembers.</summary>
    public int GuardCapacity { get; init; } = 16 * 1024;

    /// <summary>How long a generation lasts: far longer than any packet is on its way.</summary>
    public TimeSpan GuardLifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How many bits shorter than depth a prefix may be whose members are all told something. A neighbourhood has a few tens of nodes; each bit
    /// doubles the number.
    /// </summary>
    public int MaxSpreadBits { get; init; } = 5;

    /// <summary>Members of a prefix to which one of them passes a packet.</summary>
    public int MaxFanOut { get; init; } = 128;
}
