using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// Keeps records where they belong while nodes come and go. Their writer puts them again every hour. A holder that has heard nothing of a record
/// for an hour and a while of its own offers it to the nearest nodes, which spares the others: about one holder does so for all. When a node
/// arrives that is nearer to a key than this one, the two nearest holders hand its records over. A record's expiry ends all of it.
/// </summary>
/// <remarks>Nothing here sends anything: it says what is to be sent. Not thread-safe.</remarks>
/// <param name="self">This node.</param>
/// <param name="store">What it keeps.</param>
/// <param name="options">The numbers.</param>
/// <param name="random">Spreads the work; no secret hangs on it.</param>
/// <param name="nearest">The connected nodes nearest to an address, without this one, the nearest first; at most as many as asked for.</param>
internal sealed class RecordReplication(
    OverlayAddress self,
    RecordStore store,
    RecordReplicationOptions options,
    Random random,
    Func<OverlayAddress, int, IReadOnlyList<OverlayAddress>> nearest)
{
    /// <summary>Of two holders that hand over, one may be gone, or wrong about the neighbourhood.</summary>
    private const int Handovers = 2;

    private readonly Dictionary<RecordName, Own> _own = [];

    /// <summary>Own records that are put again.</summary>
    public int OwnCount => _own.Count;

    /// <summary>From now on this node puts the record again until it expires or a newer one takes its place.</summary>
    /// <returns>False where there are too many, or the node puts a newer one already.</returns>
    public bool Publish(OverlayRecord record, DateTimeOffset now)
    {
        var name = RecordName.Of(record);
        var isKnown = _own.TryGetValue(name, out var known);
        if (isKnown ? known!.Record.Replaces(record) : _own.Count >= options.OwnMax)
        {
            return false;
        }

        _own[name] = new Own(record, now + Spread(options.Interval));
        return true;
    }

    /// <summary>Own records that are to be put again now; what has expired is forgotten.</summary>
    public IReadOnlyList<OverlayRecord> TakeOwnDue(DateTimeOffset now)
    {
        List<OverlayRecord> due = [];
        foreach (var (name, own) in _own)
        {
            if (own.Record.Expires <= now)
            {
                _own.Remove(name);
            }
            else if (own.DueAt <= now && due.Count < options.OwnDueMax)
            {
                due.Add(own.Record);
                own.DueAt = now + Spread(options.Interval);
            }
        }

        return due;
    }

    /// <summary>The record came in, or another node showed that it has it: nobody needs to hear of it for a while.</summary>
    public void Heard(Hash256 digest, DateTimeOffset now)
    {
        if (!store.TryGet(digest, out var held))
        {
            return;
        }

        var isNew = held.RepublishBy == default;
        held.RepublishBy = isNew ? now + options.Longest : held.RepublishBy;
        var next = now + options.Interval + (options.Jitter * random.NextDouble());
        held.RepublishAt = next < held.RepublishBy ? next : held.RepublishBy;
    }

    /// <summary>What this node passes on now, to whom.</summary>
    public IReadOnlyList<RecordTransfer> TakeDue(DateTimeOffset now)
    {
        HeldRecord[] due = [.. store.Held.Where(held => held.RepublishAt <= now && held.Record.Expires > now).Take(options.DueMax)];
        var transfers = new Dictionary<OverlayAddress, List<OverlayRecord>>();
        foreach (var held in due)
        {
            held.RepublishBy = default;
            Heard(held.Record.Digest, now);
            foreach (var holder in nearest(held.Record.Key, options.Holders))
            {
                Add(transfers, holder, held.Record);
            }
        }

        return [.. transfers.Select(transfer => new RecordTransfer(transfer.Key, transfer.Value))];
    }

    /// <summary>What a node that has just arrived should keep and this node hands over; null if there is nothing.</summary>
    public RecordTransfer? Arrived(OverlayAddress newcomer, DateTimeOffset now)
    {
        List<OverlayRecord> records = [];
        foreach (var held in store.Held.Take(options.ArrivalMax))
        {
            var key = held.Record.Key;
            if (held.Record.Expires > now && IsNearer(key, newcomer) && IsAmongNearest(key, newcomer))
            {
                records.Add(held.Record);
            }
        }

        return records.Count > 0 ? new RecordTransfer(newcomer, records) : null;
    }

    private static void Add(Dictionary<OverlayAddress, List<OverlayRecord>> transfers, OverlayAddress target, OverlayRecord record)
    {
        if (!transfers.TryGetValue(target, out var records))
        {
            transfers.Add(target, records = []);
        }

        records.Add(record);
    }

    /// <summary>Whether fewer than two nodes beside the newcomer are nearer to the key than this one.</summary>
    private bool IsAmongNearest(OverlayAddress key, OverlayAddress newcomer) =>
        nearest(key, Handovers + 1).Count(node => node != newcomer && IsNearer(key, node)) < Handovers;

    private bool IsNearer(OverlayAddress key, OverlayAddress node) => XorDistance.Between(key, node).CompareTo(XorDistance.Between(key, self)) < 0;

    /// <summary>A tenth more or less, so that what was put together is not put together for ever.</summary>
    private TimeSpan Spread(TimeSpan time) => time * (0.9 + (0.2 * random.NextDouble()));

    private sealed class Own(OverlayRecord record, DateTimeOffset dueAt)
    {
        public OverlayRecord Record => record;

        public DateTimeOffset DueAt { get; set; } = dueAt;
    }
}
