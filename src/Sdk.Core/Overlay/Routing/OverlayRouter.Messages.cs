using System.Buffers;
using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Routing;

/// <summary>Questions, answers and notices.</summary>
internal sealed partial class OverlayRouter
{
    private readonly OverlayDeadlines _deadlines = new();
    private ulong _lastNumber;

    /// <summary>Asks a connected peer. <paramref name="ended"/> is called once: with the answer, or with null where none comes.</summary>
    private void Ask(OverlayPeer peer, OverlayMessage message, Action<OverlayMessage?> ended) => Ask(message, new CallbackQuestion(peer, ended));

    private void Ask(OverlayMessage message, OverlayQuestion question)
    {
        (question.Number, question.Deadline) = (++_lastNumber, Now + _parameters.AnswerTimeout);
        question.Peer.Add(question);
        _deadlines.Add(question);
        _effects.Enqueue(new SendEffect(question.Peer, question.Number, IsAnswer: false, message));
    }

    private void Tell(OverlayPeer peer, OverlayMessage notice) => _effects.Enqueue(new SendEffect(peer, 0, IsAnswer: false, notice));

    private void Answer(OverlayPeer peer, ulong request, OverlayMessage question, TimeSpan now)
    {
        if (question is not PingMessage)
        {
            peer.LastAsked = now;
        }

        if (!peer.Allowance.Questions.TryTake(now, _parameters.Questions.PerSecond, _parameters.Questions.Burst))
        {
            OverlayTelemetry.Busy();
            _effects.Enqueue(new SendEffect(peer, request, IsAnswer: true, BusyMessage.Instance));
            return;
        }

        if (AnswerTo(peer, question) is { } answer)
        {
            _effects.Enqueue(new SendEffect(peer, request, IsAnswer: true, answer));
        }
        else
        {
            Fault(peer);
        }
    }

    /// <summary>The answer to a question; null for what is none.</summary>
    private OverlayMessage? AnswerTo(OverlayPeer peer, OverlayMessage question) => question switch
    {
        PingMessage => PongMessage.Instance,
        FindNodesMessage find => new NodesMessage(NodesNear(find.Target, peer, Math.Clamp(find.Count, 1, _parameters.MaxNodes))),
        StoreRecordsMessage store => TakeInAll(peer, store.Records, Now),
        FetchRecordsMessage fetch => RecordsFor(fetch),
        OfferRecordsMessage offer => WantedOf(offer),
        _ => null,
    };

    private void Notice(OverlayPeer peer, OverlayMessage notice)
    {
        switch (notice)
        {
            case NodesMessage nodes:
                Hear(peer, nodes.Nodes);
                break;
            case RenewalMessage renewal:
                Renewed(peer, renewal.Record);
                break;
            default:
                Fault(peer);
                break;
        }
    }

    private void Renewed(OverlayPeer peer, NodeRecord record)
    {
        if (record.Address != peer.Address)
        {
            OverlayTelemetry.RecordRefused("peer");
            Fault(peer);
            return;
        }

        if (record.Sequence <= peer.Record.Sequence)
        {
            return;
        }

        var fault = FaultOf(record);
        if (fault != NodeRecordFault.None || record.Peer != peer.Record.Peer)
        {
            OverlayTelemetry.RecordRefused(fault);
            Fault(peer);
            return;
        }

        if (record.IsLight != peer.Record.IsLight)
        {
            LetGoAsWhatItWas(peer);
        }

        peer.Record = record;
    }

    /// <summary>The peer was light and is not any more, or has become so: it comes back as what it is now.</summary>
    private void LetGoAsWhatItWas(OverlayPeer peer)
    {
        if (peer.Standing == OverlayStanding.Routed)
        {
            Table.Remove(peer);
        }

        LetGo(peer, OverlayCloseReason.Idle);
    }

    /// <summary>The nodes nearest to an address that this node is connected to and that the asker may dial, without itself, and few of each network group.</summary>
    private ArraySegment<NodeRecord> NodesNear(OverlayAddress target, OverlayPeer asker, int count)
    {
        // Who is ground to be near stands in few networks: those behind them must be named too.
        var nearest = ArrayPool<OverlayPeer>.Shared.Rent((2 * count) + 1);
        var found = Table.Closest(target, nearest.AsSpan(0, (2 * count) + 1), connectedOnly: true);
        Span<NetworkGroup> groups = stackalloc NetworkGroup[found];
        var named = new NodeRecord[Math.Min(count, found)];
        var namedCount = 0;
        for (var i = 0; i < found && namedCount < named.Length; i++)
        {
            var peer = nearest[i];
            groups[i] = peer.Group;
            if (peer != asker && new OverlayContact(peer.Record, asker.Floor).IsDialable
                && (peer.Group.IsNone || groups[..i].Count(peer.Group) < _parameters.Table.MaxPerGroupInBin))
            {
                named[namedCount++] = peer.Record;
            }
        }

        ArrayPool<OverlayPeer>.Shared.Return(nearest, clearArray: true);
        return new ArraySegment<NodeRecord>(named, 0, namedCount);
    }

    /// <summary>Takes over what the peer names, as far as the table has room for it and it holds.</summary>
    /// <returns>How many nodes were new, and such as the table lacks.</returns>
    private int Hear(OverlayPeer namer, IReadOnlyList<NodeRecord> nodes)
    {
        var news = 0;
        for (var i = 0; i < nodes.Count && i < _parameters.MaxNodes; i++)
        {
            news += TryLearn(new OverlayContact(nodes[i], namer.Floor), namer) && Lacks(nodes[i].Address) ? 1 : 0;
        }

        return news;
    }

    private bool Lacks(OverlayAddress address)
    {
        var order = Address.Proximity(address);
        return order >= Table.Depth || Table.Connected(order).Length < _parameters.Table.Saturation;
    }

    private bool TryLearn(OverlayContact contact, OverlayPeer? namer)
    {
        var record = contact.Record;
        if (record.Address == Address)
        {
            return false;
        }

        var isKnown = Table.TryFind(record.Address, out var known);
        var order = Address.Proximity(record.Address);
        var isWanted = isKnown
            ? record.Sequence > known!.Record.Sequence && !known.IsLinked
            : order >= Table.Depth || Table.Known(order).Length < _parameters.Table.MaxKnownPerBin;
        if (!isWanted || (namer is not null && !namer.Allowance.Namings.TryTake(Now, _parameters.Namings.PerSecond, _parameters.Namings.Burst)) || !IsGood(contact, namer))
        {
            return false;
        }

        if (!isKnown)
        {
            var isAdded = Table.Add(new OverlayPeer(record, contact.Group, contact.Floor), Now) == RoutingOutcome.Added;
            _hasLearnt |= isAdded;
            return isAdded;
        }

        // Another device may have taken over the address: whoever answers there shows it.
        if (Table.TryRegroup(known!, contact.Group))
        {
            (known!.Record, known.Floor) = (record, contact.Floor);
        }

        return false;
    }

    /// <summary>Whether a node that somebody named can be dialled and is who it seems; if not, it is held against who named it.</summary>
    private bool IsGood(OverlayContact contact, OverlayPeer? namer)
    {
        if (!contact.IsDialable)
        {
            OverlayTelemetry.RecordRefused("private");
        }
        else if (FaultOf(contact.Record) is var fault and not NodeRecordFault.None)
        {
            OverlayTelemetry.RecordRefused(fault);
        }
        else
        {
            return true;
        }

        if (namer is not null)
        {
            Fault(namer);
        }

        return false;
    }

    private void EndLateQuestions(TimeSpan now)
    {
        while (_deadlines.Late(now) is { } question)
        {
            _deadlines.Remove(question);
            question.Peer.TryTake(question.Number, out _);
            question.Ended(null);
            Missed(question.Peer, now);
        }
    }

    /// <summary>The peer did not answer: it is asked again at once whether it lives, and let go after a few times.</summary>
    private void Missed(OverlayPeer peer, TimeSpan now)
    {
        if (!peer.IsLinked || _parameters.Mutations.HasFlag(OverlayMutations.NoLiveness))
        {
            return;
        }

        if (peer.Standing == OverlayStanding.Routed && peer.Failures == 0)
        {
            _topology.Missed(now);
        }

        var isForgotten = peer.Standing == OverlayStanding.Routed && Table.Failed(peer, now);
        if (isForgotten || peer.Standing != OverlayStanding.Routed || peer.Failures >= _parameters.Table.MaxFailures)
        {
            var isNeighbour = peer.Standing == OverlayStanding.Routed && peer.ProximityOrder >= Table.Depth;
            LetGo(peer, OverlayCloseReason.Silent);
            if (isNeighbour)
            {
                HurryUpkeep();
            }
        }
        else if (!peer.IsAsked)
        {
            AskWhetherItLives(peer);
        }
    }

    private void AskWhetherItLives(OverlayPeer peer) => Ask(PingMessage.Instance, new LivenessQuestion(this, peer));

    private sealed class CallbackQuestion(OverlayPeer peer, Action<OverlayMessage?> ended) : OverlayQuestion(peer)
    {
        public override void Ended(OverlayMessage? answer) => ended(answer);
    }

    private sealed class LivenessQuestion(OverlayRouter router, OverlayPeer peer) : OverlayQuestion(peer)
    {
        public override void Ended(OverlayMessage? answer)
        {
            if (answer is not (null or PongMessage or BusyMessage))
            {
                router.Fault(Peer);
            }
        }
    }
}
