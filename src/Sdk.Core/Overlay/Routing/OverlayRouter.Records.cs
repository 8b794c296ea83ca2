using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;

namespace Sdk.Core.Overlay.Routing;

/// <summary>Records of the network: keeping them for others, putting, getting, and passing them on.</summary>
internal sealed partial class OverlayRouter
{
    /// <summary>Records sent in one message, and their length in bytes together: each costs the receiver a signature.</summary>
    private const int RecordsPerMessage = 16;
    private const int RecordBytesPerMessage = 48 * 1024;

    private readonly RecordReplication _replication;
    private readonly Queue<OverlayGet> _getsToPump = [];
    private readonly Queue<OverlayAddress> _arrived = [];
    private TimeSpan _nextRecordUpkeep;

    /// <summary>What this node keeps for others.</summary>
    public RecordStore Records { get; }

    private DateTimeOffset UtcNow => _time.GetUtcNow();

    /// <summary>Puts a record at the nodes nearest to its key; <see cref="PutEndedEffect"/> follows.</summary>
    /// <param name="record">A record of this network.</param>
    /// <param name="isRepeated">Whether this node puts it again every hour until it expires.</param>
    /// <returns>Null where it is to be repeated and there are too many of these, or a newer one is put already.</returns>
    public OverlayPut? BeginPut(OverlayRecord record, bool isRepeated)
    {
        if (isRepeated && !_replication.Publish(record, UtcNow))
        {
            return null;
        }

        var put = Put(record, isUpkeep: false);
        Settle();
        return put;
    }

    /// <summary>Gets what stands under a key; <see cref="GetEndedEffect"/> follows.</summary>
    public OverlayGet BeginGet(RecordKind kind, OverlayAddress key)
    {
        var get = new OverlayGet();
        Begin(key, _parameters.Replication.Holders, isUpkeep: false, lookup =>
        {
            var holders = HoldersOf(lookup);
            get.Holders = holders;
            get.Steps = new RecordGet(kind, key, holders.Keys, record => Records.Fault(record, UtcNow) is null);
            _getsToPump.Enqueue(get);
        });
        Settle();
        return get;
    }

    private OverlayPut Put(OverlayRecord record, bool isUpkeep)
    {
        var put = new OverlayPut(isUpkeep);
        Begin(record.Key, _parameters.Replication.Holders, isUpkeep: false, lookup =>
        {
            var holders = HoldersOf(lookup);
            var steps = put.Steps = new RecordPut(record, holders.Keys);
            foreach (var (address, contact) in holders)
            {
                Store(put, steps, address, contact);
            }

            EndIfSettled(put, steps);
        });
        return put;
    }

    /// <summary>The nodes that are to keep what stands under the lookup's target, the nearest first; this one has no contact.</summary>
    private OrderedDictionary<OverlayAddress, OverlayContact?> HoldersOf(OverlayLookup lookup)
    {
        var holders = new OrderedDictionary<OverlayAddress, OverlayContact?>();
        foreach (var contact in lookup.Steps.Nearest)
        {
            if (!Record.IsLight && !holders.ContainsKey(Address) && OverlayAddress.CompareDistance(lookup.Target, Address, contact.Record.Address) < 0)
            {
                holders.Add(Address, null);
            }

            holders.Add(contact.Record.Address, contact);
        }

        if (!Record.IsLight)
        {
            holders.TryAdd(Address, null);
        }

        while (holders.Count > lookup.Count)
        {
            holders.RemoveAt(holders.Count - 1);
        }

        return holders;
    }

    private void Store(OverlayPut put, RecordPut steps, OverlayAddress holder, OverlayContact? contact)
    {
        if (contact is null)
        {
            steps.Answered(holder, TakeIn(steps.Record, Address));
            return;
        }

        Reach(contact.Value, peer =>
        {
            if (peer is null)
            {
                steps.Answered(holder, null);
                EndIfSettled(put, steps);
                return;
            }

            Ask(peer, new StoreRecordsMessage([steps.Record]), answer =>
            {
                steps.Answered(holder, OutcomesOf(peer, answer, 1) is [var outcome] ? outcome : null);
                EndIfSettled(put, steps);
            });
        });
    }

    private void EndIfSettled(OverlayPut put, RecordPut steps)
    {
        if (put.HasEnded || !steps.IsSettled)
        {
            return;
        }

        put.HasEnded = true;
        RecordTelemetry.PutEnded(steps.Result.IsStored);
        if (!put.IsUpkeep)
        {
            _effects.Enqueue(new PutEndedEffect(put));
        }
    }

    /// <summary>What the peer says that became of records; nothing where it did not say so.</summary>
    private IReadOnlyList<RecordOutcome> OutcomesOf(OverlayPeer peer, OverlayMessage? answer, int count)
    {
        if (answer is StoredRecordsMessage { Outcomes: var outcomes } && outcomes.Count == count)
        {
            return outcomes;
        }

        if (answer is not (null or BusyMessage))
        {
            Fault(peer);
        }

        return [];
    }

    private void Pump(OverlayGet get)
    {
        var steps = get.Steps!;
        while (!get.HasEnded && steps.TryNext(out var holder, out var known))
        {
            AskForRecords(get, steps, holder, known);
        }

        if (!get.HasEnded && steps.IsSettled)
        {
            End(get, steps);
        }
    }

    private void AskForRecords(OverlayGet get, RecordGet steps, OverlayAddress holder, Hash256? known)
    {
        if (get.Holders[holder] is not { } contact)
        {
            steps.Answered(holder, Records.Find(steps.Kind.Id, steps.Key, UtcNow));
            return;
        }

        Reach(contact, peer =>
        {
            if (peer is null)
            {
                steps.Failed(holder);
                _getsToPump.Enqueue(get);
                return;
            }

            Ask(peer, new FetchRecordsMessage(steps.Kind.Id, steps.Key, known), answer =>
            {
                Take(steps, peer, known, answer);
                _getsToPump.Enqueue(get);
            });
        });
    }

    private void Take(RecordGet steps, OverlayPeer peer, Hash256? known, OverlayMessage? answer)
    {
        switch (answer)
        {
            case RecordsMessage { IsSame: true }:
                if (!steps.AnsweredSame(peer.Address, known))
                {
                    Fault(peer);
                }

                break;
            case RecordsMessage { Records: var records }:
                if (!steps.Answered(peer.Address, records))
                {
                    RecordTelemetry.Lied();
                    Fault(peer);
                }

                break;
            default:
                steps.Failed(peer.Address);
                if (answer is not (null or BusyMessage))
                {
                    Fault(peer);
                }

                break;
        }
    }

    private void End(OverlayGet get, RecordGet steps)
    {
        get.HasEnded = true;
        RecordTelemetry.GetEnded(steps.Newest.Count > 0);
        _effects.Enqueue(new GetEndedEffect(get));
        foreach (var (holder, records) in steps.Repairs)
        {
            if (holder == Address)
            {
                foreach (var record in records)
                {
                    TakeIn(record, Address);
                }
            }
            else if (_linked.TryGetValue(holder, out var peer))
            {
                Send(peer, records);
            }
        }
    }

    /// <summary>A peer wants this node to keep records.</summary>
    private OverlayMessage TakeInAll(OverlayPeer peer, IReadOnlyList<OverlayRecord> records, TimeSpan now)
    {
        var outcomes = new RecordOutcome[records.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (!peer.Allowance.Stores.TryTake(now, _parameters.Stores.PerSecond, _parameters.Stores.Burst))
            {
                OverlayTelemetry.Busy();
                return BusyMessage.Instance;
            }

            outcomes[i] = TakeIn(records[i], peer.Address);
        }

        if (outcomes.Any(outcome => outcome is RecordOutcome.InvalidSignature or RecordOutcome.WrongNetwork or RecordOutcome.WrongKey))
        {
            // No honest node passes these on, whatever kinds it knows.
            Fault(peer);
        }

        return new StoredRecordsMessage(outcomes);
    }

    private RecordOutcome TakeIn(OverlayRecord record, OverlayAddress from)
    {
        if (Record.IsLight)
        {
            return RecordOutcome.StoreFull;
        }

        var now = UtcNow;
        var outcome = Records.Put(record, from, now);
        if (outcome is RecordOutcome.Stored or RecordOutcome.Known)
        {
            _replication.Heard(record.Digest, now);
        }

        return outcome;
    }

    private RecordsMessage RecordsFor(FetchRecordsMessage fetch)
    {
        var records = Records.Find(fetch.Kind, fetch.Key, UtcNow);
        return fetch.Known is { } known && known == RecordSummary.Of(records) ? RecordsMessage.Same : new RecordsMessage(IsSame: false, records);
    }

    private WantedRecordsMessage WantedOf(OfferRecordsMessage offer)
    {
        var wanted = new List<int>();
        for (var i = 0; i < offer.Digests.Count; i++)
        {
            if (Records.Holds(offer.Digests[i]))
            {
                _replication.Heard(offer.Digests[i], UtcNow);
            }
            else if (!Record.IsLight)
            {
                wanted.Add(i);
            }
        }

        return new WantedRecordsMessage(wanted);
    }

    /// <summary>A node stands in the table now that may be nearer to some keys.</summary>
    private void Welcome(OverlayPeer peer)
    {
        if (peer.Standing == OverlayStanding.Routed && Records.Count > 0 && _arrived.Count < _parameters.MaxVisitors)
        {
            _arrived.Enqueue(peer.Address);
        }
    }

    private void KeepRecords(TimeSpan now)
    {
        if (now < _nextRecordUpkeep)
        {
            return;
        }

        _nextRecordUpkeep = now + _parameters.RecordUpkeep;
        var utc = UtcNow;
        Records.Sweep(utc);
        foreach (var record in _replication.TakeOwnDue(utc))
        {
            Put(record, isUpkeep: true);
        }

        foreach (var transfer in _replication.TakeDue(utc))
        {
            Offer(transfer);
        }

        while (_arrived.TryDequeue(out var newcomer))
        {
            if (_replication.Arrived(newcomer, utc) is { } transfer)
            {
                Offer(transfer);
            }
        }
    }

    /// <summary>Tells a node by their digests which records there are, and sends what it lacks.</summary>
    private void Offer(RecordTransfer transfer)
    {
        if (!_linked.TryGetValue(transfer.Target, out var peer))
        {
            return;
        }

        foreach (var page in transfer.Records.Chunk(OfferRecordsMessage.CountMax))
        {
            Ask(peer, new OfferRecordsMessage([.. page.Select(record => record.Digest)]), answer =>
            {
                if (answer is WantedRecordsMessage { Indices: var wanted } && wanted.All(index => index < page.Length) && wanted.Distinct().Count() == wanted.Count)
                {
                    Send(peer, [.. wanted.Select(index => page[index])]);
                }
                else if (answer is not (null or BusyMessage))
                {
                    Fault(peer);
                }
            });
        }
    }

    private void Send(OverlayPeer peer, IReadOnlyList<OverlayRecord> records)
    {
        var page = new List<OverlayRecord>();
        var lengthBytes = 0;
        foreach (var record in records)
        {
            if (page.Count == RecordsPerMessage || (page.Count > 0 && lengthBytes + record.LengthBytes > RecordBytesPerMessage))
            {
                AskToKeep(peer, page);
                page = [];
                lengthBytes = 0;
            }

            page.Add(record);
            lengthBytes += record.LengthBytes;
        }

        if (page.Count > 0)
        {
            AskToKeep(peer, page);
        }
    }

    private void AskToKeep(OverlayPeer peer, List<OverlayRecord> page)
    {
        if (peer.IsLinked)
        {
            Ask(peer, new StoreRecordsMessage(page), answer => OutcomesOf(peer, answer, page.Count));
        }
    }

    private OverlayAddress[] NearestConnected(OverlayAddress key, int count)
    {
        var nearest = new OverlayPeer[count];
        var found = Table.Closest(key, nearest, connectedOnly: true);
        return [.. nearest.Take(found).Select(peer => peer.Address)];
    }
}
