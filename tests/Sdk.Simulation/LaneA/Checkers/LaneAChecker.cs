using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>
/// One promise of lane A. A checker sees what the owner signs, what honest members put on the wire and what the client is
/// told; never the inside of the code under test.
/// </summary>
internal abstract class LaneAChecker(string invariant)
{
    /// <summary>A writer sends an entry for the first time.</summary>
    public virtual void EntrySigned(HistoryEntry entry)
    {
    }

    /// <summary>A member, honest or not, sends an acknowledgement under its valid signature.</summary>
    public virtual void Acknowledged(SimMember member, in Ack ack)
    {
    }

    /// <summary>An honest member sends a granting answer to an Open.</summary>
    public virtual void Granted(SimMember member, in SessionId session, IReadOnlyList<SignedEntry> heads)
    {
    }

    /// <summary>The client is told that its session is open.</summary>
    public virtual void Opened(in SessionId session)
    {
    }

    /// <summary>The client is told that an entry is certified, and all before it in its slice.</summary>
    public virtual void Certified(HistoryEntry entry)
    {
    }

    /// <summary>The client submits a write.</summary>
    public virtual void Submitted(in SessionId session, SliceWrite write)
    {
    }

    /// <summary>The client asks for sectors.</summary>
    public virtual void ReadStarted(ClientRead read)
    {
    }

    /// <summary>The client is given sectors.</summary>
    public virtual void ReadDone(ClientRead read, SliceRead result)
    {
    }

    protected void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvariantViolationException(invariant, message);
        }
    }
}

/// <summary>A read that a client waits for.</summary>
internal sealed record ClientRead(SessionId Session, uint Slice, int First, int Count)
{
    /// <summary>Submitted writes of the session to this slice that were certified when the read began.</summary>
    public int CertifiedAtStart { get; set; }

    /// <summary>For each sector the number of the session's writes to this slice that an earlier read had shown.</summary>
    public int[] SeenAtStart { get; set; } = [];
}
