using System.Numerics;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// Reading one's own slices: any one member will do, because the session knows the root. A member that is behind or lies
/// costs one more question.
/// </summary>
internal sealed partial class SliceLogWriter
{
    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(1);

    /// <summary>After this time without one verifiable answer the read fails.</summary>
    private static readonly TimeSpan QueryGivesUp = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<ulong, Query> _queries = [];
    private ulong _lastQuery;

    /// <summary>Reads sectors of a slice; the answer comes as <see cref="WriterEffect.ReadDone"/> under the returned number.</summary>
    public ulong Read(uint slice, int first, int count)
    {
        if (!IsOpen || !_lease.Covers(slice) || first < 0 || count < 1 || first + count > SliceGeometry.SectorsPerSlice)
        {
            throw new InvalidOperationException("The session is not open, or the range does not lie inside the disk's slices.");
        }

        var id = ++_lastQuery;
        if (!_cursors.TryGetValue(slice, out var cursor) || cursor is { Sequence: 0, AdoptedHash: var adopted } && adopted == default)
        {
            _effects.Enqueue(new WriterEffect.ReadDone(id, SliceRead.Untouched(count)));
            return id;
        }

        Ask(id, new Query(slice, first, count, Math.Max(cursor.Certified, cursor.Shown), _time.GetTimestamp()));
        return id;
    }

    private void FetchTree(uint slice, Cursor cursor)
    {
        if (cursor.AwaitingTree.Count == 1)
        {
            Ask(++_lastQuery, new Query(slice, 0, 0, cursor.Certified, _time.GetTimestamp()));
        }
    }

    /// <summary>Asks the next member; after a round over all of them the next tick starts a new one.</summary>
    private void Ask(ulong id, Query query)
    {
        _queries[id] = query;
        query.AskedAt = _time.GetTimestamp();
        query.Member = NextMember(query);
        if (query.Member < 0)
        {
            return;
        }

        Send(query.Member, query.IsTree
            ? new TreeRequest { Id = id, Slice = query.Slice }
            : new ReadRequest { Id = id, Slice = query.Slice, First = query.First, Count = query.Count });
    }

    /// <summary>The next granted member after those already asked; slices start at different members, which spreads the load. Liars come last.</summary>
    private int NextMember(Query query)
    {
        var best = -1;
        for (var i = 0; i < _members.Length; i++)
        {
            var member = (int)((query.Slice + (uint)i) % (uint)_members.Length);
            if (_members[member].IsGranted && !query.Asked.Contains(member)
                && (best < 0 || _members[member].Lies < _members[best].Lies))
            {
                best = member;
            }
        }

        if (best >= 0)
        {
            query.Asked.Add(best);
        }

        return best;
    }

    private void RetryQueries()
    {
        foreach (var (id, query) in _queries.ToArray())
        {
            if (_time.GetElapsedTime(query.StartedAt) >= QueryGivesUp)
            {
                GiveUp(id, query);
            }
            else if (query.Member < 0)
            {
                query.Asked.Clear();
                Ask(id, query);
            }
            else if (_time.GetElapsedTime(query.AskedAt) >= QueryTimeout)
            {
                Ask(id, query);
            }
        }
    }

    private void RedirectQueries(int member)
    {
        foreach (var (id, query) in _queries.Where(query => query.Value.Member == member).ToArray())
        {
            Ask(id, query);
        }
    }

    private void GiveUp(ulong id, Query query)
    {
        _queries.Remove(id);
        if (query.IsTree)
        {
            End(new WriterEffect.Ended(WriterEnd.SliceUnreadable));
        }
        else
        {
            _effects.Enqueue(new WriterEffect.ReadFailed(id));
        }
    }

    private void ReceiveReadAnswer(int from, ReadAnswer answer)
    {
        if (!_queries.TryGetValue(answer.Id, out var query) || query.Member != from || query.IsTree)
        {
            answer.Release();
            return;
        }

        var cursor = _cursors[query.Slice];
        if (answer.Head == default && query.NotBefore == 0 && cursor.AdoptedHash == default)
        {
            // The slice's first write is on its way: the old state is that there was none.
            answer.Release();
            _queries.Remove(answer.Id);
            _effects.Enqueue(new WriterEffect.ReadDone(answer.Id, SliceRead.Untouched(query.Count)));
        }
        else if (RootFor(cursor, answer.Head, query.NotBefore) is not { } root)
        {
            answer.Release();
            Ask(answer.Id, query); // Behind, which is no lie.
        }
        else if (!IsProven(query, answer, root))
        {
            answer.Release();
            _members[from].Lies++;
            Ask(answer.Id, query);
        }
        else
        {
            _queries.Remove(answer.Id);
            cursor.Shown = Math.Max(cursor.Shown, cursor.SequenceOf(answer.Head, Session) ?? 0);
            _effects.Enqueue(new WriterEffect.ReadDone(answer.Id, new SliceRead(answer.Touched, answer.Versions, answer.Payload)));
        }
    }

    private Hash256? RootFor(Cursor cursor, in EntryKey head, uint notBefore) =>
        head != default && cursor.SequenceOf(head, Session) is { } sequence && sequence >= notBefore ? cursor.RootAt(sequence) : null;

    private static bool IsProven(Query query, ReadAnswer answer, in Hash256 root)
    {
        if (answer.Versions.Length != query.Count
            || answer.Payload.Length != BitOperations.PopCount(answer.Touched) * SliceGeometry.StoredSectorBytes
            || (query.Count < 64 && answer.Touched >> query.Count != 0))
        {
            return false;
        }

        Span<Hash256> leaves = stackalloc Hash256[query.Count];
        leaves.Clear();
        ReadOnlySpan<byte> rest = answer.Payload.Span;
        for (var i = 0; i < query.Count; i++)
        {
            if ((answer.Touched >> i & 1) != 0)
            {
                var address = ((ulong)query.Slice * SliceGeometry.SectorsPerSlice) + (ulong)(query.First + i);
                leaves[i] = SliceTree.Leaf(address, answer.Versions[i], rest[..SliceGeometry.StoredSectorBytes]);
                rest = rest[SliceGeometry.StoredSectorBytes..];
            }
        }

        return SliceTree.TryVerifyRange(root, query.First, leaves, answer.Proof, out _);
    }

    private void ReceiveTreeAnswer(int from, TreeAnswer answer)
    {
        if (!_queries.TryGetValue(answer.Id, out var query) || query.Member != from || !query.IsTree)
        {
            return;
        }

        var cursor = _cursors[query.Slice];
        if (!SliceTree.TryReadFrom(answer.Tree, out var tree) || tree.Root != cursor.Root)
        {
            Ask(answer.Id, query);
            return;
        }

        _queries.Remove(answer.Id);
        cursor.Tree = tree;
        while (cursor.AwaitingTree.TryDequeue(out var next))
        {
            EnqueueWrite(next.Operation, cursor, next.Write);
        }

        Pump();
    }

    /// <summary>A question to one member after the other; without a range it asks for the slice's tree.</summary>
    private sealed class Query(uint slice, int first, int count, uint notBefore, long startedAt)
    {
        public uint Slice { get; } = slice;

        public int First { get; } = first;

        public int Count { get; } = count;

        /// <summary>What was certified when the question was asked: older answers are stale.</summary>
        public uint NotBefore { get; } = notBefore;

        public long StartedAt { get; } = startedAt;

        public long AskedAt { get; set; }

        public int Member { get; set; } = -1;

        public HashSet<int> Asked { get; } = [];

        public bool IsTree => Count == 0;
    }
}
