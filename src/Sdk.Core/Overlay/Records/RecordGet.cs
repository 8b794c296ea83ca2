using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// Reading what stands under a key from the nodes nearest to it. It asks the nearest two, then, telling them what it has, so many that they and
/// a majority that took a record have one node in common; all of them where nothing was found, since some may hold it back. Of each writer the
/// newest record counts, and whoever had less is told (<see cref="Repairs"/>).
/// </summary>
/// <remarks>Nothing here waits: <see cref="TryNext"/> says whom to ask, <see cref="Answered"/> takes what came of it. Not thread-safe.</remarks>
internal sealed class RecordGet
{
    private const int FirstAsked = 2;

    /// <summary>One is asked beyond need, so that a slow one delays nothing.</summary>
    private const int Spare = 1;

    private readonly RecordKind _kind;
    private readonly OverlayAddress[] _nearest;
    private readonly Func<OverlayRecord, bool> _isGood;
    private readonly HashSet<OverlayAddress> _open = [];
    private readonly Dictionary<AccountAddress, OverlayRecord> _newest = [];
    private readonly Dictionary<OverlayAddress, HashSet<Hash256>> _had = [];
    private readonly Dictionary<Hash256, HashSet<Hash256>> _summaries = [];
    private readonly HashSet<Hash256> _good = [];
    private int _asked;

    /// <param name="kind">The kind.</param>
    /// <param name="key">The key.</param>
    /// <param name="nearest">The nodes nearest to the key, the nearest first.</param>
    /// <param name="isGood">Whether a record is what it should be, its signature included; asked once for each.</param>
    public RecordGet(RecordKind kind, OverlayAddress key, IEnumerable<OverlayAddress> nearest, Func<OverlayRecord, bool> isGood)
    {
        (_kind, Key, _isGood) = (kind, key, isGood);
        _nearest = [.. nearest.Distinct()];
    }

    public OverlayAddress Key { get; }

    public RecordKind Kind => _kind;

    /// <summary>Enough have answered, or all have. That nothing is there, more must say.</summary>
    public bool IsSettled => (_open.Count == 0 && _asked >= Wanted) || _had.Count >= (_newest.Count > 0 ? Quorum : _nearest.Length - (_nearest.Length / 4));

    /// <summary>Of each writer the newest good record, deletions too.</summary>
    public IReadOnlyCollection<OverlayRecord> Newest => _newest.Values;

    /// <summary>What those lack who answered.</summary>
    public IEnumerable<(OverlayAddress Holder, IReadOnlyList<OverlayRecord> Records)> Repairs =>
        from had in _had
        let missing = _newest.Values.Where(record => !had.Value.Contains(record.Digest)).ToArray()
        where missing.Length > 0
        select (had.Key, (IReadOnlyList<OverlayRecord>)missing);

    private int Quorum => _nearest.Length - RecordPut.MajorityOf(_nearest.Length) + 1;

    /// <summary>How many are to be asked, as things stand: one more for each that failed.</summary>
    private int Wanted => Math.Min(
        _nearest.Length,
        _had.Count == 0 ? Math.Min(FirstAsked, Quorum) + Failures
        : _newest.Count == 0 && _had.Count >= Quorum ? _nearest.Length
        : Quorum + Spare + Failures);

    private int Failures => _asked - _open.Count - _had.Count;

    /// <summary>Whom to ask now, and what to tell it that is known already.</summary>
    /// <param name="holder">The node to ask.</param>
    /// <param name="known">The summary of what is known, or null where nothing is.</param>
    /// <returns>False if it is to wait for answers, or <see cref="IsSettled"/>.</returns>
    public bool TryNext(out OverlayAddress holder, out Hash256? known)
    {
        (holder, known) = (default, null);
        if (_asked >= Wanted)
        {
            return false;
        }

        holder = _nearest[_asked++];
        _open.Add(holder);
        if (_newest.Count > 0)
        {
            var summary = RecordSummary.Of(_newest.Values);
            _summaries.TryAdd(summary, [.. _newest.Values.Select(record => record.Digest)]);
            known = summary;
        }

        return true;
    }

    /// <summary>A node that was asked sent what it has.</summary>
    /// <returns>False where something among it is false: another key or kind, forged, out of date, too many. The rest counts.</returns>
    public bool Answered(OverlayAddress holder, IReadOnlyList<OverlayRecord> records)
    {
        if (!_open.Remove(holder))
        {
            return true;
        }

        HashSet<Hash256> had = [];
        _had.Add(holder, had);
        var isHonest = records.Count <= _kind.RecordsPerKeyMax;
        foreach (var record in records.Take(_kind.RecordsPerKeyMax))
        {
            if (!IsGood(record))
            {
                isHonest = false;
                continue;
            }

            had.Add(record.Digest);
            if (!_newest.TryGetValue(record.Writer, out var known) || record.Replaces(known))
            {
                _newest[record.Writer] = record;
            }
        }

        return isHonest;
    }

    /// <summary>A node that was asked has the very records whose summary it was told.</summary>
    /// <returns>False where it was told none.</returns>
    public bool AnsweredSame(OverlayAddress holder, Hash256? known)
    {
        if (_open.Remove(holder))
        {
            _had.Add(holder, known is { } summary && _summaries.TryGetValue(summary, out var digests) ? digests : []);
        }

        return known is not null;
    }

    /// <summary>A node that was asked did not answer.</summary>
    public void Failed(OverlayAddress holder) => _open.Remove(holder);

    /// <summary>Most answers repeat what others said: they cost no signature.</summary>
    private bool IsGood(OverlayRecord record)
    {
        if (_good.Contains(record.Digest))
        {
            return true;
        }

        if (record.Key != Key || record.KindId != _kind.Id || !_isGood(record))
        {
            return false;
        }

        _good.Add(record.Digest);
        return true;
    }
}
