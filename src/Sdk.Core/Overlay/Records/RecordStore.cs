using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// What a node keeps for the network: of each writer under each key the newest version, until it expires. Nothing enters without a good
/// signature; quotas bound what writers and submitters take; a full store gives up what is farthest from its own address. It has no clock and
/// no network, and one caller at a time. Whoever has several cores calls <see cref="OverlayRecord.Verify"/> before it enters.
/// </summary>
internal sealed class RecordStore
{
    private readonly OverlayAddress _self;
    private readonly ulong _networkId;
    private readonly RecordKinds _kinds;
    private readonly RecordStoreOptions _options;
    private readonly Dictionary<(uint Kind, OverlayAddress Key), List<HeldRecord>> _byKey = [];
    private readonly Dictionary<Hash256, HeldRecord> _byDigest = [];
    private readonly SortedSet<HeldRecord> _byDistance = new(NearestFirst.Instance);
    private readonly RecordUsage<AccountAddress> _writers;
    private readonly RecordUsage<OverlayAddress> _submitters;
    private readonly RecordVersions _gone;

    public RecordStore(OverlayAddress self, ulong networkId, RecordKinds kinds, RecordStoreOptions options)
    {
        options.Validate();
        _self = self;
        _networkId = networkId;
        _kinds = kinds;
        _options = options;
        _writers = new(options.WriterCountMax, options.WriterLengthBytesMax);
        _submitters = new(options.SubmitterCountMax, options.SubmitterLengthBytesMax);
        _gone = new(options.VersionsMax);
    }

    public int Count => _byDigest.Count;

    public int LengthBytes { get; private set; }

    /// <summary>Nearest to this node first.</summary>
    public IEnumerable<HeldRecord> Held => _byDistance;

    /// <summary>Whether exactly this is kept.</summary>
    public bool Holds(Hash256 digest) => _byDigest.ContainsKey(digest);

    public bool TryGet(Hash256 digest, [NotNullWhen(true)] out HeldRecord? held) => _byDigest.TryGetValue(digest, out held);

    /// <summary>
    /// Takes a record in, or says why not. What is cheap to check is checked first; a record that is known, old, or over a quota costs no
    /// signature. What this node submits itself is charged to nobody.
    /// </summary>
    public RecordOutcome Put(OverlayRecord record, OverlayAddress submittedBy, DateTimeOffset now)
    {
        var outcome = Judge(record, submittedBy, now, out var place);
        if (outcome == RecordOutcome.Stored)
        {
            MakeRoom(place, now);
            Add(record, submittedBy);
        }

        RecordTelemetry.Offered(outcome);
        return outcome;
    }

    /// <summary>What is wrong with a record that somebody showed, its signature and value included; null for a good one.</summary>
    public RecordOutcome? Fault(OverlayRecord record, DateTimeOffset now) =>
        JudgeAlone(record, now, out var kind) ?? FaultOfContent(record, kind!);

    /// <summary>What is kept under a key, deletions too, at most as many as the kind allows.</summary>
    public IReadOnlyList<OverlayRecord> Find(uint kind, OverlayAddress key, DateTimeOffset now) =>
        _byKey.TryGetValue((kind, key), out var held) ? [.. held.Select(one => one.Record).Where(record => record.Expires > now)] : [];

    /// <summary>Lets go of what has expired; how many there were. To be called every minute or so.</summary>
    public int Sweep(DateTimeOffset now)
    {
        _gone.Expire(now);
        var expired = _byDistance.Where(held => held.Record.Expires <= now).ToArray();
        foreach (var held in expired)
        {
            Remove(held, now);
        }

        return expired.Length;
    }

    private RecordOutcome Judge(OverlayRecord record, OverlayAddress submittedBy, DateTimeOffset now, out Place place)
    {
        place = default;
        if (JudgeAlone(record, now, out var kind) is { } refusal)
        {
            return refusal;
        }

        var neighbours = _byKey.GetValueOrDefault((record.KindId, record.Key));
        place.Older = neighbours?.Find(held => held.Record.Writer == record.Writer);
        if (place.Older is { } known && !record.Replaces(known.Record))
        {
            return known.Record.Digest == record.Digest ? RecordOutcome.Known : RecordOutcome.NewerExists;
        }

        if (_gone.IsGone(record))
        {
            return RecordOutcome.NewerExists;
        }

        if (place.Older is null && neighbours?.Count >= kind!.RecordsPerKeyMax)
        {
            place.Drawn = LastDrawn(neighbours, now);
            if (!ComesBefore(record, place.Drawn.Record, now))
            {
                return RecordOutcome.KeyFull;
            }
        }

        return QuotaRefusal(record, submittedBy, place.Older) ?? CapacityRefusal(record, ref place)
            ?? FaultOfContent(record, kind!) ?? RecordOutcome.Stored;
    }

    /// <summary>What costs more than all the rest.</summary>
    private static RecordOutcome? FaultOfContent(OverlayRecord record, RecordKind kind) =>
        !record.Verify() ? RecordOutcome.InvalidSignature
        : kind.Refusal(record) is not null ? RecordOutcome.InvalidValue
        : null;

    /// <summary>What can be said of a record without looking at others.</summary>
    private RecordOutcome? JudgeAlone(OverlayRecord record, DateTimeOffset now, out RecordKind? kind)
    {
        kind = null;
        if (record.NetworkId != _networkId)
        {
            return RecordOutcome.WrongNetwork;
        }

        if (!_kinds.TryGet(record.KindId, out kind))
        {
            return RecordOutcome.UnknownKind;
        }

        var lifetime = record.Expires - record.Issued;
        return record.Value.Length > kind.ValueLengthBytesMax ? RecordOutcome.TooLarge
            : lifetime > kind.LifetimeMax || (record.IsDeletion && lifetime < kind.LifetimeMax) ? RecordOutcome.WrongLifetime
            : record.Expires <= now ? RecordOutcome.Expired
            : record.Issued > now + _options.ClockSkew ? RecordOutcome.FromTheFuture
            : kind.IsSingleWriter && kind.KeyOf(record.Writer) != record.Key ? RecordOutcome.WrongKey
            : null;
    }

    private RecordOutcome? QuotaRefusal(OverlayRecord record, OverlayAddress submittedBy, HeldRecord? older)
    {
        if (!_writers.HasRoom(record.Writer, record.LengthBytes, older?.Record.LengthBytes))
        {
            return RecordOutcome.WriterQuota;
        }

        var instead = older?.Submitter == submittedBy ? older.Record.LengthBytes : (int?)null;
        return submittedBy == _self || _submitters.HasRoom(submittedBy, record.LengthBytes, instead) ? null : RecordOutcome.SubmitterQuota;
    }

    /// <summary>Finds what has to go: only what is farther away than the record.</summary>
    private RecordOutcome? CapacityRefusal(OverlayRecord record, ref Place place)
    {
        var replaced = place.Older ?? place.Drawn;
        var count = Count + (replaced is null ? 1 : 0) - _options.CountMax;
        var bytes = LengthBytes + record.LengthBytes - (replaced?.Record.LengthBytes ?? 0) - _options.LengthBytesMax;
        if (count <= 0 && bytes <= 0)
        {
            return null;
        }

        var distance = XorDistance.Between(_self, record.Key);
        place.Evicted = [];
        foreach (var held in _byDistance.Reverse())
        {
            if (held.Distance.CompareTo(distance) <= 0)
            {
                return RecordOutcome.StoreFull;
            }

            if (held == replaced)
            {
                continue;
            }

            place.Evicted.Add(held);
            bytes -= held.Record.LengthBytes;
            if (--count <= 0 && bytes <= 0)
            {
                return null;
            }
        }

        return RecordOutcome.StoreFull;
    }

    private void MakeRoom(Place place, DateTimeOffset now)
    {
        if (place.Older is { } older)
        {
            // What replaces it carries the higher version on.
            Remove(older, now, isReplaced: true);
        }

        HeldRecord[] evicted = [.. place.Evicted ?? [], .. place.Drawn is { } drawn ? [drawn] : Array.Empty<HeldRecord>()];
        foreach (var held in evicted)
        {
            Remove(held, now);
        }

        RecordTelemetry.Evicted.Add(evicted.Length);
    }

    private void Add(OverlayRecord record, OverlayAddress submittedBy)
    {
        var held = new HeldRecord(record, XorDistance.Between(_self, record.Key), submittedBy);
        ref var neighbours = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, (record.KindId, record.Key), out _);
        (neighbours ??= []).Add(held);
        _byDigest.Add(record.Digest, held);
        _byDistance.Add(held);
        _writers.Add(record.Writer, record.LengthBytes);
        if (submittedBy != _self)
        {
            _submitters.Add(submittedBy, record.LengthBytes);
        }

        LengthBytes += record.LengthBytes;
        RecordTelemetry.Held.Add(1);
        RecordTelemetry.HeldBytes.Add(record.LengthBytes);
    }

    private void Remove(HeldRecord held, DateTimeOffset now, bool isReplaced = false)
    {
        var record = held.Record;
        var neighbours = _byKey[(record.KindId, record.Key)];
        neighbours.Remove(held);
        if (neighbours.Count == 0)
        {
            _byKey.Remove((record.KindId, record.Key));
        }

        _byDigest.Remove(record.Digest);
        _byDistance.Remove(held);
        _writers.Remove(record.Writer, record.LengthBytes);
        if (held.Submitter != _self)
        {
            _submitters.Remove(held.Submitter, record.LengthBytes);
        }

        LengthBytes -= record.LengthBytes;
        RecordTelemetry.Held.Add(-1);
        RecordTelemetry.HeldBytes.Add(-record.LengthBytes);
        if (!isReplaced && _kinds.TryGet(record.KindId, out var kind))
        {
            _gone.Remember(record, record.Issued + kind.LifetimeMax, now);
        }
    }

    /// <summary>
    /// Of the writers under a full key, the one that chance puts last today; a deletion before all others, since it costs its writer nothing.
    /// All nodes draw alike, so they keep the same ones.
    /// </summary>
    private static HeldRecord LastDrawn(List<HeldRecord> neighbours, DateTimeOffset now) =>
        neighbours.MaxBy(held => LotOf(held.Record, now)) ?? throw new InvalidOperationException("A full key has records.");

    private static bool ComesBefore(OverlayRecord record, OverlayRecord other, DateTimeOffset now) =>
        LotOf(record, now).CompareTo(LotOf(other, now)) < 0;

    private static (bool IsDeletion, Hash256 Lot) LotOf(OverlayRecord record, DateTimeOffset now)
    {
        Span<byte> name = stackalloc byte[sizeof(long) + AccountAddress.LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(name, now.ToUnixTimeSeconds() / (24 * 60 * 60));
        record.Writer.CopyTo(name[sizeof(long)..]);
        return (record.IsDeletion, Hash256.Sha256(record.Key.ToHash256().Bytes, name));
    }

    /// <summary>What has to go for a record to come in.</summary>
    private struct Place
    {
        /// <summary>The same writer's older version.</summary>
        public HeldRecord? Older;

        /// <summary>Another writer under the same key.</summary>
        public HeldRecord? Drawn;

        /// <summary>What is farther away.</summary>
        public List<HeldRecord>? Evicted;
    }

    private sealed class NearestFirst : IComparer<HeldRecord>
    {
        public static readonly NearestFirst Instance = new();

        public int Compare(HeldRecord? x, HeldRecord? y)
        {
            var order = x!.Distance.CompareTo(y!.Distance);
            return order != 0 ? order : x.Record.Digest.CompareTo(y.Record.Digest);
        }
    }
}
