using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Overlay.Routing;

/// <summary>
/// A node's part in the overlay, without any input or output: events go in by the methods, what is to be done comes out of
/// <see cref="TryTakeEffect"/>. It keeps the routing table, dials whom the table needs, notices who is silent, answers and asks, and runs
/// lookups. Not thread-safe.
/// </summary>
/// <remarks>
/// Everything that a peer says is checked before anything changes; false things are counted (<see cref="OverlayTelemetry"/>) and held against
/// who said them. Bounded: peers of the table by its bins, visitors, light peers, bans, and what each peer may ask.
/// </remarks>
internal sealed partial class OverlayRouter
{
    private readonly OverlayParameters _parameters;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly long _startedAt;
    private readonly Topology<OverlayPeer> _topology;
    private readonly Dictionary<OverlayAddress, OverlayPeer> _linked = [];
    private readonly OrderedDictionary<OverlayAddress, TimeSpan> _bans = [];
    private readonly Queue<OverlayEffect> _effects = [];
    private int _visitors;
    private TimeSpan _noRoomUntil;
    private int _lights;

    /// <param name="self">This node's record.</param>
    /// <param name="parameters">The numbers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads lookups and pauses; no secret hangs on it.</param>
    public OverlayRouter(NodeRecord self, OverlayParameters parameters, TimeProvider time, Random random)
    {
        (Record, _parameters, _time, _random) = (self, parameters, time, random);
        _startedAt = time.GetTimestamp();
        Table = new RoutingTable<OverlayPeer>(self.Address, parameters.Table);
        _topology = new Topology<OverlayPeer>(Table, parameters.Topology);
        Records = new RecordStore(self.Address, self.NetworkId, parameters.Records, parameters.RecordStore);
        _replication = new RecordReplication(self.Address, Records, parameters.Replication, random, NearestConnected);
        _upkeepPause = parameters.UpkeepMin;
    }

    /// <summary>This node's record.</summary>
    public NodeRecord Record { get; private set; }

    /// <summary>This node's address.</summary>
    public OverlayAddress Address => Table.Self;

    /// <summary>Who is known, and who of them is connected.</summary>
    public RoutingTable<OverlayPeer> Table { get; }

    /// <summary>All connected peers: those of the table, visitors and light ones.</summary>
    public IReadOnlyCollection<OverlayPeer> Linked => _linked.Values;

    private TimeSpan Now => _time.GetElapsedTime(_startedAt);

    /// <summary>The next thing to do.</summary>
    public bool TryTakeEffect([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out OverlayEffect? effect) => _effects.TryDequeue(out effect);

    /// <summary>This node has a new record; peers are told.</summary>
    public void Renew(NodeRecord record)
    {
        Record = record;
        foreach (var peer in _linked.Values)
        {
            Tell(peer, new RenewalMessage(record));
        }
    }

    /// <summary>Somebody whom this node trusts, a file of its own for one, names a node. It is dialled when the table needs it.</summary>
    public void Learn(NodeRecord record, AddressReach floor) => TryLearn(new OverlayContact(record, floor), namer: null);

    /// <summary>A connection stands, and the peer has shown its record; that it is the connection's own was checked.</summary>
    /// <param name="record">The peer's record.</param>
    /// <param name="floor">How far addresses must reach that this peer names.</param>
    /// <param name="group">The network that the connection comes from or leads to; none where that says nothing.</param>
    /// <exception cref="PeerRefusedException">The record is not good, or there is no room.</exception>
    public OverlayPeer Connected(NodeRecord record, AddressReach floor, NetworkGroup group)
    {
        var now = Now;
        Admit(record, now);
        if (_linked.TryGetValue(record.Address, out var former) && former.Record.Peer == record.Peer
            && former.Record.IsLight != record.IsLight && record.Sequence > former.Record.Sequence)
        {
            LetGoAsWhatItWas(former);
        }

        if (_linked.TryGetValue(record.Address, out var peer))
        {
            if (peer.Record.Peer != record.Peer)
            {
                throw Refusal("duplicate", "Another device with the same overlay address is connected.");
            }

            TakeNewer(peer, record);
        }
        else
        {
            peer = record.IsLight ? PlaceLight(record, floor) : Place(record, floor, group, now);
            peer.LastAsked = now;
            peer.IsDialled = _dials.ContainsKey(peer.Address);
            _linked.Add(peer.Address, peer);
            OverlayTelemetry.Peers.Add(1);
            Welcome(peer);
            if (peer.Standing != OverlayStanding.Visiting)
            {
                Tell(peer, new NodesMessage(NodesNear(peer.Address, peer, _parameters.MaxNodes)));
            }
        }

        peer.HasHungUp = false;
        EndDial(peer.Address, peer);
        if (!HasJoined && !_parameters.Mutations.HasFlag(OverlayMutations.NoUpkeep))
        {
            LookAround(now);
        }

        Settle();
        return peer;
    }

    /// <summary>The peer's last connection is gone. Nothing happens if this router let go of it itself.</summary>
    public void Disconnected(OverlayPeer peer)
    {
        if (_linked.TryGetValue(peer.Address, out var linked) && linked == peer)
        {
            peer.HasHungUp = true;
            Unlink(peer);
            Settle();
        }
    }

    /// <summary>A node that was to be dialled was not reached.</summary>
    public void DialFailed(OverlayAddress address)
    {
        if (Table.TryFind(address, out var peer) && !peer.IsLinked)
        {
            Table.Failed(peer, Now);
        }

        EndDial(address, null);
        Settle();
    }

    /// <summary>A connected peer said something.</summary>
    public void Receive(OverlayPeer peer, ulong request, bool isAnswer, OverlayMessage message)
    {
        if (!peer.IsLinked)
        {
            return;
        }

        var now = Now;
        if (peer.Standing == OverlayStanding.Routed)
        {
            Table.Used(peer, now);
        }

        if (isAnswer)
        {
            // One that comes too late has no question any more, and is no fault.
            if (peer.TryTake(request, out var question))
            {
                _deadlines.Remove(question);
                question.Ended(message);
            }
        }
        else if (request != 0)
        {
            Answer(peer, request, message, now);
        }
        else
        {
            Notice(peer, message);
        }

        Settle();
    }

    /// <summary>Time has passed: called about once a second.</summary>
    public void Tick()
    {
        var now = Now;
        EndLateQuestions(now);
        PassOverTheSlow(now);
        KeepUp(now);
        KeepRecords(now);
        Settle();
    }

    /// <summary>What a peer sent is against the rules.</summary>
    public void ReceivedGarbage(OverlayPeer peer)
    {
        Fault(peer);
        Settle();
    }

    /// <summary>What a peer did or said is against the rules, or false.</summary>
    private void Fault(OverlayPeer peer)
    {
        if (++peer.Faults >= _parameters.MaxFaults && peer.IsLinked)
        {
            Ban(peer.Address);
            if (peer.Standing == OverlayStanding.Routed)
            {
                Table.Remove(peer);
            }

            LetGo(peer, OverlayCloseReason.Faulty);
        }
    }

    private static PeerRefusedException Refusal(string reason, string message)
    {
        OverlayTelemetry.PeerRefused(reason);
        return new PeerRefusedException(message);
    }

    private void Admit(NodeRecord record, TimeSpan now)
    {
        if (record.Address == Address)
        {
            throw Refusal("duplicate", "The peer has this node's own overlay address.");
        }

        if (_bans.TryGetValue(record.Address, out var until) && now < until)
        {
            throw Refusal("banned", "The peer broke the overlay's rules.");
        }

        if (FaultOf(record) is var fault and not NodeRecordFault.None)
        {
            OverlayTelemetry.RecordRefused(fault);
            throw Refusal("record", $"The peer's node record is not good: {fault}.");
        }
    }

    private NodeRecordFault FaultOf(NodeRecord record) => _parameters.Mutations.HasFlag(OverlayMutations.NoVerification)
        ? NodeRecordFault.None
        : record.Check(Record.NetworkId, _time.GetUtcNow());

    private OverlayPeer PlaceLight(NodeRecord record, AddressReach floor)
    {
        if (_lights >= _parameters.MaxLight)
        {
            throw Refusal("full", "This node serves as many light nodes as it can.");
        }

        _lights++;
        return new OverlayPeer(record, NetworkGroup.None, floor) { Standing = OverlayStanding.Light };
    }

    private OverlayPeer Place(NodeRecord record, AddressReach floor, NetworkGroup group, TimeSpan now)
    {
        var isKnown = Table.TryFind(record.Address, out var peer);
        peer ??= new OverlayPeer(record, group, floor);
        TakeNewer(peer, record);
        peer.Floor = floor;
        var isPlaced = new OverlayContact(record, floor).IsDialable && (isKnown ? Table.TryRegroup(peer, group) : Table.Add(peer, now) == RoutingOutcome.Added) && IsWelcome(peer.Address);
        if (isPlaced)
        {
            Table.Connected(peer, now);
            peer.Standing = OverlayStanding.Routed;
            return peer;
        }

        if (_visitors >= _parameters.MaxVisitors && !TryMakeRoomForVisitor(now))
        {
            throw Refusal("full", "This node serves as many visitors as it can.");
        }

        _visitors++;
        peer.Standing = OverlayStanding.Visiting;
        return peer;
    }

    /// <summary>A visitor that the table has come to need stays.</summary>
    private void Promote(OverlayPeer visitor, TimeSpan now)
    {
        if (visitor.Standing == OverlayStanding.Visiting && IsWelcome(visitor.Address))
        {
            _visitors--;
            visitor.Standing = OverlayStanding.Routed;
            Table.Connected(visitor, now);
        }
    }

    /// <summary>Whether the address's bin has a place: the neighbourhood has one for all, other bins until they are more than saturated.</summary>
    private bool IsWelcome(OverlayAddress address)
    {
        var order = Address.Proximity(address);
        return order >= Table.Depth || Table.Connected(order).Length < _parameters.Table.Oversaturation;
    }

    private bool TryMakeRoomForVisitor(TimeSpan now)
    {
        if (now < _noRoomUntil)
        {
            return false;
        }

        // Whoever came by himself gets time to ask. Whom this node dialled, and who has answered, is needed no more.
        var oldest = _linked.Values
            .Where(peer => peer.Standing == OverlayStanding.Visiting && !peer.IsAsked && (peer.IsDialled || now - peer.LastAsked >= TimeSpan.FromSeconds(1)))
            .MinBy(peer => peer.LastAsked);
        if (oldest is null)
        {
            // Where very many come at once, not each of them is worth a look at all who are here.
            _noRoomUntil = now + TimeSpan.FromMilliseconds(100);
            return false;
        }

        LetGo(oldest, OverlayCloseReason.Idle);
        return true;
    }

    private static void TakeNewer(OverlayPeer peer, NodeRecord record)
    {
        if (record.Sequence > peer.Record.Sequence)
        {
            peer.Record = record;
        }
    }

    private void LetGo(OverlayPeer peer, OverlayCloseReason reason)
    {
        OverlayTelemetry.PeerClosed(reason);
        Unlink(peer);
        _effects.Enqueue(new CloseEffect(peer, reason));
    }

    private void Unlink(OverlayPeer peer)
    {
        if (!_linked.Remove(peer.Address))
        {
            return;
        }

        OverlayTelemetry.Peers.Add(-1);
        switch (peer.Standing)
        {
            case OverlayStanding.Routed when Table.TryFind(peer.Address, out var known) && known == peer:
                var depth = Table.Depth;
                Table.Disconnected(peer);
                if (Table.Depth < depth)
                {
                    HurryUpkeep();
                }

                break;
            case OverlayStanding.Visiting:
                _visitors--;
                break;
            case OverlayStanding.Light:
                _lights--;
                break;
            default:
                break;
        }

        peer.Standing = OverlayStanding.Away;
        while (peer.TryTakeFirst(out var question))
        {
            _deadlines.Remove(question);
            question.Ended(null);
        }
    }

    private void Ban(OverlayAddress address)
    {
        _bans.Remove(address);
        if (_bans.Count >= _parameters.MaxBans)
        {
            _bans.RemoveAt(0);
        }

        _bans.Add(address, Now + _parameters.Ban);
    }
}
