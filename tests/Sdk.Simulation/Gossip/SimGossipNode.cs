using System.Buffers;
using System.Text;
using Sdk.Core;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Gossip;

/// <summary>An honest node: the router that ships, and a shell that does on the simulated clock what <see cref="Gossipsub"/> does on threads.</summary>
internal sealed class SimGossipNode
{
    private static readonly TimeSpan FrameTime = TimeSpan.FromMicroseconds(200);
    private readonly GossipWorld _world;
    private readonly GossipRouter _router;
    private readonly SimRandom _random;
    private readonly Dictionary<int, Link> _links = [];
    private readonly Dictionary<GossipPeer, Link> _linksOfPeers = [];
    private readonly HashSet<int> _delivered = [];
    private ulong _sequence;

    public SimGossipNode(GossipWorld world, int index)
    {
        (_world, Index) = (world, index);
        _random = world.Sim.Random($"node {index}");
        _router = new GossipRouter(
            GossipKeys.Signer(index).Peer, GossipWorld.Parameters, world.Sim.Time, new Random((int)_random.Next()), world.Mutations);
    }

    public int Index { get; }

    public bool IsPublishing { get; set; } = true;

    private SimScheduler Scheduler => _world.Sim.Scheduler;

    public bool HasDelivered(int message) => _delivered.Contains(message);

    public string Describe() => $"node {Index}: mesh {_router.MeshOf(GossipWorld.Topic).Count}, scores "
        + string.Join(' ', _links.Select(link => $"{link.Key}:{_router.ScoreOf(link.Value.Peer):F1}"));

    public void Start()
    {
        Subscribe();
        Scheduler.Schedule(_random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), Heartbeat);
        ScheduleNextMessage();
    }

    public void Connected(int other, bool isOutbound)
    {
        if (_links.ContainsKey(other))
        {
            return;
        }

        // The peer must be known before its link is woken.
        GossipPeer peer = _router.Connected(GossipKeys.Signer(other).Peer, GossipVersion.Meshsub12, isOutbound);
        _links.Add(other, _linksOfPeers[peer] = new Link(other, peer));
        Settle();
    }

    public void Disconnected(int other)
    {
        if (_links.Remove(other, out Link? link))
        {
            _linksOfPeers.Remove(link.Peer);
            _router.Disconnected(link.Peer);
            Settle();
        }
    }

    public void Subscribe()
    {
        _router.Subscribe(GossipWorld.Topic);
        Settle();
    }

    public void Unsubscribe()
    {
        _router.Unsubscribe(GossipWorld.Topic);
        Settle();
    }

    public int? Publish()
    {
        if (_router.IsCongested(GossipWorld.Topic))
        {
            return null;
        }

        string text = $"{Index}/{++_sequence} {new string('x', _random.Percent(10) ? 1500 : 100)}";
        int number = _world.Register(Index, text);
        PubsubMessage message = PubsubMessage.Create(GossipWorld.Topic, Encoding.UTF8.GetBytes(text), GossipKeys.Signer(Index), _sequence, null);
        _delivered.Add(number);
        _router.Publish(message);
        Settle();
        return number;
    }

    /// <summary>Whether the frame is the next of its stream, or the first of a new one; streams deliver nothing else.</summary>
    public bool Accepts(GossipPacket packet)
    {
        if (!_links.TryGetValue(packet.From, out Link? link))
        {
            return false;
        }

        if (packet.Stream > link.InboundStream && packet.Number == 0)
        {
            (link.InboundStream, link.InboundNumber) = (packet.Stream, 0);
        }

        bool accepts = packet.Stream == link.InboundStream && packet.Number == link.InboundNumber;
        link.InboundNumber += accepts ? 1 : 0;
        return accepts;
    }

    public void Receive(GossipPacket packet)
    {
        GossipPeer peer = _links[packet.From].Peer;
        try
        {
            RpcLimits.Check(packet.Rpc);
            _router.Receive(peer, packet.Rpc);
        }
        catch (ProtocolViolationException)
        {
            _router.ReceivedGarbage(peer);
        }

        Settle();
    }

    public void StreamBroke(int to, int stream)
    {
        if (_links.TryGetValue(to, out Link? link) && link.OutboundStream == stream)
        {
            link.OutboundStream++;
            link.OutboundNumber = 0;
            _router.Reopened(link.Peer);
            Settle();
        }
    }

    private void Heartbeat()
    {
        _router.Heartbeat();
        Settle();
        CheckBounds();
        Scheduler.Schedule(TimeSpan.FromSeconds(1), Heartbeat);
    }

    private void ScheduleNextMessage() => Scheduler.Schedule(_random.Between(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2)), () =>
    {
        if (IsPublishing)
        {
            Publish();
            ScheduleNextMessage();
        }
    });

    private void Settle()
    {
        while (_router.TryTakeEffect(out GossipEffect effect))
        {
            switch (effect.Kind)
            {
                case GossipEffectKind.Wake when _linksOfPeers.GetValueOrDefault(effect.Peer!) is { IsPumping: false } link:
                    link.IsPumping = true;
                    Scheduler.Schedule(FrameTime, () => Pump(link));
                    break;
                case GossipEffectKind.Wake when !_linksOfPeers.ContainsKey(effect.Peer!):
                    break;
                case GossipEffectKind.Deliver:
                    Deliver(effect.Message!);
                    break;
                case GossipEffectKind.Reset when _linksOfPeers.GetValueOrDefault(effect.Peer!) is { } link:
                    Scheduler.Schedule(TimeSpan.Zero, () => StreamBroke(link.Other, link.OutboundStream));
                    break;
                case GossipEffectKind.Fault:
                    effect.Peer!.TakeFaults(effect.Fault);
                    break;
                case GossipEffectKind.Validate:
                    PubsubMessage message = effect.Message!;
                    Scheduler.Schedule(_random.Between(TimeSpan.FromMicroseconds(100), TimeSpan.FromMilliseconds(3)), () => Judge(message));
                    break;
            }
        }
    }

    private void Pump(Link link)
    {
        var frame = new ArrayBufferWriter<byte>();
        if (!_links.ContainsValue(link) || (link.Other == _world.Spammer.Index && _world.Spammer.IsDeaf) || !_router.TryTakeFrame(link.Peer, frame))
        {
            link.IsPumping = false;
            return;
        }

        Varint.TryRead(frame.WrittenSpan, out _, out int prefix);
        _world.Send(new GossipPacket(Index, link.Other, link.OutboundStream, link.OutboundNumber++, frame.WrittenSpan[prefix..].ToArray()));
        Scheduler.Schedule(FrameTime, () => Pump(link));
    }

    private void Judge(PubsubMessage message)
    {
        bool isValid = _world.Verify(message) || _world.Mutations.HasFlag(GossipMutations.NoVerification);
        _router.Validated(message, isValid ? MessageVerdict.Accept : MessageVerdict.Forged);
        Settle();
    }

    private void Deliver(PubsubMessage message)
    {
        int number = _world.CheckDelivered(Index, message);
        _world.Sim.Trace.Record("deliver", Index, number);
        if (!_delivered.Add(number))
        {
            throw new InvariantViolationException("G2", $"node {Index} delivered message {number} twice");
        }
    }

    private void CheckBounds()
    {
        GossipParameters parameters = GossipWorld.Parameters;
        Require(_router.SeenCount <= Math.Min(parameters.MaxSeen, _world.Published), "seen ids", _router.SeenCount);
        Require(_router.PublisherCount <= _world.Nodes.Count, "publishers", _router.PublisherCount);
        Require(_router.CacheBytes <= parameters.MaxCacheBytes, "cached bytes", _router.CacheBytes);
        Require(_router.TopicCount <= 1 + (parameters.MaxTopicsPerPeer * _links.Count), "topics", _router.TopicCount);
        foreach (GossipPeer peer in _router.Peers)
        {
            Require(peer.Outbound.Messages <= parameters.MaxQueuedMessages, "waiting messages", peer.Outbound.Messages);
            Require(peer.Unwanted.Count <= parameters.MaxIDontWant, "unwanted ids", peer.Unwanted.Count);
        }
    }

    private void Require(bool holds, string what, int count)
    {
        if (!holds)
        {
            throw new InvariantViolationException("G4", $"node {Index} holds {count} {what}");
        }
    }

    private sealed class Link(int other, GossipPeer peer)
    {
        public int Other => other;

        public GossipPeer Peer => peer;

        public bool IsPumping { get; set; }

        public int OutboundStream { get; set; }

        public int OutboundNumber { get; set; }

        public int InboundStream { get; set; }

        public int InboundNumber { get; set; }
    }
}
