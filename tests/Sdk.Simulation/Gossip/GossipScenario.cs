using Sdk.Core.Networking.Pubsub;
using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Gossip;

/// <summary>
/// Honest nodes and a spammer on one topic: first with loss, delays, partitions, connections that end and nodes that leave the topic; then
/// healed, when every message must reach every subscriber, even one that no mesh takes because it has just come back.
/// </summary>
internal sealed class GossipScenario : Scenario
{
    public const string NoSeenCache = "no-seen-cache";
    public const string NoGossip = "no-gossip";
    public const string NoBackoff = "no-backoff";
    public const string NoVerification = "no-verification";
    public const string NoQueueLimit = "no-queue-limit";
    public const string NoReplayGuard = "no-replay-guard";

    private const int LastMessages = 8;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HealTime = 15 * Heartbeat;
    private static readonly TimeSpan DeliveryTime = 8 * Heartbeat;

    public override string Name => "gossip";

    public override string Description => "gossipsub: honest nodes and a spammer over a bad network; what is published after it healed reaches everybody once";

    public override IReadOnlyList<string> Mutations => [NoSeenCache, NoGossip, NoBackoff, NoVerification, NoQueueLimit, NoReplayGuard];

    public override (int Min, int Max) NodeRange => (4, 24);

    public override void Run(SimWorld world)
    {
        SimRandom random = world.Random("shape");
        var gossip = new GossipWorld(world, world.Nodes ?? random.Between(5, 12), MutationOf(world.Mutation))
        {
            Network = { Faults = FaultsOf(world.Random("faults")) },
        };
        gossip.ConnectAll();
        RunWithFaults(gossip, random);
        RunHealed(gossip, random);
    }

    private static GossipMutations MutationOf(string? name) => name switch
    {
        NoSeenCache => GossipMutations.NoSeenCache,
        NoGossip => GossipMutations.NoGossip,
        NoBackoff => GossipMutations.NoBackoff,
        NoVerification => GossipMutations.NoVerification,
        NoQueueLimit => GossipMutations.NoQueueLimit,
        NoReplayGuard => GossipMutations.NoReplayGuard,
        _ => GossipMutations.None,
    };

    /// <summary>Streams keep their order, and a loss breaks them: more than a few in a hundred frames is no connection.</summary>
    private static NetworkFaults FaultsOf(SimRandom random) =>
        NetworkFaults.Draw(random) with { Fifo = true, LossPercent = random.Percent(25) ? 0 : random.Between(1, 4) };

    private static void RunWithFaults(GossipWorld gossip, SimRandom random)
    {
        SimScheduler scheduler = gossip.Sim.Scheduler;
        var partitions = new PartitionNemesis<GossipPacket>(gossip.Sim, gossip.Network, calmMax: TimeSpan.FromSeconds(5), cutMax: TimeSpan.FromSeconds(2));
        if (!random.Percent(25))
        {
            partitions.Start();
        }

        TimeSpan end = scheduler.Now + random.Between(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));
        while (scheduler.Now < end)
        {
            scheduler.RunFor(random.Between(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(4)));
            Disturb(gossip, random);
        }

        partitions.Stop();
        gossip.Network.Faults = new NetworkFaults { Fifo = true };
        gossip.Sim.Trace.Record("heal");
    }

    /// <summary>Ends a connection for a while, or takes a node out of the topic for a while.</summary>
    private static void Disturb(GossipWorld gossip, SimRandom random)
    {
        SimGossipNode node = random.Pick(gossip.Nodes);
        TimeSpan pause = random.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(3));
        if (random.Percent(50))
        {
            node.Unsubscribe();
            gossip.Sim.Scheduler.Schedule(pause, node.Subscribe);
            return;
        }

        int next = (node.Index + 1) % gossip.Nodes.Count;
        node.Disconnected(next);
        gossip.Nodes[next].Disconnected(node.Index);
        gossip.Sim.Scheduler.Schedule(pause, () => gossip.Connect(node.Index, next));
    }

    private static void RunHealed(GossipWorld gossip, SimRandom random)
    {
        SimScheduler scheduler = gossip.Sim.Scheduler;
        foreach (SimGossipNode node in gossip.Nodes)
        {
            node.IsPublishing = false;
        }

        scheduler.RunFor(HealTime);

        // Its peers may not graft it for ten seconds: only gossip can bring it what others than they publish.
        SimGossipNode outsider = random.Pick(gossip.Nodes);
        outsider.Unsubscribe();
        scheduler.RunFor(TimeSpan.FromMilliseconds(100));
        outsider.Subscribe();
        scheduler.RunFor(TimeSpan.FromMilliseconds(100));
        var messages = new List<int>();
        for (int i = 0; i < LastMessages; i++)
        {
            if (gossip.Nodes[(outsider.Index + i) % gossip.Nodes.Count].Publish() is { } number)
            {
                messages.Add(number);
            }

            scheduler.RunFor(TimeSpan.FromMilliseconds(200));
        }

        Require(messages.Count >= LastMessages / 2, "publishers were told to wait although nothing was wrong");
        bool arrived = scheduler.RunUntil(() => gossip.Nodes.All(node => messages.All(node.HasDelivered)), DeliveryTime);
        if (!arrived)
        {
            SimGossipNode late = gossip.Nodes.First(node => !messages.All(node.HasDelivered));
            Require(false, $"{messages.Count(message => !late.HasDelivered(message))} messages did not arrive in {DeliveryTime}; {late.Describe()}; outsider {outsider.Index}");
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvariantViolationException("G1", message);
        }
    }
}
