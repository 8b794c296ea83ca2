using Sdk.Core;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Simulation.Overlay;

/// <summary>A node that runs the shipping <see cref="OverlayRouter"/>, and does what that says over the simulated network.</summary>
internal sealed class SimOverlayNode
{
    private readonly OverlayWorld _world;
    private readonly NetworkGroup _group;
    private readonly Dictionary<OverlayLookup, Action<OverlayLookup?>> _lookups = [];
    private readonly Dictionary<(OverlayAddress Peer, ulong Request), OverlayAddress> _targets = [];
    private OverlayRouter? _router;

    public SimOverlayNode(OverlayWorld world, int index, NodeRecord record)
    {
        (_world, Index, Record) = (world, index, record);
        _group = record.Addresses[0].TryGetIp(out System.Net.IPAddress? ip) ? NetworkGroup.Of(ip) : NetworkGroup.None;
    }

    public int Index { get; }

    public NodeRecord Record { get; }

    public OverlayAddress Address => Record.Address;

    public bool IsAlive => _router is not null;

    /// <summary>When it joined.</summary>
    public TimeSpan Since { get; private set; }

    /// <summary>What it names instead of what it knows; null for an honest node.</summary>
    public Func<OverlayAddress, IReadOnlyList<NodeRecord>>? Lie { get; set; }

    public bool IsHonest => Lie is null;

    public long Sent { get; set; }

    public long Received { get; set; }

    public OverlayRouter Router => _router ?? throw new InvalidOperationException($"Node {Index} is not there.");

    /// <summary>Comes to life, and dials those that it was told of.</summary>
    public void Join(params SimOverlayNode[] bootstrap)
    {
        Since = _world.Sim.Scheduler.Now;
        _router = new OverlayRouter(Record, _world.Parameters, _world.Sim.Time, new Random(Index + (int)(_world.Sim.Seed << 8)));
        foreach (SimOverlayNode node in bootstrap)
        {
            _world.Network.Dial(this, node.Address);
        }

        Tick(_router);
    }

    /// <summary>Is gone, without a word.</summary>
    public void Vanish()
    {
        _router = null;
        foreach (Action<OverlayLookup?> ended in _lookups.Values)
        {
            ended(null);
        }

        _lookups.Clear();
    }

    /// <summary>Is gone, and its connections are closed.</summary>
    public void Leave()
    {
        OverlayPeer[] peers = [.. Router.Linked];
        Vanish();
        foreach (OverlayPeer peer in peers)
        {
            _world.Network.Close(this, (SimLink)peer.Link!);
        }
    }

    /// <summary><paramref name="ended"/> gets null if the node goes before the lookup ends.</summary>
    public void LookUp(OverlayAddress target, Action<OverlayLookup?> ended)
    {
        _lookups.Add(Router.BeginLookup(target, _world.LookupCount), ended);
        Settle();
    }

    public void DialFailed(OverlayAddress address)
    {
        _world.Sim.Trace.Record("dial failed", Index, _world.Network.Find(address)?.Index ?? -1);
        _router?.DialFailed(address);
        Settle();
    }

    public void LinkOpened(SimLink link, NodeRecord record)
    {
        if (_router is null || link.IsClosed)
        {
            DialFailed(record.Address);
            return;
        }

        try
        {
            OverlayPeer peer = _router.Connected(record, AddressReach.World, link.Other(this)._group);
            peer.Link = link;
            _world.Sim.Trace.Record("linked", Index, link.Other(this).Index, (long)peer.Standing);
            (link.AtDialer, link.AtListener) = this == link.Dialer ? (peer, link.AtListener) : (link.AtDialer, peer);
        }
        catch (PeerRefusedException)
        {
            _world.Network.Close(this, link);
            _router.DialFailed(record.Address);
        }

        Settle();
    }

    /// <summary>The other end closed it, be it before this one heard that it stood.</summary>
    public void LinkEnded(SimLink link)
    {
        if (link.PeerAt(this) is { } peer && peer.Link == link)
        {
            peer.Link = null;
            _world.Sim.Trace.Record("unlinked", Index, link.Other(this).Index);
            _router?.Disconnected(peer);
        }
        else if (this == link.Dialer)
        {
            _router?.DialFailed(link.Listener.Address);
        }

        Settle();
    }

    public void Receive(SimLink link, ulong request, bool isAnswer, OverlayMessage message)
    {
        if (_router is null || link.PeerAt(this) is not { } peer || peer.Link != link)
        {
            return;
        }

        Received++;
        if (!IsHonest && message is FindNodesMessage find)
        {
            _targets[(peer.Address, request)] = find.Target;
        }

        _router.Receive(peer, request, isAnswer, message);
        Settle();
    }

    private void Tick(OverlayRouter router)
    {
        if (_router == router)
        {
            router.Tick();
            Settle();
            _world.Sim.Scheduler.Schedule(OverlayWorld.TickInterval, () => Tick(router));
        }
    }

    private void Settle()
    {
        while (_router is not null && _router.TryTakeEffect(out OverlayEffect? effect))
        {
            switch (effect)
            {
                case DialEffect dial:
                    _world.CheckNotForged(this, dial.Record);
                    _world.Network.Dial(this, dial.Record.Address);
                    break;
                case SendEffect { Peer.Link: SimLink link } send:
                    _world.Network.Send(this, link, send.Request, send.IsAnswer, IsHonest ? send.Message : Bend(send));
                    break;
                case CloseEffect { Peer: { Link: SimLink link } peer }:
                    peer.Link = null;
                    _world.Network.Close(this, link);
                    break;
                case LookupEndedEffect ended when _lookups.Remove(ended.Lookup, out Action<OverlayLookup?>? done):
                    done(ended.Lookup);
                    break;
                default:
                    break;
            }
        }
    }

    private OverlayMessage Bend(SendEffect send)
    {
        if (send.Message is not NodesMessage)
        {
            return send.Message;
        }

        OverlayAddress target = send.IsAnswer && _targets.Remove((send.Peer.Address, send.Request), out OverlayAddress asked) ? asked : send.Peer.Address;
        return new NodesMessage(Lie!(target));
    }
}
