using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>Opening: a quorum raises its fences and reports heads; the highest are adopted and committed by an entry of this session.</summary>
internal sealed partial class SliceLogWriter
{
    /// <summary>How long no adopted head may be certified before those that miss are suspected.</summary>
    private static readonly TimeSpan AdoptionTimeout = TimeSpan.FromSeconds(5);

    private readonly Dictionary<int, IReadOnlyList<SignedEntry>> _reports = [];
    private bool _hasAdopted;
    private long _adoptedAt;

    private void SendOpen(int member)
    {
        _members[member].OpenSentAt = _time.GetTimestamp();
        Send(member, _open);
    }

    private void ReceiveOpenAnswer(int from, OpenAnswer answer)
    {
        if (answer.Session != Session || answer.Nonce != _open.Nonce || !VerifyAnswer(from, answer))
        {
            _members[from].Lies++;
            return;
        }

        switch (answer.Outcome)
        {
            case OpenOutcome.Granted:
                ReceiveGrant(from, answer.Heads);
                break;
            case OpenOutcome.Fenced:
                EndIfFenced(from, answer.Evidence);
                break;
            default:
                _members[from].IsRefusing = true;
                if (_members.Count(member => member.IsRefusing) > _members.Length - QuorumSize)
                {
                    End(new WriterEffect.Ended(WriterEnd.Refused));
                }

                break;
        }
    }

    private bool VerifyAnswer(int from, OpenAnswer answer)
    {
        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        OpenAnswer.Digest(_group, answer.Session, answer.Nonce, answer.Outcome, answer.Heads).CopyTo(digest);
        return _group.MemberKeys[from].Verify(digest, answer.Signature);
    }

    /// <summary>A member's word that somebody else holds the fence counts only with that session's own signed request.</summary>
    private void EndIfFenced(int from, OpenRequest? evidence)
    {
        var isOther = evidence is not null
            && (evidence.Session > Session || (evidence.Session == Session && !evidence.Grant.SessionKey.Equals(_grant.SessionKey)));
        if (isOther && evidence!.Disk == _lease.Disk && evidence.Verify(_group, _lease.Owner, now: null))
        {
            End(new WriterEffect.Ended(WriterEnd.Fenced, evidence.Session));
        }
        else
        {
            _members[from].Lies++;
        }
    }

    private void ReceiveGrant(int from, IReadOnlyList<SignedEntry> heads)
    {
        var member = _members[from];
        if (!_hasAdopted)
        {
            if (!heads.All(IsValidHead))
            {
                member.Lies++;
                return;
            }

            _reports.TryAdd(from, heads);
        }

        var isNew = !member.IsGranted;
        member.IsGranted = member.IsConnected;
        if (!_hasAdopted && _reports.Count >= QuorumSize)
        {
            Adopt();
        }
        else if (isNew)
        {
            SendUncertified(from);
        }
    }

    private bool IsValidHead(SignedEntry head) =>
        head.Operation.Key.Epoch == _group.Epoch && head.Operation.Group == _group.Id && _lease.Covers(head.Operation.Slice)
        && head.Operation.Key.Session < Session
        && head.Grant.Verify(_lease.Owner, _group.NetworkId, now: null)
        && IsSignedHead(head);

    /// <summary>Members report the same heads; each distinct one is verified once.</summary>
    private readonly HashSet<Hash256> _verifiedHeads = [];

    private bool IsSignedHead(SignedEntry head)
    {
        if (_verifiedHeads.Contains(head.Operation.Hash))
        {
            return true;
        }

        var verified = head.VerifySignature(_group.NetworkId);
        if (verified)
        {
            _verifiedHeads.Add(head.Operation.Hash);
        }

        return verified;
    }

    private void Adopt()
    {
        (_hasAdopted, _adoptedAt) = (true, _time.GetTimestamp());
        foreach (var slice in _reports.Values.SelectMany(heads => heads).GroupBy(head => head.Operation.Slice).OrderBy(slice => slice.Key))
        {
            if (HighestHead([.. slice]) is { } head)
            {
                _cursors.Add(slice.Key, new Cursor(_group.Members, head.Operation));
            }
        }

        _verifiedHeads.Clear();
        var counted = _mutations.HasFlag(LaneAMutations.CountAdopted);
        foreach (var (slice, cursor) in _cursors)
        {
            if (!counted || _reports.Values.Count(heads => heads.Any(head => head.Operation.Hash == cursor.Hash)) < QuorumSize)
            {
                CommitAdopted(slice, cursor);
            }
        }

        Pump();
        OpenIfAdoptionIsCertified();
    }

    /// <summary>
    /// The highest reported head; one that nobody delivered to an earlier session is passed over when a quorum reports
    /// lower ones, which proves that it was never certified.
    /// </summary>
    private SignedEntry? HighestHead(SignedEntry[] heads)
    {
        foreach (var head in heads.OrderByDescending(head => head.Operation.Key))
        {
            var lower = _reports.Count - heads.Count(other => other.Operation.Key >= head.Operation.Key);
            if (!_suspects.Contains(head.Operation.Hash) || lower < _group.Quorum)
            {
                return head;
            }
        }

        return null;
    }

    /// <summary>An entry that changes nothing: its certificate commits the adopted head below it.</summary>
    private void CommitAdopted(uint slice, Cursor cursor)
    {
        _adopting.Add(slice);
        Enqueue(NoOperation, cursor, new SliceWrite { Slice = slice, Version = 0, Extents = [], Payload = PayloadBuffer.Empty }, cursor.Root);
    }

    private readonly HashSet<uint> _adopting = [];

    private void OpenIfAdoptionIsCertified()
    {
        if (_hasAdopted && !IsOpen && _adopting.Count == 0)
        {
            IsOpen = true;
            _effects.Enqueue(new WriterEffect.Opened());
        }
    }

    private void EndIfAdoptionStalls()
    {
        if (_hasAdopted && !IsOpen && _time.GetElapsedTime(_adoptedAt) >= AdoptionTimeout)
        {
            var suspects = _adopting.Select(slice => _cursors[slice].AdoptedHash).ToArray();
            End(new WriterEffect.Ended(WriterEnd.AdoptionStalled, Suspects: suspects));
        }
    }
}
