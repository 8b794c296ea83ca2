using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// Versions of records that are gone while an older version could still be good, so that nobody brings it back. Bounded: the oldest memory goes
/// first, so this is the second line; the first is that a deletion is kept as long as any older version can live.
/// </summary>
internal sealed class RecordVersions(int capacity)
{
    private readonly Dictionary<RecordName, ulong> _versions = [];
    private readonly Queue<(RecordName Name, ulong Version, DateTimeOffset Until)> _order = [];

    public int Count => _versions.Count;

    /// <summary>Whether this version, or a newer one, is gone.</summary>
    public bool IsGone(OverlayRecord record) => _versions.TryGetValue(RecordName.Of(record), out var version) && record.Version < version;

    public void Remember(OverlayRecord record, DateTimeOffset until, DateTimeOffset now)
    {
        if (until <= now)
        {
            return;
        }

        var name = RecordName.Of(record);
        _versions[name] = Math.Max(record.Version, _versions.GetValueOrDefault(name));
        _order.Enqueue((name, record.Version, until));
        while (_order.Count > capacity)
        {
            Forget();
        }
    }

    /// <summary>Lets go of what is of no more use. A long memory may keep a short one behind it waiting; the capacity bounds both.</summary>
    public void Expire(DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until <= now)
        {
            Forget();
        }
    }

    private void Forget()
    {
        var (name, version, _) = _order.Dequeue();
        if (_versions.TryGetValue(name, out var known) && known <= version)
        {
            _versions.Remove(name);
        }
    }
}

/// <summary>What versions count for: one writer's record under one key of one kind.</summary>
internal readonly record struct RecordName(uint Kind, OverlayAddress Key, AccountAddress Writer)
{
    public static RecordName Of(OverlayRecord record) => new(record.KindId, record.Key, record.Writer);
}
