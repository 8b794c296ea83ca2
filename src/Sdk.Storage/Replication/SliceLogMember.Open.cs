namespace Sdk.Storage.Replication;
/// <summary>Sessions: the fence rises durably before the answer, and the answer says what is held here.</summary>
internal sealed partial class SliceLogMember
{
    private void ReceiveOpen(int from, OpenRequest request)
    {
        if (!_disks.TryGetValue(request.Disk, out var disk) || !request.Verify(_group, disk.Lease.Owner, _time.GetUtcNow()))
        {
            RefusedMessages++;
            SendOpenAnswer(from, request, OpenOutcome.Refused, []);
            return;
        }

        if (disk.Readers.Count < DiskState.MaxReaders)
        {
            disk.Readers.Add(from);
        }

        var fence = disk.Fence?.Session ?? default;
        if (request.Session < fence || IsOtherKeyOfSameSession(request, disk.Fence))
        {
            SendOpenAnswer(from, request, OpenOutcome.Fenced, [], disk.Fence);
        }
        else if (request.Session.Counter > fence.Counter + OpenRequest.MaxCounterJump)
        {
            SendOpenAnswer(from, request, OpenOutcome.Refused, []);
        }
        else
        {
            RaiseFence(from, request, disk, alreadyThere: request.Session == fence);
        }
    }

    /// <summary>A device that delegates one session counter to two keys could have two writers in one session.</summary>
    private static bool IsOtherKeyOfSameSession(OpenRequest request, OpenRequest? fence) =>
        fence is not null && request.Session == fence.Session && !request.Grant.SessionKey.Equals(fence.Grant.SessionKey);

    private void RaiseFence(int from, OpenRequest request, DiskState disk, bool alreadyThere)
    {
        if (!alreadyThere && !HasRoomFor(payloadBytes: 0, records: 1))
        {
            return; // The writer asks again, after the checkpoint.
        }

        var lsn = _log.NextLsn;
        disk.Client = from;
        if (!alreadyThere)
        {
            // From here on no entry of an older session is accepted; what was accepted before lies earlier in the log, so
            // the sync that makes the fence durable covers it, and the heads in the answer include it.
            if (_mutations.HasFlag(LaneAMutations.NoFence) && disk.Fence is { } former)
            {
                disk.FormerGrants[former.Session] = former.Grant;
            }

            disk.Fence = request;
            lsn = AppendFence(request);
            DropWaitingBelowFence(disk);
        }

        _unsynced.Enqueue(new Unsynced(lsn, _log.NextLsn, null, new PendingOpen(from, request)));
        if (!NeedsSync)
        {
            Synced(_log.SyncedLsn);
        }
    }

    private void AnswerOpen(PendingOpen pending)
    {
        var disk = _disks[pending.Request.Disk];
        if (disk.Fence!.Session != pending.Request.Session)
        {
            SendOpenAnswer(pending.From, pending.Request, OpenOutcome.Fenced, [], disk.Fence);
            return;
        }

        var heads = new List<SignedEntry>();
        for (var i = 0u; i < disk.Lease.SliceCount; i++)
        {
            if (_store.Load(disk.Lease.FirstSlice + i) is { } record && HeadOf(record) is { } head)
            {
                heads.Add(head);
            }
        }

        SendOpenAnswer(pending.From, pending.Request, OpenOutcome.Granted, heads);
    }

    private void SendOpenAnswer(int to, OpenRequest request, OpenOutcome outcome, IReadOnlyList<SignedEntry> heads, OpenRequest? evidence = null)
    {
        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        OpenAnswer.Digest(_group, request.Session, request.Nonce, outcome, heads).CopyTo(digest);
        var signature = new byte[FieldWidths.SignatureBytes];
        _memberKey.Sign(digest, signature);
        Send(to, new OpenAnswer
        {
            Session = request.Session,
            Nonce = request.Nonce,
            Outcome = outcome,
            Heads = heads,
            Evidence = evidence,
            Signature = signature,
        });
    }

    private sealed record PendingOpen(int From, OpenRequest Request);
}
