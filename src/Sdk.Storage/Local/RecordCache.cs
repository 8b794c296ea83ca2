namespace Sdk.Storage.Local;

/// <summary>Records by slice: the clean ones in a bounded order of use, the dirty ones held until a checkpoint wrote them.</summary>
internal sealed class RecordCache(int cleanMax)
{
    private readonly Dictionary<uint, Entry> _entries = [];
    private readonly LinkedList<uint> _cleanByUse = [];

    public int DirtyCount => _entries.Count - _cleanByUse.Count;

    public IEnumerable<(uint Slice, Entry Entry)> Dirty =>
        _entries.Where(pair => pair.Value.IsDirty).Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key);

    public Entry? Find(uint slice)
    {
        if (!_entries.TryGetValue(slice, out Entry? entry))
        {
            return null;
        }

        if (entry.Place is { } place)
        {
            _cleanByUse.Remove(place);
            _cleanByUse.AddFirst(place);
        }

        return entry;
    }

    public void PutDirty(uint slice, Entry entry)
    {
        if (_entries.TryGetValue(slice, out Entry? before) && before.Place is { } place)
        {
            _cleanByUse.Remove(place);
        }

        entry.Place = null;
        _entries[slice] = entry;
    }

    /// <summary>Puts a record in, or lets a dirty one become clean; the clean one used longest ago may go.</summary>
    public void PutClean(uint slice, Entry entry)
    {
        _entries[slice] = entry;
        entry.Place = _cleanByUse.AddFirst(slice);
        if (_cleanByUse.Count > cleanMax)
        {
            _entries.Remove(_cleanByUse.Last!.Value);
            _cleanByUse.RemoveLast();
        }
    }

    /// <summary>A record and the generation of the page on disk that its successor must not overwrite; 0 when there is none.</summary>
    internal sealed class Entry(SliceRecord record, uint generation)
    {
        public SliceRecord Record { get; } = record;

        public uint Generation { get; set; } = generation;

        public bool IsDirty => Place is null;

        public LinkedListNode<uint>? Place { get; set; }
    }
}
