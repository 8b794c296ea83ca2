using Sdk.Simulation.LaneA.Checkers;
using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA;

/// <summary>In which order a member hears that its syncs are done; anything but <see cref="InOrder"/> is a deliberate bug.</summary>
internal enum SyncOrder
{
    InOrder,
    Any,
}

/// <summary>
/// One group with its members, the two devices of its owner, the network between them, and the checkers that watch what
/// the owner signs, what crosses the wire and what the clients are told.
/// </summary>
internal sealed class LaneAWorld
{
    private const int Clients = 2;

    public LaneAWorld(SimWorld sim, int members, int liars, uint slices, LaneAFaults faults, LaneAMutations mutations = LaneAMutations.None)
    {
        (Sim, Faults, Mutations) = (sim, faults, mutations);
        Group = LaneAKeys.Group(members, slices);
        Lease = new SliceLease(LaneAKeys.Disk, LaneAKeys.Account.Address, 0, slices);
        Network = new SimNetwork<SliceMessage>(sim, members + Clients, Deliver)
        {
            Faults = faults.Network,
            Copied = message => message.Retain(),
            Dropped = message => message.Release(),
        };
        var kept = new NothingCertifiedIsLost(History);
        Checkers =
        [
            new OneCertificatePerKey(Group.Quorum), kept, new ReadsAreMonotone(History, kept), new OnlyOwnersBytes(), new FencesNeverFall(History),
            new NoAckBeforeSync(History),
        ];

        // Which members lie does not matter to the protocol, but orders of iteration might: any of them.
        int[] order = [.. Enumerable.Range(0, members)];
        sim.Random("liars").Shuffle<int>(order);
        Members = [.. Enumerable.Range(0, members).Select(index => new SimMember(this, index, order.AsSpan(0, liars).Contains(index)))];
        Devices = [.. Enumerable.Range(0, Clients).Select(device => new SimClient(this, device))];
    }

    public SimWorld Sim { get; }

    public CopyGroup Group { get; }

    public SliceLease Lease { get; }

    public SimNetwork<SliceMessage> Network { get; }

    public LaneAFaults Faults { get; private set; }

    public LaneAMutations Mutations { get; }

    public SyncOrder SyncsComplete { get; init; }

    /// <summary>Small logs fill up, so that checkpoints run within a seed.</summary>
    public long LogCapacityBytes { get; init; } = 1 << 20;

    public History History { get; } = new();

    public List<LaneAChecker> Checkers { get; }

    public IReadOnlyList<SimMember> Members { get; }

    /// <summary>The devices of the owner: each is a client of the group.</summary>
    public IReadOnlyList<SimClient> Devices { get; }

    /// <summary>Ends the faults: everybody is up again and the network only delays. Liars go on.</summary>
    public void Heal()
    {
        Faults = Faults.Healed();
        Network.Faults = Faults.Network;
        Network.Heal();
        foreach (SimMember member in Members)
        {
            member.Restart();
        }
    }

    public void SendFromClient(SimClient client, int member, SliceMessage message)
    {
        if (message is WriteBatch batch)
        {
            foreach (WriteOperation operation in batch.Operations)
            {
                if (History.Add(operation) is { } entry)
                {
                    Checkers.ForEach(checker => checker.EntrySigned(entry));
                }
            }
        }

        Send(client.Endpoint, member, message);
    }

    public void SendFromMember(SimMember member, int to, SliceMessage message)
    {
        switch (message)
        {
            // A liar's acknowledgement counts as one when its signature does.
            case AckBatch acks when !member.IsLiar || acks.Verify(Group, member.Key.PublicKey):
                foreach (Ack ack in acks.Acks)
                {
                    Checkers.ForEach(checker => checker.Acknowledged(member, ack));
                }

                break;
            case OpenAnswer { Outcome: OpenOutcome.Granted } answer when !member.IsLiar:
                Checkers.ForEach(checker => checker.Granted(member, answer.Session, answer.Heads));
                break;
        }

        Send(member.Index, to, message);
    }

    public void Certified(in WriteCertificate certificate)
    {
        HistoryEntry entry = History.Find(certificate.Slice, certificate.Key)
            ?? throw new InvariantViolationException("I4", $"{certificate.Key} of slice {certificate.Slice} was certified, but nobody signed it");
        Sim.Trace.Record("certified", entry.Slice, (long)entry.Key.Session.Counter, entry.Key.Sequence);
        Checkers.ForEach(checker => checker.Certified(entry));
    }

    public void Opened(SessionId session) => Checkers.ForEach(checker => checker.Opened(session));

    public void MemberCrashed(SimMember member)
    {
        foreach (SimClient client in Devices)
        {
            client.MemberWent(member.Index);
        }
    }

    public void MemberRestarted(SimMember member)
    {
        foreach (SimClient client in Devices)
        {
            client.MemberCame(member.Index);
        }
    }

    private void Send(int from, int to, SliceMessage message)
    {
        if (Sim.Trace.IsVerbose)
        {
            Sim.Trace.Note($"{from} -> {to}: {MessageTag.Describe(message)}");
        }

        Network.Send(from, to, message, MessageTag.Of(message));
    }

    private void Deliver(int from, int to, SliceMessage message)
    {
        if (to < Group.Members)
        {
            Members[to].Receive(from, message);
        }
        else if (from < Group.Members)
        {
            Devices[to - Group.Members].Receive(from, message);
        }
        else
        {
            message.Release();
        }
    }
}
