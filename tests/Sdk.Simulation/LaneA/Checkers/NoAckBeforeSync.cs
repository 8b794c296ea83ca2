using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>I9: what an honest member acknowledges for the first time stands in the durable image of its log at that moment.</summary>
internal sealed class NoAckBeforeSync(History history) : LaneAChecker("I9")
{
    private readonly HashSet<(int Member, uint Slice, EntryKey Key)> _seen = [];

    public override void Acknowledged(SimMember member, in Ack ack)
    {
        if (!member.IsLiar && _seen.Add((member.Index, ack.Slice, ack.Key)))
        {
            Require(history.Find(ack.Hash) is { } entry && member.HoldsDurably(entry.Operation),
                $"member {member.Index} acknowledged {ack.Key} of slice {ack.Slice} before it was durable");
        }
    }
}
