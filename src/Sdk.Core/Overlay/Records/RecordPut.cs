using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// Storing one record at the nodes nearest to its key, all asked at once. It is settled when a majority has it or cannot be had any more: a
/// reader asks so many that the two meet. Answers that come later are counted as well.
/// </summary>
internal sealed class RecordPut
{
    private readonly HashSet<OverlayAddress> _open;
    private readonly List<OverlayAddress> _holders = [];
    private readonly Dictionary<RecordOutcome, int> _refusals = [];
    private readonly int _asked;
    private int _silent;

    public RecordPut(OverlayRecord record, IReadOnlyCollection<OverlayAddress> nearest)
    {
        Record = record;
        _open = [.. nearest];
        _asked = _open.Count;
    }

    public OverlayRecord Record { get; }

    /// <summary>Nothing that is still to come changes whether it is stored.</summary>
    public bool IsSettled => _open.Count == 0 || _holders.Count >= MajorityOf(_asked) || _holders.Count + _open.Count < MajorityOf(_asked);

    public RecordPutResult Result => new([.. _holders], new Dictionary<RecordOutcome, int>(_refusals), _open.Count + _silent);

    /// <summary>More than half; of none, one that is not there.</summary>
    public static int MajorityOf(int asked) => (asked / 2) + 1;

    /// <summary>One of the nearest answered, or null where it did not. Whoever was not asked, or answered before, changes nothing.</summary>
    public void Answered(OverlayAddress holder, RecordOutcome? outcome)
    {
        if (!_open.Remove(holder))
        {
            return;
        }

        switch (outcome)
        {
            case null:
                _silent++;
                break;
            case RecordOutcome.Stored or RecordOutcome.Known:
                _holders.Add(holder);
                break;
            default:
                _refusals[outcome.Value] = _refusals.GetValueOrDefault(outcome.Value) + 1;
                break;
        }
    }
}
