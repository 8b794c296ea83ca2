using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>Writing: verify, append, and after the sync apply and acknowledge.</summary>
internal sealed partial class SliceLogMember
{
    /// <summary>In the order of the log: entries and fences that wait for a sync.</summary>
    private readonly Queue<Unsynced> _unsynced = [];

    private void ReceiveBatch(int from, WriteBatch batch)
    {
        if (DiskOf(batch) is not { } disk || disk.Fence is not { } fence)
        {
            Refuse(from, batch, WriteRefusal.NotOpen);
            return;
        }

        if (!HoldsFence(disk, batch.Session, fence.Session))
        {
            var isLate = batch.Session < fence.Session;
            Refuse(from, batch, isLate ? WriteRefusal.Fenced : WriteRefusal.NotOpen, isLate ? fence : null);
            return;
        }

        if (TryVerify(batch, disk, fence.Grant) is not { } entries)
        {
            RefusedMessages++;
            Refuse(from, batch, WriteRefusal.Invalid);
            return;
        }

        var again = new List<Ack>();
        for (var i = 0; i < entries.Length; i++)
        {
            Accept(new AcceptedEntry(from, entries[i], batch.Payloads[i], batch.Leaves![i]), again);
        }

        SendAcks(from, again);
    }

    private bool HoldsFence(DiskState disk, in SessionId session, in SessionId fence) =>
        session == fence || (_mutations.HasFlag(LaneAMutations.NoFence) && disk.FormerGrants.ContainsKey(session));

    private DiskState? DiskOf(WriteBatch batch) => batch.Operations.Length == 0 ? null : DiskOf(batch.Operations[0].Slice);

    private void Refuse(int to, WriteBatch batch, WriteRefusal reason, OpenRequest? evidence = null)
    {
        batch.Release();
        Send(to, new WriteRefused { Session = batch.Session, Reason = reason, Evidence = evidence });
    }

    /// <summary>Checks form and signature of a batch; a root is verified once, whatever the number of its operations.</summary>
    private SignedEntry[]? TryVerify(WriteBatch batch, DiskState disk, SessionGrant grant)
    {
        var signer = batch.Session == grant.Session ? grant : disk.FormerGrants[batch.Session];
        var hashes = new Hash256[batch.Operations.Length];
        for (var i = 0; i < hashes.Length; i++)
        {
            var operation = batch.Operations[i];
            if (operation.Key.Epoch != _group.Epoch || operation.Key.Session != batch.Session
                || !disk.Lease.Covers(operation.Slice) || operation.Group != _group.Id
                || batch.Payloads[i].Length != operation.PayloadBytes)
            {
                return null;
            }

            hashes[i] = operation.Hash;
        }

        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        SignedEntry.BatchDigest(_group.NetworkId, batch.Session, MerkleBatch.Root(hashes)).CopyTo(digest);
        if (!signer.SessionKey.Verify(digest, batch.Signature))
        {
            return null;
        }

        batch.Leaves ??= Array.ConvertAll(Enumerable.Range(0, hashes.Length).ToArray(), i => LeavesOf(batch.Operations[i], batch.Payloads[i].Span));
        var paths = MerkleBatch.Paths(hashes);
        var entries = new SignedEntry[hashes.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new SignedEntry
            {
                Operation = batch.Operations[i],
                BatchIndex = i,
                BatchCount = entries.Length,
                BatchPath = paths[i],
                BatchSignature = batch.Signature,
                Grant = signer,
            };
        }

        return entries;
    }

    /// <summary>Leaves of an operation's data sectors, in the order of its payload.</summary>
    public static Hash256[] LeavesOf(WriteOperation operation, ReadOnlySpan<byte> payload)
    {
        var leaves = new Hash256[operation.DataSectors];
        var next = 0;
        foreach (var extent in operation.Extents)
        {
            for (var sector = extent.First; !extent.IsTrim && sector < extent.End; sector++, next++)
            {
                var address = ((ulong)operation.Slice * SliceGeometry.SectorsPerSlice) + sector;
                var stored = payload.Slice(next * SliceGeometry.StoredSectorBytes, SliceGeometry.StoredSectorBytes);
                leaves[next] = SliceTree.Leaf(address, operation.Version, stored);
            }
        }

        return leaves;
    }

    private void Accept(AcceptedEntry entry, List<Ack> again)
    {
        var operation = entry.Signed.Operation;
        var slice = Hot(operation.Slice);
        if (operation.Key <= slice.Key)
        {
            // Sent twice. The acknowledgement of the head, once it is durable, covers everything before it.
            if (slice.IsDurable && slice.Key.Session == operation.Key.Session)
            {
                again.Add(new Ack(operation.Slice, slice.Key, slice.Hash));
            }

            entry.Payload.Release();
            CoolDown(operation.Slice, slice);
        }
        else if (operation.Previous == slice.Hash && IsNextInSession(operation.Key, slice.Key))
        {
            AppendIfRootMatches(entry, slice);
            DrainWaiting(operation.Slice, slice);
        }
        else
        {
            WaitForState(entry, slice);
        }
    }

    private static bool IsNextInSession(in EntryKey next, in EntryKey head) =>
        next.Session == head.Session ? next.Sequence == head.Sequence + 1 : next.Sequence == 1;

    /// <summary>Computes the slice's next root from the data itself, and accepts only what the owner signed for.</summary>
    private void AppendIfRootMatches(AcceptedEntry entry, HotSlice slice)
    {
        var operation = entry.Signed.Operation;
        var next = slice.Tree.Clone();
        SetLeaves(next, operation.Extents, entry.Leaves);
        if (next.Root != operation.Root)
        {
            RefusedMessages++;
            entry.Payload.Release();
            return;
        }

        if (!HasRoomFor(entry.Payload.Length, records: 1))
        {
            entry.Payload.Release(); // Others took the room since the shell asked; the writer sends it again.
            return;
        }

        var lsn = AppendEntry(entry.Signed, entry.Payload);
        Track(entry with { TreeAfter = next }, lsn, slice);
    }

    /// <summary>The entry is the slice's accepted head; what it needs is the next sync.</summary>
    private void Track(AcceptedEntry entry, long lsn, HotSlice slice)
    {
        (slice.Tree, slice.Key, slice.Hash) = (entry.TreeAfter, entry.Signed.Operation.Key, entry.Signed.Operation.Hash);
        slice.Unsynced++;
        _unsynced.Enqueue(new Unsynced(lsn, _log.NextLsn, entry, null));
        if (_mutations.HasFlag(LaneAMutations.AckBeforeSync))
        {
            var operation = entry.Signed.Operation;
            SendAcks(entry.From, [new Ack(operation.Slice, operation.Key, operation.Hash)]);
        }
    }

    public static void SetLeaves(SliceTree tree, SectorExtent[] extents, ReadOnlySpan<Hash256> leaves)
    {
        var next = 0;
        foreach (var extent in extents)
        {
            for (var sector = (int)extent.First; sector < extent.End; sector++)
            {
                if (extent.IsTrim)
                {
                    tree.Trim(sector);
                }
                else
                {
                    tree.Set(sector, leaves[next++]);
                }
            }
        }
    }

    /// <summary>
    /// After the sync: the store takes the entry, and its writer hears of it. That a later session raised the fence
    /// meanwhile does not matter: the entry lies before the fence in the log, so the answer to that Open includes it.
    /// </summary>
    private void Apply(AcceptedEntry entry, Dictionary<int, List<Ack>> acks)
    {
        var operation = entry.Signed.Operation;
        StoreEntry(entry);
        entry.Payload.Release();
        if (entry.From != NoPeer)
        {
            if (!acks.TryGetValue(entry.From, out var ready))
            {
                acks[entry.From] = ready = [];
            }

            ready.Add(new Ack(operation.Slice, operation.Key, operation.Hash));
        }

        var slice = Hot(operation.Slice);
        slice.Unsynced--;
        CoolDown(operation.Slice, slice);
    }

    private void SendAcks(Dictionary<int, List<Ack>> acks)
    {
        foreach (var (client, ready) in acks)
        {
            SendAcks(client, ready);
        }
    }

    private void SendAcks(int client, List<Ack> ready)
    {
        foreach (var chunk in ready.Chunk(AckBatch.MaxAcks))
        {
            Send(client, AckBatch.Create(_group, chunk, _memberKey));
        }
    }

    /// <summary>The slice's accepted head: from memory while entries are on their way, else from the store.</summary>
    private HotSlice Hot(uint slice)
    {
        if (!_hot.TryGetValue(slice, out var hot))
        {
            var record = _store.Load(slice);
            _hot[slice] = hot = new HotSlice
            {
                Key = record?.Key ?? default,
                Hash = record?.Hash ?? default,
                Tree = record?.Tree ?? new SliceTree(),
            };
        }

        return hot;
    }

    private void CoolDown(uint number, HotSlice slice)
    {
        if (slice.IsDurable && slice.Waiting.Count == 0 && slice.Fetch is null)
        {
            _hot.Remove(number);
        }
    }

    /// <summary>An entry with its data, the leaves computed from it, and whom to tell when it is durable.</summary>
    private sealed record AcceptedEntry(int From, SignedEntry Signed, PayloadBuffer Payload, Hash256[] Leaves)
    {
        /// <summary>The slice's tree after the entry; never changed once it is here.</summary>
        public SliceTree TreeAfter { get; init; } = null!;

        /// <summary>Set when the payload is the whole slice at this entry, fetched from a member.</summary>
        public WholeSlice? Whole { get; init; }
    }

    /// <summary>Something that becomes effective when the log is durable up to <see cref="EndLsn"/>: an entry, or the answer to an Open.</summary>
    private readonly record struct Unsynced(long StartLsn, long EndLsn, AcceptedEntry? Entry, PendingOpen? Open);

    private sealed class HotSlice
    {
        public required EntryKey Key { get; set; }

        public required Hash256 Hash { get; set; }

        public required SliceTree Tree { get; set; }

        /// <summary>Accepted entries that are not yet synced and applied.</summary>
        public int Unsynced { get; set; }

        public bool IsDurable => Unsynced == 0;

        /// <summary>Entries whose predecessor is not here yet.</summary>
        public List<AcceptedEntry> Waiting { get; } = [];

        public Fetch? Fetch { get; set; }
    }
}
