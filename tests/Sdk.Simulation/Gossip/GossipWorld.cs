using System.Security.Cryptography;
using System.Text;
using Sdk.Core.Networking.Pubsub;
using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Gossip;

/// <summary>A frame on a stream: streams are counted per direction, frames within a stream.</summary>
internal sealed record GossipPacket(int From, int To, int Stream, int Number, byte[] Rpc);

/// <summary>
/// Honest nodes, one spammer that is connected to all of them, the streams between them, and the checkers. A frame that the network loses
/// breaks its stream: nothing after it arrives, and the sender notices later and opens another, as over TCP.
/// </summary>
internal sealed class GossipWorld
{
    public const string Topic = "t";

    /// <summary>Small, so that a few nodes show what many would. All peers outside a mesh hear gossip, so that what must arrive does not hang on chance.</summary>
    public static readonly GossipParameters Parameters = new()
    {
        MeshSize = 3,
        MeshLow = 2,
        MeshHigh = 5,
        MeshBest = 2,
        MeshOutbound = 1,
        LazySize = 16,
        MaxQueuedMessages = 32,
        MaxTopicsPerPeer = 8,
        MaxCacheBytes = 64 * 1024,
        MaxSeen = 20_000,

        // Short, so that within a run what was seen is forgotten and comes back; longer than anything that is late without malice.
        SeenLifetime = TimeSpan.FromSeconds(15),
    };

    private readonly SimRandom _random;
    private readonly Dictionary<string, (int Author, int Number)> _published = [];
    private readonly Dictionary<string, bool> _verified = [];
    private readonly Dictionary<(int From, int To), TimeSpan> _backoffs = [];
    private readonly MessageVerifier _verifier = new();

    public GossipWorld(SimWorld sim, int nodes, GossipMutations mutations)
    {
        Sim = sim;
        Mutations = mutations;
        _random = sim.Random("world");
        Network = new SimNetwork<GossipPacket>(sim, nodes + 1, Deliver) { Dropped = Broke };
        Nodes = [.. Enumerable.Range(0, nodes).Select(index => new SimGossipNode(this, index))];
        Spammer = new Spammer(this, nodes);
    }

    public SimWorld Sim { get; }

    public GossipMutations Mutations { get; }

    public SimNetwork<GossipPacket> Network { get; }

    public IReadOnlyList<SimGossipNode> Nodes { get; }

    public Spammer Spammer { get; }

    public int Published => _published.Count;

    /// <summary>A ring, so that the honest are connected whatever the spammer does, and some links across.</summary>
    public void ConnectAll()
    {
        int count = Nodes.Count;
        var links = new HashSet<(int, int)>();
        for (int i = 0; i < count; i++)
        {
            links.Add(Ordered(i, (i + 1) % count));
            links.Add(Ordered(i, (i + 1 + _random.Next(count - 1)) % count));
        }

        foreach ((int one, int other) in links)
        {
            Sim.Scheduler.Schedule(_random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => Connect(one, other));
        }

        foreach (SimGossipNode node in Nodes)
        {
            node.Connected(Spammer.Index, isOutbound: false);
            node.Start();
        }

        Spammer.Start();
    }

    public void Connect(int one, int other)
    {
        bool dials = _random.Percent(50);
        Nodes[one].Connected(other, dials);
        Nodes[other].Connected(one, !dials);
    }

    public void Send(GossipPacket packet)
    {
        if (packet.To != Spammer.Index && packet.From != Spammer.Index)
        {
            CheckBackoff(packet, isSending: true);
        }

        Network.Send(packet.From, packet.To, packet, packet.Number);
    }

    /// <summary>An honest node published; returns the message's number.</summary>
    public int Register(int author, string text)
    {
        _published.Add(text, (author, _published.Count));
        Sim.Operations++;
        return _published.Count - 1;
    }

    /// <summary>What the node's subscriber gets, checked against what was published.</summary>
    public int CheckDelivered(int node, PubsubMessage message)
    {
        string text = Encoding.UTF8.GetString(message.Data.Span);
        if (!_published.TryGetValue(text, out (int Author, int Number) known) || GossipKeys.Signer(known.Author).Peer != message.From)
        {
            throw new InvariantViolationException("G3", $"node {node} delivered a message that nobody honest published");
        }

        return known.Number;
    }

    /// <summary>The verdict of the real verification; many nodes ask of the same bytes.</summary>
    public bool Verify(PubsubMessage message)
    {
        string key = Convert.ToHexString(SHA256.HashData(message.Encoded));
        if (!_verified.TryGetValue(key, out bool valid))
        {
            _verified[key] = valid = _verifier.Verify(message);
        }

        message.From = valid ? message.From ?? PeerOf(message) : null;
        return valid;
    }

    private static Sdk.Core.Networking.PeerId? PeerOf(PubsubMessage message) =>
        Sdk.Core.Networking.PeerId.TryFromBytes(message.FromField, out Sdk.Core.Networking.PeerId? peer) ? peer : null;

    private static (int One, int Other) Ordered(int one, int other) => one < other ? (one, other) : (other, one);

    private void Deliver(int from, int to, GossipPacket packet)
    {
        if (to == Spammer.Index)
        {
            Spammer.Receive(packet);
            return;
        }

        if (Nodes[to].Accepts(packet))
        {
            if (from != Spammer.Index)
            {
                CheckBackoff(packet, isSending: false);
            }

            Nodes[to].Receive(packet);
        }
    }

    private void Broke(GossipPacket packet)
    {
        if (packet.From != Spammer.Index)
        {
            Sim.Scheduler.Schedule(
                _random.Between(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(500)), () => Nodes[packet.From].StreamBroke(packet.To, packet.Stream));
        }
    }

    /// <summary>Between honest nodes: who sent or heard a PRUNE sends no GRAFT to that peer before its time.</summary>
    private void CheckBackoff(GossipPacket packet, bool isSending)
    {
        var rpc = new RpcReader(packet.Rpc);
        while (rpc.TryRead())
        {
            if (rpc.Field != RpcFields.Control)
            {
                continue;
            }

            var control = new RpcReader(rpc.Bytes);
            while (control.TryRead())
            {
                if (control.Field == RpcFields.Prune)
                {
                    (int From, int To) way = isSending ? (packet.From, packet.To) : (packet.To, packet.From);
                    _backoffs[way] = Sim.Scheduler.Now + BackoffOf(control.Bytes);
                }
                else if (control.Field == RpcFields.Graft && isSending && _backoffs.GetValueOrDefault((packet.From, packet.To)) > Sim.Scheduler.Now)
                {
                    throw new InvariantViolationException("G5", $"node {packet.From} grafts {packet.To} within its backoff");
                }
            }
        }
    }

    private static TimeSpan BackoffOf(ReadOnlySpan<byte> prune)
    {
        var reader = new RpcReader(prune);
        while (reader.TryRead())
        {
            if (reader.Field == RpcFields.PruneBackoff)
            {
                return TimeSpan.FromSeconds(reader.Number);
            }
        }

        return TimeSpan.Zero;
    }
}
