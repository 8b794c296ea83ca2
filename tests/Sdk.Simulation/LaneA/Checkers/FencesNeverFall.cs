using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>
/// I6: a fence never falls, across crashes too. Once an honest member granted a session it grants no older one, and of
/// older sessions it acknowledges only what the heads in that answer contain.
/// </summary>
internal sealed class FencesNeverFall(History history) : LaneAChecker("I6")
{
    private readonly Dictionary<int, (SessionId Session, Dictionary<uint, Hash256> Heads)> _fences = [];

    public override void Granted(SimMember member, in SessionId session, IReadOnlyList<SignedEntry> heads)
    {
        if (_fences.TryGetValue(member.Index, out var fence))
        {
            Require(session >= fence.Session, $"member {member.Index} granted session {session} after {fence.Session}");
            if (session == fence.Session)
            {
                return; // A repeated Open; the first answer is the one that binds.
            }
        }

        _fences[member.Index] = (session, heads.ToDictionary(head => head.Operation.Slice, head => head.Operation.Hash));
    }

    public override void Acknowledged(SimMember member, in Ack ack)
    {
        if (member.IsLiar || !_fences.TryGetValue(member.Index, out var fence) || ack.Key.Session >= fence.Session)
        {
            return;
        }

        Hash256 reported = fence.Heads.GetValueOrDefault(ack.Slice);
        Require(
            history.Find(ack.Hash) is { } entry && history.Find(reported) is { } head && head.DescendsFrom(entry),
            $"member {member.Index} acknowledged {ack.Key} of slice {ack.Slice} although it had granted {fence.Session} and had not reported it");
    }
}
