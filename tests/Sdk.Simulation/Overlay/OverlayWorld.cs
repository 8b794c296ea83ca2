using System.Globalization;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Lookups;
using Sdk.Core.Overlay.Routing;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>All nodes that ever live in a run, those that do now, and the checkers: who is truly nearest, and whose record is good.</summary>
internal sealed class OverlayWorld
{
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    /// <summary>Whoever is here for a shorter time need not be found.</summary>
    private static readonly TimeSpan ArrivalTime = TimeSpan.FromSeconds(20);

    private const int DrawsMax = 1_000;

    private static readonly TimeSpan LookupTimeMax = TimeSpan.FromMinutes(3);

    private readonly SimRandom _random;
    private readonly List<SimOverlayNode> _nodes = [];
    private OverlayMap _map = new([]);
    private SimOverlayNode[] _byPlace = [];

    public OverlayWorld(SimWorld sim, OverlayParameters parameters)
    {
        (Sim, Parameters) = (sim, parameters);
        _random = sim.Random("overlay");
        Network = new SimOverlayNetwork(sim);
    }

    public SimWorld Sim { get; }

    public OverlayParameters Parameters { get; }

    public SimOverlayNetwork Network { get; }

    public int LookupCount => Parameters.Lookup.Count;

    public IReadOnlyList<SimOverlayNode> Nodes => _nodes;

    /// <summary>Makes nodes that do not live yet, each in a network of its own.</summary>
    public IReadOnlyList<SimOverlayNode> Make(int count)
    {
        int first = _nodes.Count;
        for (int i = first; i < first + count; i++)
        {
            Add(OverlayKeys.Record(i, OverlayKeys.Nonce(_random), group: i, host: 0, Sim.Time.GetUtcNow()));
        }

        Index();
        return _nodes[first..];
    }

    /// <summary>Makes nodes that stand near another, in networks of their own or all in one.</summary>
    public IReadOnlyList<SimOverlayNode> MakeNear(OverlayAddress address, int proximity, int count, bool isOneGroup)
    {
        int first = _nodes.Count;
        for (int i = first; i < first + count; i++)
        {
            Add(OverlayKeys.Record(
                i, OverlayKeys.Grind(i, address, proximity, _random), isOneGroup ? first : i, host: i - first, Sim.Time.GetUtcNow()));
        }

        Index();
        return _nodes[first..];
    }

    public SimOverlayNode[] Alive(Func<SimOverlayNode, bool>? condition = null) =>
        [.. _nodes.Where(node => node.IsAlive && (condition is null || condition(node)))];

    public void Run(TimeSpan duration) => Sim.Scheduler.RunFor(duration);

    /// <summary>Starts lookups of random addresses at honest nodes, spread over a time.</summary>
    public LookupFigures StartLookups(string phase, int count, TimeSpan spread)
    {
        LookupFigures figures = new(phase) { Started = count };
        for (int i = 0; i < count; i++)
        {
            Sim.Scheduler.Schedule(_random.Between(TimeSpan.Zero, spread), () => LookUp(figures, RandomHonest(), OverlayMap.RandomAddress(_random)));
        }

        return figures;
    }

    /// <summary>Runs until the lookups have ended, and notes what they came to.</summary>
    public LookupFigures Await(LookupFigures figures)
    {
        Sim.Scheduler.RunUntil(() => figures.Ended == figures.Started, LookupTimeMax);
        Sim.Figures.Add(figures.ToString());
        return figures;
    }

    public void LookUp(LookupFigures figures, SimOverlayNode asker, OverlayAddress target)
    {
        TimeSpan start = Sim.Scheduler.Now;
        asker.LookUp(target, lookup =>
        {
            if (lookup is null)
            {
                figures.Started--;
                return;
            }

            Lookup<OverlayContact> steps = lookup.Steps;
            SimOverlayNode nearest = Nearest(target, asker, Sim.Scheduler.Now - ArrivalTime);
            bool isFound = steps.Nearest.Any(contact => contact.Record == nearest.Record);
            Sim.Trace.Record("looked up", asker.Index, nearest.Index, isFound ? 1 : 0, steps.Trace.Count);
            Sim.Operations++;
            if (!isFound && Sim.Trace.IsVerbose)
            {
                NoteFailure(steps, asker, nearest);
            }

            figures.End(isFound, steps.Hops, steps.Trace.Count, Sim.Scheduler.Now - start);
        });
    }

    public SimOverlayNode RandomHonest()
    {
        // Most are; a list of those who are would be made for each of very many lookups.
        for (int i = 0; i < DrawsMax; i++)
        {
            if (_random.Pick(_nodes) is SimOverlayNode node && IsHonest(node))
            {
                return node;
            }
        }

        return _random.Pick(Alive(IsHonest));
    }

    private bool IsHonest(SimOverlayNode node) => node is { IsAlive: true, IsHonest: true } && Sim.Scheduler.Now - node.Since >= ArrivalTime;

    /// <exception cref="InvariantViolationException">An honest node believes a record that proves nothing.</exception>
    public void CheckNotForged(SimOverlayNode node, NodeRecord record)
    {
        if (node.IsHonest && Network.Find(record.Address)?.Record != record)
        {
            throw new InvariantViolationException(OverlayInvariants.Forged, $"node {node.Index} dials a node whose record is forged");
        }
    }

    public void Figure(string text) => Sim.Figures.Add(text);

    private void NoteFailure(Lookup<OverlayContact> steps, SimOverlayNode asker, SimOverlayNode nearest)
    {
        Sim.Trace.Note(string.Create(CultureInfo.InvariantCulture,
            $"node {asker.Index} missed node {nearest.Index}: {steps.Nearest.Count} found, {steps.Trace.Count} asked, {steps.Trace.Count(hop => hop.Named is null)} silent, nearest shares {steps.Target.Proximity(nearest.Address)} bits; that node has {nearest.Router.Table.ConnectedCount} connected, depth {nearest.Router.Table.Depth}"));
        foreach (LookupHop<OverlayContact> hop in steps.Trace)
        {
            SimOverlayNode? asked = Network.Find(hop.Contact.Record.Address);
            bool knows = asked is { IsAlive: true } && asked.Router.Table.TryFind(nearest.Address, out OverlayPeer? peer) && peer.IsConnected;
            Sim.Trace.Note(string.Create(CultureInfo.InvariantCulture,
                $"  path {hop.Path} depth {hop.Depth} node {asked?.Index} shares {hop.Proximity}, named {hop.Named} up to {hop.NearestNamed}{(knows ? ", connected to it" : "")}{(asked is { IsHonest: false } ? ", liar" : "")}"));
        }
    }

    private SimOverlayNode Nearest(OverlayAddress target, SimOverlayNode asker, TimeSpan since) => _byPlace[_map.Nearest(
        target, 1, place => _byPlace[place] is { IsAlive: true, IsHonest: true } node && node != asker && node.Since <= since)[0]];

    private void Add(NodeRecord record)
    {
        SimOverlayNode node = new(this, _nodes.Count, record);
        _nodes.Add(node);
        Network.Add(node);
    }

    private void Index()
    {
        _map = new OverlayMap(_nodes.Select(node => node.Address));
        _byPlace = new SimOverlayNode[_nodes.Count];
        foreach (SimOverlayNode node in _nodes)
        {
            _byPlace[_map.PlaceOf(node.Address)] = node;
        }
    }
}
