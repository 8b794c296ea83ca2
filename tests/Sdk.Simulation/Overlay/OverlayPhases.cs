using System.Globalization;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Routing;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>What happens to an overlay, one thing after the other, and what must hold after each.</summary>
internal sealed class OverlayPhases
{
    private const int Fifth = 5;
    private const int Besiegers = 32;
    private const int SiegeLookups = 50;
    private const int ProbeLookups = 200;
    private const double LoadSpreadMax = 20;

    /// <summary>Where nobody is asked in vain; one dial to a node that is gone takes ten.</summary>
    private const double HealthySecondsMax = 3;
    private const int JoinMessagesMax = 6_000;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SiegeTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HealTime = TimeSpan.FromSeconds(60);

    /// <summary>Long enough that each part takes the other for dead.</summary>
    private static readonly TimeSpan CutTime = TimeSpan.FromSeconds(60);

    /// <summary>Those who failed are tried again after two minutes at the latest.</summary>
    private static readonly TimeSpan MeetTime = TimeSpan.FromSeconds(150);

    private readonly OverlayWorld _overlay;
    private readonly int _count;
    private readonly int _lookups;
    private readonly SimRandom _random;
    private SimOverlayNode[] _bootstraps = [];

    public OverlayPhases(OverlayWorld overlay, int count, int lookups)
    {
        (_overlay, _count, _lookups) = (overlay, count, lookups);
        _random = overlay.Sim.Random("phases");
    }

    private SimScheduler Scheduler => _overlay.Sim.Scheduler;

    /// <summary>All join, a hundred in a second, each through one of a few.</summary>
    public void Join(int bootstraps)
    {
        IReadOnlyList<SimOverlayNode> nodes = _overlay.Make(_count);
        _bootstraps = [.. nodes.Take(bootstraps)];
        TimeSpan duration = TimeSpan.FromSeconds(Math.Max(10, _count / 100));
        nodes[0].Join();
        for (int i = 1; i < nodes.Count; i++)
        {
            SimOverlayNode node = nodes[i];
            SimOverlayNode bootstrap = i < bootstraps ? nodes[0] : _random.Pick(_bootstraps);
            Scheduler.Schedule(duration * ((double)i / nodes.Count), () => node.Join(bootstrap));
        }

        _overlay.Run(duration + Settling);
        int lost = nodes.Count(node => !node.Router.HasJoined);
        int[] connected = [.. nodes.Select(node => node.Router.Table.ConnectedCount).Order()];
        int[] known = [.. nodes.Select(node => node.Router.Table.KnownCount).Order()];
        int[] depths = [.. nodes.Select(node => node.Router.Table.Depth).Order()];
        Figure($"{_count} nodes joined in {duration.TotalSeconds:F0} s; connected {connected[_count / 2]} median {connected[^1]} max, known {known[_count / 2]} median, depth {depths[0]} to {depths[^1]}; {_overlay.Network.Messages / _count} messages sent by each");
        Require(lost == 0, OverlayInvariants.Finds, $"{lost} of {_count} nodes did not join");
    }

    public void Calm()
    {
        long[] before = [.. _overlay.Nodes.Select(node => node.Received)];
        LookupFigures figures = _overlay.Await(_overlay.StartLookups("calm", _lookups, TimeSpan.FromSeconds(10)))
            .Require(OverlayInvariants.Finds, OverlayInvariants.FindsAtLeast);
        OverlayInvariants.RequireHops(figures.MedianHops, _count);
        long[] load = [.. _overlay.Nodes.Select((node, i) => node.Received - before[i]).Order()];
        double spread = (double)load[^1] / Math.Max(1, load[_count / 2]);
        Figure($"calm: messages handled {load[_count / 2]} median {load[^1]} max, {spread:F1} times as many");
        Require(spread <= LoadSpreadMax, OverlayInvariants.Load, $"the busiest node handles {spread:F1} times as many messages as the median");
    }

    /// <summary>Of a hundred nodes one leaves and one comes every ten seconds, some of them without a word.</summary>
    public void Churn()
    {
        TimeSpan duration = TimeSpan.FromSeconds(30);
        int changes = Math.Max(4, _count * 3 / 100);
        List<SimOverlayNode> newcomers = [.. _overlay.Make(changes)];
        foreach (SimOverlayNode newcomer in newcomers)
        {
            Scheduler.Schedule(_random.Between(TimeSpan.Zero, duration), () =>
            {
                newcomer.Join(_random.Pick(_bootstraps));
                SimOverlayNode leaver = _random.Pick(_overlay.Alive(node => !_bootstraps.Contains(node)));
                if (_random.Percent(50))
                {
                    leaver.Leave();
                }
                else
                {
                    leaver.Vanish();
                }
            });
        }

        LookupFigures figures = _overlay.StartLookups("churn", _lookups, duration);
        _overlay.Run(duration);
        _overlay.Await(figures).Require(OverlayInvariants.Churn, OverlayInvariants.FindsAmongLiarsAtLeast);
        long[] messages = [.. newcomers.Where(node => node.IsAlive).Select(node => node.Sent + node.Received).Order()];
        Figure($"churn: {changes} left and came; messages sent and received by a newcomer {messages[messages.Length / 2]} median {messages[^1]} max");
        Require(messages[messages.Length / 2] <= JoinMessagesMax, OverlayInvariants.Load, $"joining takes {messages[messages.Length / 2]} messages; wanted {JoinMessagesMax}");
    }

    public void Vanish()
    {
        SimOverlayNode[] victims = Draw(Fifth);
        foreach (SimOverlayNode victim in victims)
        {
            victim.Vanish();
        }

        _overlay.Sim.Trace.Record("vanish", victims.Length);
        Heal("a fifth gone", HealTime, OverlayInvariants.Vanished);
    }

    public void CutInTwo()
    {
        HashSet<SimOverlayNode> side = [.. Draw(2)];
        _overlay.Sim.Trace.Record("cut", side.Count);
        _overlay.Network.Cut(side.Contains, CutTime);
        _overlay.Run(CutTime);
        SimOverlayNode[] alive = _overlay.Alive();
        double across = alive.Average(node => node.Router.Linked.Count(peer => side.Contains(_overlay.Network.Find(peer.Address)!) != side.Contains(node)));
        Figure($"cut in two: after {CutTime.TotalSeconds:F0} s a node still has {across:F1} connections to the other part");
        Heal("whole again", MeetTime, OverlayInvariants.Whole);
    }

    /// <summary>Nodes ground to stand around one, which name only each other.</summary>
    public void Besiege(bool isOneGroup)
    {
        SimOverlayNode victim = _overlay.RandomHonest();
        int depth = victim.Router.Table.Depth;
        IReadOnlyList<SimOverlayNode> besiegers = _overlay.MakeNear(victim.Address, depth + 2, Besiegers, isOneGroup);
        _ = new Liars(besiegers, forgers: 0, forgeries: 0, _random);
        foreach (SimOverlayNode besieger in besiegers)
        {
            besieger.Join(victim, _random.Pick(_bootstraps));
        }

        _overlay.Run(SiegeTime);
        int places = victim.Router.Linked.Count(peer => peer.Standing == OverlayStanding.Routed && besiegers.Contains(_overlay.Network.Find(peer.Address)));
        string phase = isOneGroup ? "besieged out of one network" : "besieged out of many networks";
        LookupFigures inside = new($"{phase}, by the victim") { Started = SiegeLookups };
        LookupFigures outside = new($"{phase}, for the victim") { Started = SiegeLookups };
        for (int i = 0; i < SiegeLookups; i++)
        {
            _overlay.LookUp(inside, victim, AddressAwayFrom(victim, depth));
            _overlay.LookUp(outside, _random.Pick(_overlay.Alive(node => node.IsHonest && node != victim)), victim.Address);
        }

        _overlay.Await(inside);
        _overlay.Await(outside);
        Figure($"{phase}: {places} of {victim.Router.Table.ConnectedCount} places in the victim's table are the {Besiegers} besiegers', depth {depth} before and {victim.Router.Table.Depth} now");
        if (isOneGroup)
        {
            int most = _overlay.Parameters.Table.MaxPerGroup;
            Require(places <= most, OverlayInvariants.Siege, $"nodes of one network hold {places} places in the victim's table; wanted {most}");
        }

        inside.Require(OverlayInvariants.Siege, OverlayInvariants.FindsAmongLiarsAtLeast);
        outside.Require(OverlayInvariants.Siege, isOneGroup ? OverlayInvariants.FindsAmongLiarsAtLeast : OverlayInvariants.FindsBesiegedAtLeast);
        foreach (SimOverlayNode besieger in besiegers)
        {
            besieger.Leave();
        }
    }

    /// <summary>A fifth turns: half of them name only each other, half what they forge.</summary>
    public void Lie()
    {
        SimOverlayNode[] liars = Draw(Fifth);
        _ = new Liars(liars, liars.Length / 2, forgeries: _count, _random);
        _overlay.Sim.Trace.Record("lie", liars.Length);
        _overlay.Await(_overlay.StartLookups("a fifth lies, at once", _lookups, TimeSpan.FromSeconds(10)))
            .Require(OverlayInvariants.Liars, OverlayInvariants.FindsAmongLiarsAtLeast);
        _overlay.Run(SiegeTime);
        _overlay.Await(_overlay.StartLookups("a fifth lies, later", _lookups, TimeSpan.FromSeconds(10)))
            .Require(OverlayInvariants.Liars, OverlayInvariants.FindsAmongLiarsAtLeast);
    }

    /// <summary>Looks up at once and every ten seconds, until all is well or must be.</summary>
    private void Heal(string phase, TimeSpan limit, string invariant)
    {
        TimeSpan start = Scheduler.Now;
        List<(TimeSpan After, LookupFigures Figures)> probes = [];
        (TimeSpan After, LookupFigures Figures) well = default;
        while (well.Figures is null && Scheduler.Now - start < limit)
        {
            TimeSpan after = Scheduler.Now - start;
            probes.Add((after, _overlay.StartLookups($"{phase}, after {after.TotalSeconds:F0} s", ProbeLookups, TimeSpan.FromSeconds(1))));
            _overlay.Run(ProbeInterval);
            well = probes.Find(probe => IsWell(probe.Figures));
        }

        _overlay.Figure(probes[0].Figures.ToString());
        Figure($"{phase}: healed after {(well.Figures is null ? limit : well.After).TotalSeconds:F0} s");
        TimeSpan now = Scheduler.Now - start;
        LookupFigures last = _overlay.Await(_overlay.StartLookups($"{phase}, after {now.TotalSeconds:F0} s", _lookups, TimeSpan.FromSeconds(10)))
            .Require(invariant, OverlayInvariants.FindsAtLeast);
        Require(IsWell(last), invariant, $"{phase}: lookups take {last.MedianSeconds:F1} s at the median: those who are gone are still asked");
    }

    private static bool IsWell(LookupFigures figures) => figures.Ended == figures.Started
        && figures.Success >= OverlayInvariants.FindsAtLeast && figures.MedianSeconds <= HealthySecondsMax;

    private OverlayAddress AddressAwayFrom(SimOverlayNode node, int depth)
    {
        while (true)
        {
            OverlayAddress address = OverlayMap.RandomAddress(_random);
            if (address.Proximity(node.Address) < Math.Max(1, depth))
            {
                return address;
            }
        }
    }

    /// <summary>One in so many of those that live, but no bootstrap node.</summary>
    private SimOverlayNode[] Draw(int oneIn)
    {
        SimOverlayNode[] alive = _overlay.Alive(node => !_bootstraps.Contains(node));
        _random.Shuffle<SimOverlayNode>(alive);
        return alive[..(alive.Length / oneIn)];
    }

    private void Figure(FormattableString text) => _overlay.Figure(text.ToString(CultureInfo.InvariantCulture));

    private static void Require(bool holds, string invariant, string message)
    {
        if (!holds)
        {
            throw new InvariantViolationException(invariant, message);
        }
    }
}
