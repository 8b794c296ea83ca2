using Sdk.Simulation.LaneA.Checkers;
using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA.Directed;

/// <summary>
/// A schedule written by hand for a fault that random ones seldom find: four members, all honest, one slice, two devices
/// A and B that do what they are told, and links that are cut and mended between the steps. The seed moves only the delays.
/// </summary>
internal abstract class DirectedScenario : Scenario
{
    protected const int Members = 4;

    /// <summary>Long enough for whatever is not cut off, with retransmissions and timeouts.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public override (int Min, int Max) NodeRange => (Members, Members);

    public override void Run(SimWorld world)
    {
        var lane = new LaneAWorld(world, Members, liars: 0, slices: 1, new LaneAFaults(), LaneAMutationNames.CoreFlags(world.Mutation));
        var stage = new Stage(lane);
        foreach (SimMember member in lane.Members)
        {
            member.Start();
        }

        foreach (SimClient client in lane.Devices)
        {
            client.IsWorking = false;
        }

        Play(stage);
    }

    protected abstract void Play(Stage stage);

    /// <summary>The players, and what a director says to them.</summary>
    protected sealed class Stage
    {
        private readonly LaneAWorld _lane;
        private readonly GrantWatch _grants = new();
        private readonly HashSet<SimClient> _opened = [];

        public Stage(LaneAWorld lane)
        {
            _lane = lane;
            lane.Checkers.Add(_grants);
            foreach (SimClient client in lane.Devices)
            {
                client.Opened = () => _opened.Add(client);
            }
        }

        public SimClient A => _lane.Devices[0];

        public SimClient B => _lane.Devices[1];

        public SimMember Member(int index) => _lane.Members[index];

        public long Operations => _lane.Sim.Operations;

        public SimNetwork<SliceMessage> Network => _lane.Network;

        public void Dismiss<TChecker>() => _lane.Checkers.RemoveAll(checker => checker is TChecker);

        /// <summary>Mends everything, then cuts the client off from some members in both directions.</summary>
        public void CutOff(SimClient client, params int[] members)
        {
            Network.Heal();
            Network.Partition([client.Endpoint], members);
        }

        public void Run(TimeSpan duration) => _lane.Sim.Scheduler.RunFor(duration);

        /// <summary>Runs until the condition holds; false when it does not within <see cref="Patience"/>.</summary>
        public bool RunUntil(Func<bool> done) => _lane.Sim.Scheduler.RunUntil(done, Patience);

        /// <summary>Like <see cref="RunUntil"/> for a step without which the schedule would prove nothing.</summary>
        public void Expect(Func<bool> done, string what)
        {
            if (!RunUntil(done))
            {
                throw new InvalidOperationException($"The schedule went astray: {what} did not happen.");
            }
        }

        /// <summary>Opens a session and runs until these members granted it; their answers are still under way.</summary>
        public void OpenUntilGranted(SimClient client, ulong counter, params int[] members)
        {
            _opened.Remove(client);
            client.OpenSession(counter);
            Expect(() => members.All(member => _grants.HasGranted(member, counter)), $"the grant of session {counter}");
        }

        public void Open(SimClient client, ulong counter)
        {
            _opened.Remove(client);
            client.OpenSession(counter);
            Expect(() => _opened.Contains(client), $"the opening of session {counter}");
        }

        public bool IsOpened(SimClient client) => _opened.Contains(client);

        /// <summary>Writes a sector and waits for its certificate.</summary>
        public void WriteCertified(SimClient client, int sector)
        {
            client.WriteSector(0, sector);
            Expect(() => client.IsQuiet, "the certificate of a write");
        }

        public void ReadEverything(SimClient client)
        {
            client.ReadEverything();
            Expect(() => client.IsQuiet, "the reading of everything");
        }
    }

    /// <summary>Notes which member granted which session.</summary>
    private sealed class GrantWatch() : LaneAChecker("none")
    {
        private readonly HashSet<(int Member, ulong Counter)> _granted = [];

        public override void Granted(SimMember member, in SessionId session, IReadOnlyList<SignedEntry> heads) =>
            _granted.Add((member.Index, session.Counter));

        public bool HasGranted(int member, ulong counter) => _granted.Contains((member, counter));
    }
}
