using System.Buffers;
using System.Text;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>What follows from an event at the router.</summary>
internal enum GossipEffectKind
{
    /// <summary>Something waits for the peer: <see cref="GossipRouter.TryTakeFrame"/> has it.</summary>
    Wake,

    /// <summary>The message's signature, and its topic's validator, are to be asked; <see cref="GossipRouter.Validated"/> takes the verdict.</summary>
    Validate,

    /// <summary>The message goes to this node's subscribers.</summary>
    Deliver,

    /// <summary>The peer takes nothing: its stream is to be reset.</summary>
    Reset,

    /// <summary>The peer sent what it should not have: <see cref="GossipPeer.TakeFaults"/> says how often.</summary>
    Fault,
}

/// <summary>An effect, with the peer or the message that it is about.</summary>
internal readonly record struct GossipEffect(GossipEffectKind Kind, GossipPeer? Peer, PubsubMessage? Message, PubsubFault Fault = default);

/// <summary>
/// Gossipsub 1.1 (libp2p <c>specs/pubsub/gossipsub</c>) with IDONTWANT of 1.2. For each topic a node keeps a sparse mesh of peers that get
/// every message at once, and tells some others by gossip which messages it has, so that they may ask for what the mesh lost. Nothing
/// here waits, reads a clock of its own or draws unseeded chance: calls come in, <see cref="TryTakeEffect"/> and
/// <see cref="TryTakeFrame"/> give what follows.
/// </summary>
/// <remarks>Not thread-safe: the shell calls under one lock.</remarks>
internal sealed partial class GossipRouter
{
    private readonly PeerId _self;
    private readonly GossipParameters _parameters;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Random _random;
    private readonly GossipMutations _mutations;
    private readonly Dictionary<PeerId, GossipPeer> _peers = [];
    private readonly Dictionary<string, Topic> _topics = [];
    private readonly Queue<GossipEffect> _effects = [];
    private readonly SeenCache _seen;
    private readonly ReplayGuard _replays;
    private readonly MessageCache _cache;
    private readonly ScoreBook _scores;

    /// <param name="self">This node.</param>
    /// <param name="parameters">The numbers of the protocol.</param>
    /// <param name="time">For backoffs and ages.</param>
    /// <param name="random">Chooses peers; its seed must not be known to them.</param>
    /// <param name="mutations">Faults for tests.</param>
    public GossipRouter(
        PeerId self, GossipParameters parameters, TimeProvider time, Random random, GossipMutations mutations = GossipMutations.None)
    {
        (_self, _parameters, _time, _random, _mutations) = (self, parameters, time, random, mutations);
        _start = time.GetTimestamp();
        _seen = new SeenCache(parameters.SeenLifetime, parameters.MaxSeen);
        _replays = new ReplayGuard(parameters.PublisherLifetime, parameters.MaxPublishers);
        _cache = new MessageCache(parameters.HistoryLength, parameters.MaxCacheBytes);
        _scores = new ScoreBook(parameters.Score);
    }

    /// <summary>Messages that a full queue or the rules kept from a peer; gossip may still bring them.</summary>
    public long DroppedMessages { get; private set; }

    public int SeenCount => _seen.Count;

    /// <summary>Publishers whose sequence numbers are known.</summary>
    public int PublisherCount => _replays.Count;

    public int CacheCount => _cache.Count;

    public int CacheBytes => _cache.Bytes;

    public int TopicCount => _topics.Count;

    /// <summary>Messages whose verdict is awaited.</summary>
    public int PendingCount => _pending.Count;

    public IReadOnlyCollection<GossipPeer> Peers => _peers.Values;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    public bool TryTakeEffect(out GossipEffect effect) => _effects.TryDequeue(out effect);

    /// <summary>A peer that speaks the protocol is connected: it is told what this node subscribes to.</summary>
    /// <param name="id">Who.</param>
    /// <param name="version">What it speaks.</param>
    /// <param name="isOutbound">Whether this node dialled it.</param>
    /// <param name="ipGroup">What peers that are probably one machine have in common.</param>
    public GossipPeer Connected(PeerId id, GossipVersion version, bool isOutbound, string? ipGroup = null)
    {
        var peer = new GossipPeer(id, _scores.Arrive(id, ipGroup), new OutboundQueue(_parameters, _mutations))
        {
            Version = version,
            IsOutbound = isOutbound,
            IpGroup = ipGroup,
        };
        _peers.Add(id, peer);
        SayHello(peer);
        return peer;
    }

    /// <summary>
    /// A new stream to the peer stands in place of one that broke: what waited is lost, so the peer hears again what we subscribe to, whom we
    /// have in our meshes, and which messages are here, in the mesh or not.
    /// </summary>
    public void Reopened(GossipPeer peer)
    {
        peer.Outbound.Clear();
        peer.IsAwake = false;
        peer.Stream++;
        SayHello(peer);
        GatherGossip();
        foreach (var topic in _topics.Values)
        {
            if (topic.Mesh.Contains(peer))
            {
                peer.Outbound.SetMesh(topic.Name, topic.Graft);
            }

            if (topic.Peers.Contains(peer) && IsGossiped(topic) && ScoreOf(peer) >= _parameters.Score.GossipThreshold)
            {
                peer.Outbound.TryAddGossip(RpcWriter.IHave(topic.Name, Sample(topic.Gossip)));
            }

            topic.Gossip.Clear();
        }

        Wake(peer);
    }

    /// <summary>The peer is gone. Its backoffs and its standing stay.</summary>
    public void Disconnected(GossipPeer peer)
    {
        if (!_peers.Remove(peer.Id))
        {
            return;
        }

        foreach (var topic in _topics.Values)
        {
            topic.Peers.Remove(peer);
            topic.Mesh.Remove(peer);
            topic.Fanout.Remove(peer);
            ForgetIfIdle(topic);
        }

        peer.Topics.Clear();
        peer.Outbound.Clear();
        _scores.Depart(peer.Score, peer.IpGroup, Now);
    }

    /// <summary>Writes the next frame for the peer, if anything waits.</summary>
    public bool TryTakeFrame(GossipPeer peer, IBufferWriter<byte> output)
    {
        peer.MovedAt = Now;
        return peer.IsAwake = peer.Outbound.TryTakeFrame(output, peer.Unwanted);
    }

    /// <summary>This node subscribes: the topic gets a mesh, and everybody is told.</summary>
    public void Subscribe(string name)
    {
        var topic = GetOrAddTopic(name);
        if (topic.IsSubscribed)
        {
            return;
        }

        topic.IsSubscribed = true;
        Announce(topic);
        foreach (var peer in topic.Fanout)
        {
            if (topic.Mesh.Count < _parameters.MeshSize && IsGraftable(topic, peer))
            {
                Graft(topic, peer);
            }
        }

        topic.Fanout.Clear();
        FillMesh(topic, _parameters.MeshSize, _ => true);
    }

    /// <summary>This node leaves the topic.</summary>
    public void Unsubscribe(string name)
    {
        if (!_topics.TryGetValue(name, out var topic) || !topic.IsSubscribed)
        {
            return;
        }

        topic.IsSubscribed = false;
        Announce(topic);
        foreach (var peer in topic.Mesh)
        {
            Prune(topic, peer, _parameters.UnsubscribeBackoff);
        }

        topic.Mesh.Clear();
        ForgetIfIdle(topic);
    }

    /// <summary>Peers that subscribe to the topic.</summary>
    public IReadOnlyList<PeerId> PeersOf(string name) => _topics.TryGetValue(name, out var topic) ? [.. topic.Peers.Select(peer => peer.Id)] : [];

    /// <summary>Peers of the topic's mesh.</summary>
    public IReadOnlyList<PeerId> MeshOf(string name) => _topics.TryGetValue(name, out var topic) ? [.. topic.Mesh.Select(peer => peer.Id)] : [];

    public GossipPeer? Find(PeerId id) => _peers.GetValueOrDefault(id);

    public double ScoreOf(GossipPeer peer) => peer.Score.Value(_parameters.Score);

    public bool IsGraylisted(GossipPeer peer) => ScoreOf(peer) < _parameters.Score.GraylistThreshold;

    /// <summary>Has the shell count what a peer did. Of many faults in one RPC one effect comes, or a flood of them would be one of effects.</summary>
    private void Report(GossipPeer peer, PubsubFault fault)
    {
        if (peer.AddFault(fault))
        {
            _effects.Enqueue(new GossipEffect(GossipEffectKind.Fault, peer, null, fault));
        }
    }

    private void SayHello(GossipPeer peer)
    {
        foreach (var topic in _topics.Values)
        {
            if (topic.IsSubscribed)
            {
                peer.Outbound.SetSubscription(topic.Name, isSubscribed: true);
            }
        }

        Wake(peer);
    }

    private void Announce(Topic topic)
    {
        foreach (var peer in _peers.Values)
        {
            peer.Outbound.SetSubscription(topic.Name, topic.IsSubscribed);
            Wake(peer);
        }
    }

    private void Wake(GossipPeer peer)
    {
        if (!peer.IsAwake && !peer.Outbound.IsEmpty)
        {
            peer.IsAwake = true;
            peer.MovedAt = Now;
            _effects.Enqueue(new GossipEffect(GossipEffectKind.Wake, peer, null));
        }
    }

    private Topic GetOrAddTopic(string name)
    {
        if (!_topics.TryGetValue(name, out var topic))
        {
            _topics.Add(name, topic = new Topic(name));
        }

        return topic;
    }

    /// <summary>The topic of a field, or null; without making a string of what may be garbage.</summary>
    private Topic? FindTopic(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > _parameters.MaxTopicBytes)
        {
            return null;
        }

        Span<char> characters = stackalloc char[utf8.Length];
        return Encoding.UTF8.TryGetChars(utf8, characters, out var written)
            && _topics.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(characters[..written], out var topic)
            ? topic
            : null;
    }

    private void ForgetIfIdle(Topic topic)
    {
        if (topic.IsIdle)
        {
            _topics.Remove(topic.Name);
        }
    }
}
