using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>Writing: entries are chained and signed in batches; a quorum of acknowledgements certifies them.</summary>
internal sealed partial class SliceLogWriter
{
    /// <summary>Stands for entries that no caller waits for.</summary>
    private const ulong NoOperation = 0;

    private readonly Queue<(InFlight Entry, PayloadBuffer Payload)> _unsent = [];
    private readonly LinkedList<Batch> _batches = [];
    private ulong _lastOperation;

    /// <summary>
    /// Takes a write to a slice of the lease and its payload. There are no timers: a batch is signed and sent at once while
    /// there is room in flight, and what is submitted meanwhile makes the next one.
    /// </summary>
    /// <returns>The number by which <see cref="WriterEffect.Certified"/> will name it.</returns>
    public ulong Submit(SliceWrite write)
    {
        if (!IsOpen || !_lease.Covers(write.Slice) || !WriteOperation.AreValid(write.Extents))
        {
            write.Payload.Release();
            throw new InvalidOperationException("The session is not open, or the write does not lie inside the disk's slices.");
        }

        if (!_cursors.TryGetValue(write.Slice, out var cursor))
        {
            _cursors[write.Slice] = cursor = new Cursor(_group.Members);
        }

        var operation = ++_lastOperation;
        UncertifiedBytes += write.Payload.Length;
        if (cursor.Tree is null || cursor.AwaitingTree.Count > 0)
        {
            cursor.AwaitingTree.Enqueue((operation, write));
            FetchTree(write.Slice, cursor);
        }
        else
        {
            EnqueueWrite(operation, cursor, write);
            Pump();
        }

        return operation;
    }

    private void EnqueueWrite(ulong operation, Cursor cursor, SliceWrite write)
    {
        var shape = new WriteOperation
        {
            Group = _group.Id,
            Slice = write.Slice,
            Key = default,
            Previous = default,
            Version = write.Version,
            Extents = write.Extents,
            Root = default,
        };
        SliceLogMember.SetLeaves(cursor.Tree!, write.Extents, SliceLogMember.LeavesOf(shape, write.Payload.Span));
        Enqueue(operation, cursor, write, cursor.Tree!.Root);
    }

    private void Enqueue(ulong operation, Cursor cursor, SliceWrite write, Hash256 root)
    {
        var entry = new WriteOperation
        {
            Group = _group.Id,
            Slice = write.Slice,
            Key = new EntryKey(_group.Epoch, Session, cursor.Sequence + 1),
            Previous = cursor.Hash,
            Version = write.Version,
            Extents = write.Extents,
            Root = root,
        };
        cursor.Issue(entry);
        var inFlight = new InFlight(operation, entry);
        cursor.Uncertified.Enqueue(inFlight);
        _unsent.Enqueue((inFlight, write.Payload));
    }

    /// <summary>Signs and sends what is ready, while there is room in flight.</summary>
    private void Pump()
    {
        while (_unsent.Count > 0 && _batches.Count < MaxBatchesInFlight)
        {
            var entries = new List<InFlight>();
            var payloads = new List<PayloadBuffer>();
            for (var bytes = 0; entries.Count < WriteBatch.MaxOperations && _unsent.TryPeek(out var next); bytes += next.Payload.Length)
            {
                if (entries.Count > 0 && bytes + next.Payload.Length > WriteBatch.MaxPayloadBytes)
                {
                    break;
                }

                _unsent.Dequeue();
                entries.Add(next.Entry);
                payloads.Add(next.Payload);
            }

            var batch = new Batch(Sign(entries, payloads), entries, _members.Length);
            entries.ForEach(entry => entry.Batch = batch);
            _batches.AddLast(batch);
            for (var member = 0; member < _members.Length; member++)
            {
                SendIfGranted(member, batch);
            }
        }
    }

    private WriteBatch Sign(List<InFlight> entries, List<PayloadBuffer> payloads)
    {
        var operations = entries.ConvertAll(entry => entry.Entry).ToArray();
        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        var root = MerkleBatch.Root(Array.ConvertAll(operations, operation => operation.Hash));
        SignedEntry.BatchDigest(_group.NetworkId, Session, root).CopyTo(digest);
        var signature = new byte[FieldWidths.SignatureBytes];
        _sessionKey.Sign(digest, signature);
        return new WriteBatch { Session = Session, Operations = operations, Payloads = [.. payloads], Signature = signature };
    }

    private void SendIfGranted(int member, Batch batch)
    {
        if (_members[member].IsGranted)
        {
            batch.SentAt[member] = _time.GetTimestamp();
            batch.Message.Retain();
            Send(member, batch.Message);
        }
    }

    private void SendUncertified(int member)
    {
        foreach (var batch in _batches)
        {
            SendIfGranted(member, batch);
        }
    }

    private void RetransmitBatches()
    {
        foreach (var batch in _batches)
        {
            for (var member = 0; member < _members.Length; member++)
            {
                if (_members[member] is { IsGranted: true, IsCongested: false } && IsDue(batch.SentAt[member]) && !IsAcked(member, batch))
                {
                    SendIfGranted(member, batch);
                }
            }
        }

        EndIfAdoptionStalls();
    }

    private bool IsAcked(int member, Batch batch) =>
        batch.Entries.TrueForAll(entry => _cursors[entry.Entry.Slice].Acked[member] >= entry.Entry.Key.Sequence);

    private void ReceiveAcks(int from, AckBatch acks)
    {
        if (!acks.Verify(_group, _group.MemberKeys[from]))
        {
            _members[from].Lies++;
            return;
        }

        foreach (var ack in acks.Acks)
        {
            if (ack.Key.Session == Session && ack.Key.Epoch == _group.Epoch
                && _cursors.TryGetValue(ack.Slice, out var cursor) && cursor.IsIssued(ack.Key.Sequence, ack.Hash))
            {
                cursor.Acknowledge(from, ack.Key.Sequence, QuorumSize);
                Certify(ack.Slice, cursor);
            }
        }

        Pump();
        OpenIfAdoptionIsCertified();
    }

    private void Certify(uint slice, Cursor cursor)
    {
        while (cursor.Uncertified.TryPeek(out var entry) && entry.Entry.Key.Sequence <= cursor.Certified)
        {
            cursor.Uncertified.Dequeue();
            var holders = cursor.Acked.Count(acked => acked >= entry.Entry.Key.Sequence);
            UncertifiedBytes -= entry.Entry.PayloadBytes;
            CertifiedEntries++;
            if (_adopting.Remove(slice))
            {
                _adoptedAt = _time.GetTimestamp(); // A member that is far behind fetches slice by slice: slow is not stalled.
            }

            if (--entry.Batch!.Uncertified == 0)
            {
                _batches.Remove(entry.Batch);
                entry.Batch.Message.Release();
            }

            if (entry.Operation != NoOperation)
            {
                var certificate = new WriteCertificate(slice, entry.Entry.Key, holders, _group.Members);
                _effects.Enqueue(new WriterEffect.Certified(entry.Operation, certificate));
            }
        }
    }

    private void ReceiveRefusal(int from, WriteRefused refused)
    {
        if (refused.Session != Session)
        {
            return;
        }

        switch (refused.Reason)
        {
            case WriteRefusal.Fenced:
                EndIfFenced(from, refused.Evidence);
                break;
            case WriteRefusal.NotOpen when _members[from].IsGranted:
                _members[from].IsGranted = false;
                SendOpen(from);
                break;
            case WriteRefusal.NotOpen:
                break; // One of several batches that crossed the first refusal: the Open is on its way.
            default:
                // A member that calls an honest batch invalid, or whose disk failed, simply does not count towards the quorum.
                _members[from].Lies += refused.Reason == WriteRefusal.Invalid ? 1 : 0;
                break;
        }
    }

    /// <summary>A signed batch in flight. Its payloads go back to the pool when all its entries are certified and all sends are done.</summary>
    private sealed class Batch(WriteBatch message, List<InFlight> entries, int members)
    {
        public WriteBatch Message { get; } = message;

        public List<InFlight> Entries { get; } = entries;

        public int Uncertified { get; set; } = entries.Count;

        public long[] SentAt { get; } = new long[members];
    }
}
