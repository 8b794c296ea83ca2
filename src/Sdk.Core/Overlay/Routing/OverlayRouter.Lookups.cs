using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Overlay.Routing;

/// <summary>Lookups, and the dials that they and the upkeep wait for.</summary>
internal sealed partial class OverlayRouter
{
    private readonly Dictionary<OverlayAddress, List<Action<OverlayPeer?>>> _dials = [];
    private readonly Queue<OverlayLookup> _toPump = [];
    private readonly Queue<(TimeSpan Due, OverlayLookup Lookup, OverlayContact Contact)> _patience = [];
    private readonly List<OverlayContact> _named = [];
    private bool _hasLearnt;

    /// <summary>Whether a node is being dialled.</summary>
    public bool IsDialling => _dials.Count > 0;

    /// <summary>Looks up the nodes nearest to an address; <see cref="LookupEndedEffect"/> follows.</summary>
    /// <param name="target">Any address.</param>
    /// <param name="count">How many nodes are wanted.</param>
    public OverlayLookup BeginLookup(OverlayAddress target, int count)
    {
        var lookup = Begin(target, count, isUpkeep: false);
        Settle();
        return lookup;
    }

    private OverlayLookup Begin(OverlayAddress target, int count, bool isUpkeep, Action<OverlayLookup>? ended = null)
    {
        var parameters = _parameters.Lookup with { Count = count };
        if (isUpkeep && target != Address)
        {
            parameters = parameters with { Paths = _parameters.VacancyPaths };
        }

        var steps = new Lookup<OverlayContact>(
            target, Address, parameters, static contact => contact.Record.Address, contact => FaultOf(contact.Record) == NodeRecordFault.None, RecordComparer.Instance);
        var nearest = new OverlayPeer[2 * _parameters.MaxNodes];
        var found = Table.Closest(target, nearest, connectedOnly: true);
        if (found == 0)
        {
            // Whoever was known before may still be there.
            found = Table.Closest(target, nearest);
        }

        var contacts = new OverlayContact[found];
        for (var i = 0; i < found; i++)
        {
            contacts[i] = new OverlayContact(nearest[i].Record, nearest[i].Floor);
        }

        steps.Seed(contacts);
        var lookup = new OverlayLookup(steps, count, new LookupGroups(_parameters.LookupContactsPerGroup, parameters.Paths * parameters.NamedMax), isUpkeep)
        {
            Question = new FindNodesMessage(target, Math.Min(_parameters.MaxNodes, (2 * count) + 2)),
            Ended = ended,
        };
        _toPump.Enqueue(lookup);
        return lookup;
    }

    /// <summary>Does what the event before led to. Answers and failures come back at once sometimes, so lookups go on from here only.</summary>
    private void Settle()
    {
        if (_hasLearnt)
        {
            _hasLearnt = false;
            DialWhomTheTableNeeds(Now);
        }

        while (_toPump.Count + _getsToPump.Count > 0)
        {
            if (_toPump.TryDequeue(out var lookup))
            {
                Pump(lookup);
            }
            else if (_getsToPump.TryDequeue(out var get))
            {
                Pump(get);
            }
        }
    }

    private void Pump(OverlayLookup lookup)
    {
        while (!lookup.HasEnded && lookup.Steps.TryNext(out var contact))
        {
            _patience.Enqueue((Now + _parameters.LookupPatience, lookup, contact));
            AskForNearer(lookup, contact);
        }

        if (!lookup.HasEnded && lookup.Steps.IsDone)
        {
            End(lookup);
        }
    }

    /// <summary>Whoever was asked long ago is most likely gone: the lookup does not wait until that is certain.</summary>
    private void PassOverTheSlow(TimeSpan now)
    {
        while (_patience.TryPeek(out var slow) && slow.Due <= now)
        {
            _patience.Dequeue();
            if (!slow.Lookup.HasEnded)
            {
                slow.Lookup.Steps.Failed(slow.Contact);
                _toPump.Enqueue(slow.Lookup);
            }
        }
    }

    private void AskForNearer(OverlayLookup lookup, OverlayContact contact, bool isAgain = false)
    {
        var begin = Now;
        if (_linked.TryGetValue(contact.Record.Address, out var linked))
        {
            Ask(lookup.Question, new LookupQuestion(this, linked, lookup, contact, begin, isAgain));
            return;
        }

        ReachByDial(lookup, contact, begin, isAgain);
    }

    // For itself, so that whoever is connected costs no closure.
    private void ReachByDial(OverlayLookup lookup, OverlayContact contact, TimeSpan begin, bool isAgain) => Reach(contact, peer =>
    {
        if (peer is null)
        {
            lookup.Steps.Failed(contact);
            _toPump.Enqueue(lookup);
            return;
        }

        Ask(lookup.Question, new LookupQuestion(this, peer, lookup, contact, begin, isAgain));
    });

    private void Take(OverlayLookup lookup, OverlayContact contact, OverlayPeer peer, OverlayMessage? answer)
    {
        if (answer is not NodesMessage { Nodes: var nodes } || nodes.Count > _parameters.MaxNodes)
        {
            lookup.Steps.Failed(contact);
            if (answer is not (null or BusyMessage))
            {
                Fault(peer);
            }

            return;
        }

        _named.Clear();
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            var named = new OverlayContact(node, peer.Floor);
            if (!named.IsDialable)
            {
                OverlayTelemetry.RecordRefused("private");
                Fault(peer);
                continue;
            }

            if (lookup.Groups.Admit(named.Group, node.Address))
            {
                _named.Add(named);
            }
        }

        lookup.Steps.Answered(contact, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_named));
        lookup.News += Hear(peer, nodes);
    }

    private void End(OverlayLookup lookup)
    {
        lookup.HasEnded = true;
        OverlayTelemetry.LookupEnded(lookup.Steps.IsSpent);
        foreach (var forger in lookup.Steps.Forgers)
        {
            OverlayTelemetry.RecordRefused(NodeRecordFault.Signature);
            if (_linked.TryGetValue(forger.Record.Address, out var peer))
            {
                Fault(peer);
            }
        }

        if (lookup.Ended is { } ended)
        {
            ended(lookup);
        }
        else if (lookup.IsUpkeep)
        {
            UpkeepLookupEnded(lookup);
        }
        else
        {
            _effects.Enqueue(new LookupEndedEffect(lookup));
        }
    }

    /// <summary>Gives the connected peer behind a contact, dialling it if need be; null where it is not reached.</summary>
    private void Reach(OverlayContact contact, Action<OverlayPeer?> reached)
    {
        var address = contact.Record.Address;
        if (_linked.TryGetValue(address, out var peer))
        {
            reached(peer);
        }
        else if (_dials.TryGetValue(address, out var waiting))
        {
            waiting.Add(reached);
        }
        else if (contact.IsDialable && !IsBanned(address))
        {
            _dials.Add(address, [reached]);
            _effects.Enqueue(new DialEffect(contact.Record, contact.Addresses));
        }
        else
        {
            reached(null);
        }
    }

    private bool IsBanned(OverlayAddress address) => _bans.TryGetValue(address, out var until) && Now < until;

    private void EndDial(OverlayAddress address, OverlayPeer? peer)
    {
        if (_dials.Remove(address, out var waiting))
        {
            foreach (var reached in waiting)
            {
                reached(peer);
            }
        }
    }

    private sealed class LookupQuestion(OverlayRouter router, OverlayPeer peer, OverlayLookup lookup, OverlayContact contact, TimeSpan begin, bool isAgain)
        : OverlayQuestion(peer)
    {
        public override void Ended(OverlayMessage? answer)
        {
            if (answer is null && Peer.HasHungUp && !isAgain)
            {
                // It let go of an idle connection while the question was under way, and lives.
                router.AskForNearer(lookup, contact, isAgain: true);
                return;
            }

            if (answer is not null && !lookup.IsUpkeep)
            {
                lookup.Times[contact.Record.Address] = router.Now - begin;
            }

            router.Take(lookup, contact, Peer, answer);
            router._toPump.Enqueue(lookup);
        }
    }

    private sealed class RecordComparer : IEqualityComparer<OverlayContact>
    {
        public static RecordComparer Instance { get; } = new();

        public bool Equals(OverlayContact one, OverlayContact other) => ReferenceEquals(one.Record, other.Record) || one.Record.Equals(other.Record);

        public int GetHashCode(OverlayContact contact) => contact.Record.GetHashCode();
    }
}
