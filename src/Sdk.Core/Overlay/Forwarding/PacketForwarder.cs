using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Forwarding;

/// <summary>
/// Passes packets hop by hop through the overlay, without any input or output. One for an address goes from node to node, each nearer to the
/// address than the one before, to the node that is connected to none nearer. One for all of a prefix goes likewise to some node inside, and
/// from there to everybody inside, each passing it on to the members that it is connected to.
/// </summary>
/// <remarks>
/// Every hop answers for a packet: it accepts it when it has a place for it in the queue of the node after, or is busy, and then the hop before
/// tries another. So a queue that is full slows down those who fill it, back to whoever sends, while nobody waits for anybody: a ring of full
/// queues drops packets and does not stand still. That every hop is nearer makes loops impossible among honest nodes; the guard and the limit
/// of hops are for the others. Not thread-safe.
/// </remarks>
internal sealed class PacketForwarder<TPeer>
    where TPeer : RoutingPeer
{
    private readonly RoutingTable<TPeer> _table;
    private readonly ForwardingOptions _options;
    private readonly PacketGuard _guard;
    private readonly Dictionary<TPeer, Link> _links = [];
    private readonly Queue<ForwardEffect<TPeer>> _effects = [];
    private readonly TPeer[] _candidates;
    private int _delivering;

    /// <param name="table">Whom there is to pass packets to: its connected peers.</param>
    /// <param name="options">The bounds.</param>
    public PacketForwarder(RoutingTable<TPeer> table, ForwardingOptions options)
    {
        (_table, _options) = (table, options);
        _guard = new PacketGuard(options.GuardCapacity, options.GuardLifetime);
        _candidates = new TPeer[options.MaxFanOut];
    }

    /// <summary>Whether this node only sends: it stands in nobody's table, and nothing is for it.</summary>
    public bool IsLight { get; set; }

    /// <summary>Packets that were accepted and then found nobody to take them.</summary>
    public long DroppedPackets { get; private set; }

    /// <summary>The next thing to do.</summary>
    public bool TryTakeEffect(out ForwardEffect<TPeer> effect) => _effects.TryDequeue(out effect);

    /// <summary>Sends a packet of this node.</summary>
    /// <returns>The outcome, or null where the effect <see cref="ForwardEffectKind.Settled"/> brings it.</returns>
    public RouteOutcome? Originate(RoutedPacket packet, TimeSpan now)
    {
        if (_guard.Contains(packet.Id))
        {
            return RouteOutcome.Accepted;
        }

        var step = Step(new Passage(packet, from: null, fromLink: null, now), now);
        return step == Stage.Queued ? null : OutcomeOf(step);
    }

    /// <summary>A peer passes a packet on.</summary>
    /// <returns>What the peer is to be told.</returns>
    public RouteOutcome Receive(TPeer from, RoutedPacket packet, TimeSpan now)
    {
        if (_guard.Contains(packet.Id))
        {
            return RouteOutcome.Accepted;
        }

        var link = LinkOf(from);
        if (IsLight || link.Carried >= _options.MaxCarried)
        {
            return IsLight ? RouteOutcome.NoRoute : RouteOutcome.Busy;
        }

        // More hops than anybody may ask for are not given, whatever the packet says.
        var hops = Math.Min(packet.HopsLeft, RoutedPacket.MaxHops);
        return OutcomeOf(Step(new Passage(packet with { HopsLeft = hops }, from, link, now), now));
    }

    /// <summary>Takes the next packet that is to be sent to a peer now.</summary>
    public bool TryTakePacket(TPeer peer, TimeSpan now, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RoutedPacket? packet)
    {
        packet = null;
        if (!_links.TryGetValue(peer, out var link))
        {
            return false;
        }

        while (link.Unanswered.Count < _options.Window && link.Waiting.TryDequeue(out var passage))
        {
            passage.Since = now;
            if (link.Unanswered.TryAdd(passage.Packet.Id, passage))
            {
                packet = passage.Packet with { HopsLeft = passage.Packet.HopsLeft - 1 };
                return true;
            }

            End(passage, RouteOutcome.Accepted);
        }

        return false;
    }

    /// <summary>A peer says what it made of a packet that it was sent. What nobody asked is not heard.</summary>
    public void Answered(TPeer peer, UInt128 id, RouteOutcome outcome, TimeSpan now)
    {
        if (!_links.TryGetValue(peer, out var link) || !link.Unanswered.Remove(id, out var passage))
        {
            return;
        }

        Settle(passage, outcome, now);
        if (link.Waiting.Count > 0)
        {
            Wake(peer);
        }
    }

    /// <summary>The peer is gone: what it had not accepted goes another way.</summary>
    public void Disconnected(TPeer peer, TimeSpan now)
    {
        if (!_links.Remove(peer, out var link))
        {
            return;
        }

        foreach (var passage in link.Unanswered.Values.Concat(link.Waiting))
        {
            Settle(passage, RouteOutcome.Busy, now);
        }
    }

    /// <summary>A packet that was delivered here was handled.</summary>
    public void Delivered() => _delivering--;

    /// <summary>Time has passed: called about once a second.</summary>
    public void Tick(TimeSpan now)
    {
        List<(TPeer Peer, Passage Passage)> late = [];
        foreach (var (peer, link) in _links)
        {
            late.AddRange(link.Unanswered.Values.Where(IsLate).Select(passage => (peer, passage)));

            // A peer that reads nothing: what waits for it goes to others.
            while (link.Waiting.TryPeek(out var waiting) && IsLate(waiting))
            {
                late.Add((peer, link.Waiting.Dequeue()));
            }
        }

        foreach (var (peer, passage) in late)
        {
            if (_links.TryGetValue(peer, out var link))
            {
                link.Unanswered.Remove(passage.Packet.Id);
                Wake(peer);
            }

            Settle(passage, RouteOutcome.Busy, now);
        }

        bool IsLate(Passage passage) => now - passage.Since >= _options.AnswerTimeout;
    }

    private static RouteOutcome OutcomeOf(Stage stage) => stage switch
    {
        Stage.Queued or Stage.Delivered => RouteOutcome.Accepted,
        Stage.Busy => RouteOutcome.Busy,
        Stage.TooWide => RouteOutcome.TooWide,
        _ => RouteOutcome.NoRoute,
    };

    private Stage Step(Passage passage, TimeSpan now)
    {
        var packet = passage.Packet;
        var stage = !packet.IsToAll ? Pass(passage)
            : packet.Target.LengthBits + _options.MaxSpreadBits < _table.Depth ? Stage.TooWide
            : packet.Target.Contains(_table.Self) && !IsLight ? Spread(passage)
            : Pass(passage);

        // One that was not accepted may come again, by another way or later.
        if (stage is Stage.Queued or Stage.Delivered)
        {
            _guard.Add(packet.Id, now);
        }

        return stage;
    }

    /// <summary>Passes a packet to a peer that is nearer to where it goes; to this node itself, where there is none.</summary>
    private Stage Pass(Passage passage)
    {
        var packet = passage.Packet;
        var target = packet.Target.First;
        var stage = Stage.NoRoute;
        var isAnyNearer = false;
        var candidates = _candidates.AsSpan(0, Math.Min(_candidates.Length, _options.MaxTries + 2));
        foreach (var peer in candidates[.._table.Closest(target, candidates, connectedOnly: true)])
        {
            if (!IsLight && OverlayAddress.CompareDistance(target, peer.Address, _table.Self) >= 0)
            {
                break;
            }

            isAnyNearer = true;
            if (passage.Tried.Count >= _options.MaxTries || packet.HopsLeft == 0)
            {
                break;
            }

            if (peer == passage.From || passage.Tried.Contains(peer))
            {
                continue;
            }

            if (TryQueue(peer, passage))
            {
                return Stage.Queued;
            }

            stage = Stage.Busy;
        }

        return isAnyNearer || packet.IsToAll || IsLight ? stage : Deliver(packet);
    }

    private Stage Spread(Passage passage)
    {
        var packet = passage.Packet;
        var stage = Deliver(packet);
        if (stage != Stage.Delivered || packet.HopsLeft == 0)
        {
            return stage;
        }

        foreach (var peer in _candidates.AsSpan(0, _table.Closest(_table.Self, _candidates, connectedOnly: true)))
        {
            // By the distance to a member of the prefix, all members come before all others.
            if (!packet.Target.Contains(peer.Address))
            {
                break;
            }

            if (peer != passage.From)
            {
                // Whoever has no room for it gets it from another member.
                TryQueue(peer, new Passage(packet, passage.From, passage.FromLink, passage.Since) { IsCopy = true });
            }
        }

        return stage;
    }

    private Stage Deliver(RoutedPacket packet)
    {
        if (_delivering >= _options.MaxDelivering)
        {
            return Stage.Busy;
        }

        _delivering++;
        _effects.Enqueue(new(ForwardEffectKind.Deliver, null, packet, default));
        return Stage.Delivered;
    }

    private bool TryQueue(TPeer peer, Passage passage)
    {
        var link = LinkOf(peer);
        if (link.Waiting.Count >= _options.MaxWaiting)
        {
            return false;
        }

        passage.Tried.Add(peer);
        link.Waiting.Enqueue(passage);
        if (!passage.IsQueued)
        {
            passage.IsQueued = true;
            passage.Carry(1);
        }

        Wake(peer);
        return true;
    }

    /// <summary>The outcome of a packet at one peer: another is tried if it was not accepted.</summary>
    private void Settle(Passage passage, RouteOutcome outcome, TimeSpan now)
    {
        if (outcome is RouteOutcome.Accepted or RouteOutcome.TooWide || passage.IsCopy)
        {
            End(passage, outcome);
            return;
        }

        passage.Since = now;
        var again = Pass(passage);
        if (again != Stage.Queued)
        {
            // What the peers said tells more than that there are no others.
            End(passage, again == Stage.NoRoute ? outcome : OutcomeOf(again));
        }
    }

    private void End(Passage passage, RouteOutcome outcome)
    {
        passage.Carry(-1);
        if (passage.IsCopy)
        {
            return;
        }

        if (passage.From is null)
        {
            _effects.Enqueue(new(ForwardEffectKind.Settled, null, passage.Packet, outcome));
        }
        else if (outcome != RouteOutcome.Accepted)
        {
            DroppedPackets++;
        }
    }

    private void Wake(TPeer peer) => _effects.Enqueue(new(ForwardEffectKind.Wake, peer, null, default));

    private Link LinkOf(TPeer peer)
    {
        if (!_links.TryGetValue(peer, out var link))
        {
            _links[peer] = link = new Link();
        }

        return link;
    }

    /// <summary>What this node has to do with one peer.</summary>
    private sealed class Link
    {
        public Queue<Passage> Waiting { get; } = [];

        public Dictionary<UInt128, Passage> Unanswered { get; } = [];

        /// <summary>Packets that came from the peer and wait for others.</summary>
        public int Carried { get; set; }
    }

    /// <summary>What came of looking for a packet's way.</summary>
    private enum Stage
    {
        Queued,
        Delivered,
        Busy,
        NoRoute,
        TooWide,
    }

    /// <summary>A packet on its way through this node.</summary>
    private sealed class Passage(RoutedPacket packet, TPeer? from, Link? fromLink, TimeSpan since)
    {
        public RoutedPacket Packet => packet;

        public TPeer? From => from;

        public Link? FromLink => fromLink;

        /// <summary>Since when it waits, or its next node has it.</summary>
        public TimeSpan Since { get; set; } = since;

        public List<TPeer> Tried { get; } = [];

        public bool IsQueued { get; set; }

        /// <summary>One of several that go to members of a prefix: nobody waits for what becomes of it.</summary>
        public bool IsCopy { get; init; }

        public void Carry(int change)
        {
            if (fromLink is not null)
            {
                fromLink.Carried += change;
            }
        }
    }
}
