using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>An entry that the owner signed, with what its slice holds after it.</summary>
internal sealed class HistoryEntry
{
    private readonly ulong[] _versions;

    public HistoryEntry(WriteOperation operation, HistoryEntry? parent)
    {
        Operation = operation;
        Parent = parent;
        Depth = parent is null ? 1 : parent.Depth + 1;
        _versions = VersionsAfter(parent?._versions, operation.Version, operation.Extents);
    }

    public WriteOperation Operation { get; }

    /// <summary>The entry before it, or null for the first of a slice.</summary>
    public HistoryEntry? Parent { get; }

    public int Depth { get; }

    public uint Slice => Operation.Slice;

    public EntryKey Key => Operation.Key;

    /// <summary>The version of each sector after this entry; 0 where it reads as zeros.</summary>
    public ReadOnlySpan<ulong> Versions => _versions;

    /// <summary>True when this entry is <paramref name="other"/> or stands on it.</summary>
    public bool DescendsFrom(HistoryEntry other)
    {
        HistoryEntry? entry = this;
        while (entry is not null && entry.Depth > other.Depth)
        {
            entry = entry.Parent;
        }

        return ReferenceEquals(entry, other);
    }

    public static ulong[] VersionsAfter(ReadOnlySpan<ulong> before, ulong version, ReadOnlySpan<SectorExtent> extents)
    {
        var versions = new ulong[SliceGeometry.SectorsPerSlice];
        before.CopyTo(versions);
        foreach (SectorExtent extent in extents)
        {
            versions.AsSpan(extent.First, extent.Count).Fill(extent.IsTrim ? 0 : version);
        }

        return versions;
    }
}

/// <summary>
/// Everything the owner ever signed, as it left the writers: for each slice the tree of entries by hash. It knows nothing
/// of members or of what the code under test believes.
/// </summary>
internal sealed class History
{
    private readonly Dictionary<Hash256, HistoryEntry> _byHash = [];
    private readonly Dictionary<(uint Slice, EntryKey Key), HistoryEntry> _byKey = [];
    private readonly Dictionary<(uint Slice, ulong Version), HistoryEntry> _byVersion = [];
    private readonly Dictionary<uint, List<HistoryEntry>> _bySlice = [];

    /// <summary>Notes an entry that a writer sends; null when it was sent before.</summary>
    /// <exception cref="InvariantViolationException">The writer signed two entries for one key, or continued from an entry that nobody signed.</exception>
    public HistoryEntry? Add(WriteOperation operation)
    {
        if (_byHash.ContainsKey(operation.Hash))
        {
            return null;
        }

        HistoryEntry? parent = null;
        if (operation.Previous != default && !_byHash.TryGetValue(operation.Previous, out parent))
        {
            throw new InvariantViolationException("I4", $"entry {operation.Key} of slice {operation.Slice} continues from a hash that the owner never signed");
        }

        var entry = new HistoryEntry(operation, parent);
        if (!_byKey.TryAdd((entry.Slice, entry.Key), entry))
        {
            throw new InvariantViolationException("I1", $"the owner signed two entries for {operation.Key} of slice {operation.Slice}");
        }

        _byHash.Add(operation.Hash, entry);
        _byVersion.TryAdd((entry.Slice, operation.Version), entry);
        if (!_bySlice.TryGetValue(entry.Slice, out List<HistoryEntry>? entries))
        {
            _bySlice[entry.Slice] = entries = [];
        }

        entries.Add(entry);
        return entry;
    }

    /// <summary>All entries of a slice in the order of signing.</summary>
    public IReadOnlyList<HistoryEntry> EntriesOf(uint slice) => _bySlice.GetValueOrDefault(slice) ?? [];

    /// <summary>The entry that wrote a version of a slice's sectors.</summary>
    public HistoryEntry? FindVersion(uint slice, ulong version) => _byVersion.GetValueOrDefault((slice, version));

    public HistoryEntry? Find(Hash256 hash) => _byHash.GetValueOrDefault(hash);

    public HistoryEntry? Find(uint slice, in EntryKey key) => _byKey.GetValueOrDefault((slice, key));
}
