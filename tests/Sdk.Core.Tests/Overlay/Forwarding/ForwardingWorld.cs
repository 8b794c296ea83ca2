using Sdk.Core.Addressing;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Forwarding;
using Sdk.Core.Tests.Addressing;

namespace Sdk.Core.Tests.Overlay.Forwarding;

/// <summary>Nodes that are connected as an overlay is, and pass packets in one thread: one packet of one node at a step, in random order.</summary>
internal sealed class ForwardingWorld
{
    private readonly Random _random;
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<OverlayAddress, Node> _byAddress = [];

    public ForwardingWorld(int seed, int nodes, ForwardingOptions? options = null)
    {
        _random = new Random(seed);
        for (var i = 0; i < nodes; i++)
        {
            var node = new Node(Addresses.Random(_random), options ?? ForwardingOptions.Default);
            _nodes.Add(node);
            _byAddress.Add(node.Address, node);
        }

        foreach (var node in _nodes)
        {
            Connect(node);
        }
    }

    public IReadOnlyList<Node> Nodes => _nodes;

    public TimeSpan Now { get; set; }

    /// <summary>Packets that went over a connection.</summary>
    public int Hops { get; private set; }

    public Node Any() => _nodes[_random.Next(_nodes.Count)];

    public Node NearestTo(OverlayAddress target) => _nodes.MinBy(node => Addresses.Distance(target, node.Address))!;

    public RoutedPacket PacketTo(OverlayAddress target) =>
        new(NextId(), AddressPrefix.Create(target, AddressPrefix.LengthBitsMax), false, RoutedPacket.MaxHops, "test", new byte[] { 1 });

    public RoutedPacket PacketToAll(AddressPrefix prefix) => new(NextId(), prefix, true, RoutedPacket.MaxHops, "test", new byte[] { 1 });

    public void Send(Node node, RoutedPacket packet)
    {
        if (node.Forwarder.Originate(packet, Now) is { } outcome)
        {
            node.Settled.Add((packet, outcome));
        }
    }

    /// <summary>Passes packets until none is on its way.</summary>
    public void Run()
    {
        while (Step())
        {
        }
    }

    private bool Step()
    {
        var moved = false;
        foreach (var node in _nodes.OrderBy(_ => _random.Next()).ToList())
        {
            while (node.Forwarder.TryTakeEffect(out var effect))
            {
                moved = true;
                switch (effect.Kind)
                {
                    case ForwardEffectKind.Deliver:
                        node.Delivered.Add(effect.Packet!);
                        node.Forwarder.Delivered();
                        break;
                    case ForwardEffectKind.Settled:
                        node.Settled.Add((effect.Packet!, effect.Outcome));
                        break;
                    default:
                        node.Woken.Enqueue(effect.Peer!);
                        break;
                }
            }

            if (node.Woken.TryDequeue(out var peer))
            {
                moved = true;
                Pass(node, peer);
            }
        }

        return moved;
    }

    private void Pass(Node node, TestPeer peer)
    {
        if (!node.Forwarder.TryTakePacket(peer, Now, out var packet))
        {
            return;
        }

        Hops++;
        node.Woken.Enqueue(peer);
        var to = _byAddress[peer.Address];
        var outcome = to.Forwarder.Receive(to.PeerOf(node), packet, Now);
        node.Forwarder.Answered(peer, packet.Id, outcome, Now);
    }

    /// <summary>All neighbours that share as many bits as eight others do, and eight of every bin before.</summary>
    private void Connect(Node node)
    {
        foreach (var bin in _nodes.Where(other => other != node).GroupBy(other => node.Address.Proximity(other.Address)).OrderBy(bin => bin.Key))
        {
            var isNeighbourhood = _nodes.Count(other => node.Address.Proximity(other.Address) > bin.Key) < 8;
            foreach (var other in bin.Take(isNeighbourhood ? int.MaxValue : 8))
            {
                node.Link(other);
                other.Link(node);
            }
        }
    }

    private UInt128 NextId() => new((ulong)_random.NextInt64(), (ulong)_random.NextInt64());

    internal sealed class Node
    {
        private static readonly RoutingTableOptions TableOptions = new() { MaxKnownPerBin = int.MaxValue };

        public Node(OverlayAddress address, ForwardingOptions options)
        {
            Table = new RoutingTable<TestPeer>(address, TableOptions);
            Forwarder = new PacketForwarder<TestPeer>(Table, options);
        }

        public RoutingTable<TestPeer> Table { get; }

        public PacketForwarder<TestPeer> Forwarder { get; }

        public OverlayAddress Address => Table.Self;

        public List<RoutedPacket> Delivered { get; } = [];

        public List<(RoutedPacket Packet, RouteOutcome Outcome)> Settled { get; } = [];

        public Queue<TestPeer> Woken { get; } = [];

        public TestPeer PeerOf(Node other) => Table.TryFind(other.Address, out var peer) ? peer : throw new InvalidOperationException("Not connected.");

        public void Link(Node other)
        {
            var peer = new TestPeer(other.Address);
            if (Table.Add(peer, default) == RoutingOutcome.Added)
            {
                Table.Connected(peer, default);
            }
        }
    }
}
