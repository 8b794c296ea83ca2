namespace Sdk.Core.Networking.Pubsub;

/// <summary>Which protocol a peer speaks.</summary>
internal enum GossipVersion
{
    /// <summary><c>/floodsub/1.0.0</c>: messages and subscriptions only.</summary>
    Floodsub,

    /// <summary><c>/meshsub/1.1.0</c>.</summary>
    Meshsub11,

    /// <summary><c>/meshsub/1.2.0</c>: IDONTWANT as well.</summary>
    Meshsub12,
}

/// <summary>A peer as the router sees it. Touched by the router only, under whatever lock guards the router.</summary>
internal sealed class GossipPeer(PeerId id, PeerScore score, OutboundQueue outbound)
{
    private readonly int[] _faults = new int[Enum.GetValues<PubsubFault>().Length];

    public PeerId Id { get; } = id;

    /// <summary>Outlives the connection.</summary>
    public PeerScore Score { get; } = score;

    public OutboundQueue Outbound { get; } = outbound;

    public GossipVersion Version { get; set; }

    /// <summary>We dialled it.</summary>
    public bool IsOutbound { get; init; }

    /// <summary>What peers that are probably one machine have in common; null for none.</summary>
    public string? IpGroup { get; init; }

    public HashSet<Topic> Topics { get; } = [];

    /// <summary>When something last left the queue, or began to wait in it.</summary>
    public TimeSpan MovedAt { get; set; }

    /// <summary>The shell was told that something waits, and has not come to the end of it.</summary>
    public bool IsAwake { get; set; }

    /// <summary>Counts the streams to it: what was asked on one that broke was perhaps never heard.</summary>
    public int Stream { get; set; }

    /// <summary>Ids that need not be sent, with the heartbeats that this still holds.</summary>
    public Dictionary<byte[], int> Unwanted { get; } = new(BytesComparer.Instance);

    // ---- Since the last heartbeat ----
    public int IHaveMessages { get; set; }

    public int IdsAsked { get; set; }

    public int IdsServed { get; set; }

    public bool SpeaksMeshsub => Version != GossipVersion.Floodsub;

    /// <summary>Counts a fault. Returns whether it is the first since <see cref="TakeFaults"/>.</summary>
    public bool AddFault(PubsubFault fault) => _faults[(int)fault]++ == 0;

    /// <summary>How often it happened since this was last asked.</summary>
    public int TakeFaults(PubsubFault fault)
    {
        var count = _faults[(int)fault];
        _faults[(int)fault] = 0;
        return count;
    }
}

/// <summary>What is known of a topic: who subscribes to it, and, where we do, the mesh.</summary>
internal sealed class Topic(string name)
{
    public string Name { get; } = name;

    public byte[] Graft { get; } = RpcWriter.Graft(name);

    /// <summary>Whether this node subscribes.</summary>
    public bool IsSubscribed { get; set; }

    public HashSet<GossipPeer> Peers { get; } = [];

    public HashSet<GossipPeer> Mesh { get; } = [];

    /// <summary>To whom we publish without subscribing.</summary>
    public HashSet<GossipPeer> Fanout { get; } = [];

    public TimeSpan PublishedAt { get; set; }

    /// <summary>Until when a peer and we may not graft each other. It outlives the connection.</summary>
    public Dictionary<PeerId, TimeSpan> Backoff { get; } = [];

    /// <summary>Ids to gossip, while a heartbeat runs.</summary>
    public List<byte[]> Gossip { get; } = [];

    public bool IsIdle => !IsSubscribed && Peers.Count == 0 && Fanout.Count == 0 && Backoff.Count == 0;
}
