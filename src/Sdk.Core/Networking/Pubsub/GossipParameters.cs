namespace Sdk.Core.Networking.Pubsub;

/// <summary>The numbers of gossipsub 1.1 and 1.2, with the names and defaults of their specifications; limits of our own say why.</summary>
internal sealed record GossipParameters
{
    /// <summary>D: peers wanted in a topic's mesh.</summary>
    public int MeshSize { get; init; } = 6;

    /// <summary>D_lo: fewer, and some are grafted.</summary>
    public int MeshLow { get; init; } = 4;

    /// <summary>D_hi: more, and some are pruned.</summary>
    public int MeshHigh { get; init; } = 12;

    /// <summary>D_score: how many of the best stay when a mesh is pruned.</summary>
    public int MeshBest { get; init; } = 4;

    /// <summary>D_out: peers of a mesh that we dialled ourselves; whoever dials us en masse does not get all places.</summary>
    public int MeshOutbound { get; init; } = 2;

    /// <summary>D_lazy: peers outside the mesh that hear which messages we have.</summary>
    public int LazySize { get; init; } = 6;

    /// <summary>mcache_len: heartbeats that a message can be asked for.</summary>
    public int HistoryLength { get; init; } = 5;

    /// <summary>mcache_gossip: heartbeats that a message is gossiped.</summary>
    public int HistoryGossip { get; init; } = 3;

    /// <summary>Messages kept for IWANT hold at most this, whatever their age; the oldest go first.</summary>
    public int MaxCacheBytes { get; init; } = 16 * 1024 * 1024;

    public TimeSpan FanoutLifetime { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan SeenLifetime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Ids remembered as seen: a thousand messages a second for two minutes take about 20 MB.</summary>
    public int MaxSeen { get; init; } = 128 * 1024;

    public bool IgnoresReplays { get; init; } = true;

    /// <summary>Publishers whose numbers are remembered, silent ones too: about 4 MB.</summary>
    public int MaxPublishers { get; init; } = 16 * 1024;

    /// <summary>A publisher that was silent for so long is forgotten.</summary>
    public TimeSpan PublisherLifetime { get; init; } = TimeSpan.FromDays(7);

    public TimeSpan PruneBackoff { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan UnsubscribeBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A peer cannot keep us away for longer than this, whatever its PRUNE says.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Backoffs kept for one topic, of peers that are gone too. Beyond it a GRAFT may come too early, which costs little.</summary>
    public int MaxBackoffs { get; init; } = 4096;

    /// <summary>A GRAFT this soon after the PRUNE is a flood and costs twice.</summary>
    public TimeSpan GraftFloodThreshold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>We graft again only this long after a backoff ended: the peer's clock started later than ours.</summary>
    public TimeSpan BackoffSlack { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Ids asked of one peer, and told to one peer, in one heartbeat.</summary>
    public int MaxIHaveLength { get; init; } = 5000;

    /// <summary>RPCs with IHAVE that one peer may send in one heartbeat.</summary>
    public int MaxIHaveMessages { get; init; } = 10;

    /// <summary>How often one message is given to one peer that asks for it.</summary>
    public int GossipRetransmission { get; init; } = 3;

    /// <summary>A message that was announced and asked for must come within this.</summary>
    public TimeSpan IWantFollowup { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>From this size on peers are told at once that the message need not be sent again: IDONTWANT costs about 60 bytes.</summary>
    public int IDontWantThresholdBytes { get; init; } = 1024;

    /// <summary>IDONTWANT ids kept for one peer; they live for three heartbeats.</summary>
    public int MaxIDontWant { get; init; } = 1000;

    public int IDontWantHeartbeats { get; init; } = 3;

    public int MaxTopicsPerPeer { get; init; } = 512;

    /// <summary>A topic's name in UTF-8. Longer ones are ignored.</summary>
    public int MaxTopicBytes { get; init; } = 256;

    public int MaxQueuedMessages { get; init; } = 512;

    public int MaxQueuedBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Control entries that are only advice (IHAVE, IWANT, IDONTWANT) waiting for one peer; beyond it they are dropped.</summary>
    public int MaxQueuedGossip { get; init; } = 64;

    /// <summary>One IHAVE or IWANT holds at most this many bytes of ids, so that it fits any RPC.</summary>
    public int MaxGossipBytes { get; init; } = 256 * 1024;

    /// <summary>A frame is filled up to this; only a message that is larger itself makes a larger one.</summary>
    public int FrameBytes { get; init; } = 128 * 1024;

    public int MaxRpcBytes { get; init; } = 1024 * 1024;

    /// <summary>A peer whose queue has not moved for this long is not waited for.</summary>
    public TimeSpan StallAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A peer whose queue has not moved for this long loses its stream.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Copies of a message that wait for the verdict on the first; more are dropped. A mesh has twelve.</summary>
    public int MaxCopies { get; init; } = 16;

    public bool FloodsOwn { get; init; } = true;

    public bool IsSigned { get; init; } = true;

    public Func<PubsubMessage, byte[]>? MessageId { get; init; }

    public ScoreParameters Score { get; init; } = new();

    public static GossipParameters From(PubsubOptions options) => new()
    {
        IsSigned = options.SignaturePolicy == PubsubSignaturePolicy.StrictSign,
        MessageId = options.MessageId,
        MaxRpcBytes = options.MaxRpcBytes,
        MaxTopicsPerPeer = options.MaxTopicsPerPeer,
        MaxQueuedMessages = options.MaxQueuedMessagesPerPeer,
        MaxQueuedBytes = 2 * options.MaxRpcBytes,
        SeenLifetime = options.SeenLifetime,
        IgnoresReplays = options.IgnoresReplays,
        FloodsOwn = options.FloodsOwn,
    };
}

/// <summary>How peers are judged. The sum of the parts decides what a peer may do; the thresholds are those of the specification's kind.</summary>
internal sealed record ScoreParameters
{
    /// <summary>Below this a peer is told nothing of gossip, and its own is not heard.</summary>
    public double GossipThreshold { get; init; } = -10;

    /// <summary>Below this own messages are not sent to it outside the mesh.</summary>
    public double PublishThreshold { get; init; } = -50;

    /// <summary>Below this nothing that it sends is read.</summary>
    public double GraylistThreshold { get; init; } = -80;

    /// <summary>P2: for each message that it delivered first.</summary>
    public double FirstDeliveryWeight { get; init; } = 0.1;

    /// <summary>Nobody can save up for more than one forged message.</summary>
    public double FirstDeliveryCap { get; init; } = 50;

    public double FirstDeliveryDecay { get; init; } = 0.97;

    /// <summary>P4: for the square of the number of invalid messages. One costs the places in all meshes, three cost everything.</summary>
    public double InvalidWeight { get; init; } = -10;

    public double InvalidDecay { get; init; } = 0.99;

    /// <summary>P6: for the square of the peers at one IP address beyond the threshold.</summary>
    public double ColocationWeight { get; init; } = -5;

    public int ColocationThreshold { get; init; } = 10;

    /// <summary>P7: for the square of what exceeds the threshold.</summary>
    public double BehaviourWeight { get; init; } = -10;

    /// <summary>A congested link breaks a promise now and then; an honest peer stays below.</summary>
    public double BehaviourThreshold { get; init; } = 6;

    public double BehaviourDecay { get; init; } = 0.95;

    /// <summary>Counters smaller than this are zero.</summary>
    public double DecayToZero { get; init; } = 0.01;

    /// <summary>Bad standing survives a new connection for so long.</summary>
    public TimeSpan RetainScore { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Peers remembered after they left; beyond it the oldest is forgiven.</summary>
    public int MaxRetained { get; init; } = 4096;
}

/// <summary>Faults that tests switch on to prove that the simulation's checkers can fail. Production passes <see cref="None"/>.</summary>
[Flags]
internal enum GossipMutations
{
    None = 0,

    /// <summary>What was seen is forgotten at once.</summary>
    NoSeenCache = 1,

    /// <summary>Nobody is told which messages are here.</summary>
    NoGossip = 2,

    /// <summary>A PRUNE is forgotten at once.</summary>
    NoBackoff = 4,

    /// <summary>Every message counts as valid.</summary>
    NoVerification = 8,

    /// <summary>Waiting messages are not counted.</summary>
    NoQueueLimit = 16,

    /// <summary>What was seen and forgotten is news again.</summary>
    NoReplayGuard = 32,
}
