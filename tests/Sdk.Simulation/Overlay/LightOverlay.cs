using System.Buffers.Binary;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Overlay;

/// <summary>
/// Very many nodes with tables of numbers, which answer and do nothing else; the lookups that are run among them are those of the shipping
/// <see cref="Lookup{TContact}"/>.
/// </summary>
internal sealed class LightOverlay
{
    /// <summary>Liars around a besieged address: as many as two answers hold.</summary>
    public const int Besiegers = 2 * LightTables.Width;

    /// <summary>Dialling a node that is not there.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SimWorld _world;
    private readonly SimRandom _random;
    private readonly Geography _geography;
    private readonly LightTables _tables;
    private readonly LookupParameters _parameters;
    private readonly bool[] _isLiar;
    private readonly bool[] _isDead;
    private readonly int[] _load;
    private readonly bool _verifies;
    private OverlayAddress[] _besieged = [];
    private long _invented;

    public LightOverlay(SimWorld world, int nodes, LookupParameters parameters, bool verifies)
    {
        (_world, _parameters, _verifies) = (world, parameters, verifies);
        _random = world.Random("overlay");
        Map = new OverlayMap(Enumerable.Range(0, nodes).Select(_ => OverlayMap.RandomAddress(_random)));
        _geography = new Geography(world.Random("geography"));
        for (int i = 0; i < nodes; i++)
        {
            _geography.Add();
        }

        _tables = new LightTables(Map, world.Random("tables"));
        _isLiar = new bool[nodes];
        _isDead = new bool[nodes];
        _load = new int[nodes];
    }

    public OverlayMap Map { get; }

    /// <summary>What liars name instead of what they know.</summary>
    public LieKind Lie { get; set; }

    public void MakeLiars(int percent) => Draw(_isLiar, percent);

    /// <summary>Every other of the nodes nearest to some addresses lies, as if it had been ground to stand there; those addresses are looked up then.</summary>
    public void Besiege(int addresses)
    {
        _besieged = [.. Enumerable.Range(0, addresses).Select(_ => OverlayMap.RandomAddress(_random))];
        foreach (OverlayAddress address in _besieged)
        {
            int[] nearest = Map.Nearest(address, Besiegers * 2, _ => true);
            for (int i = 0; i < nearest.Length; i++)
            {
                _isLiar[nearest[i]] = i % 2 == 1;
            }
        }
    }

    public void Kill(int percent) => Draw(_isDead, percent);

    public void Heal()
    {
        Array.Clear(_isLiar);
        Array.Clear(_isDead);
        _besieged = [];
    }

    /// <summary>Questions that the busiest node was asked since the last call, as a multiple of the median.</summary>
    public double TakeLoadSpread()
    {
        int[] sorted = [.. _load.Order()];
        Array.Clear(_load);
        return (double)sorted[^1] / Math.Max(1, sorted[sorted.Length / 2]);
    }

    /// <summary>Runs lookups of random addresses by random honest nodes.</summary>
    public LookupFigures Run(string phase, int lookups)
    {
        LookupFigures figures = new(phase) { Started = lookups };
        for (int i = 0; i < lookups; i++)
        {
            _world.Scheduler.Schedule(_random.Between(TimeSpan.Zero, TimeSpan.FromMinutes(1)), () => Start(figures));
        }

        _world.Scheduler.RunUntil(() => _world.Scheduler.IsIdle, TimeSpan.FromHours(1));
        _world.Figures.Add(figures.ToString());
        return figures;
    }

    private void Draw(bool[] marks, int percent)
    {
        for (int place = 0; place < marks.Length; place++)
        {
            marks[place] = _random.Percent(percent);
        }
    }

    private void Start(LookupFigures figures)
    {
        int asker;
        do
        {
            asker = _random.Next(Map.Count);
        }
        while (_isLiar[asker] || _isDead[asker]);

        OverlayAddress target = _besieged.Length > 0 ? _random.Pick(_besieged) : OverlayMap.RandomAddress(_random);
        Lookup<LightContact> lookup = new(
            target, Map[asker], _parameters, contact => contact.Address, contact => !_verifies || !contact.IsForged);
        lookup.Seed([.. _tables.Nearest(asker, lookup.Target).Select(Contact)]);
        Step(new LightLookup(lookup, asker, figures, _world.Scheduler.Now));
    }

    private void Step(LightLookup run)
    {
        Lookup<LightContact> lookup = run.Steps;
        while (lookup.TryNext(out LightContact contact))
        {
            Ask(run, contact);
        }

        if (lookup.IsDone && !run.HasEnded)
        {
            run.HasEnded = true;
            int nearest = Map.Nearest(lookup.Target, 1, place => place != run.Asker && !_isLiar[place] && !_isDead[place])[0];
            bool isFound = lookup.Nearest.Contains(Contact(nearest));
            _world.Trace.Record("looked up", run.Asker, nearest, isFound ? 1 : 0, lookup.Trace.Count);
            _world.Operations++;
            if (lookup.IsSpent)
            {
                throw new InvariantViolationException(OverlayInvariants.Ends, $"a lookup ended at its limit of {lookup.Trace.Count} questions");
            }

            run.Figures.End(isFound, lookup.Hops, lookup.Trace.Count, _world.Scheduler.Now - run.StartedAt);
        }
    }

    private void Ask(LightLookup run, LightContact contact)
    {
        if (contact.IsForged)
        {
            throw new InvariantViolationException(OverlayInvariants.Forged, "a node was asked whose record is forged");
        }

        if (_isDead[contact.Place])
        {
            _world.Scheduler.Schedule(Patience, () =>
            {
                run.Steps.Failed(contact);
                Step(run);
            });
            return;
        }

        // Twice there and back: the dial, and the question.
        _load[contact.Place]++;
        TimeSpan way = _geography.Delay(run.Asker, contact.Place);
        _world.Scheduler.Schedule(4 * way, () =>
        {
            run.Steps.Answered(contact, Answer(contact.Place, run.Steps.Target));
            Step(run);
        });
    }

    private LightContact[] Answer(int place, OverlayAddress target)
    {
        if (!_isLiar[place])
        {
            return [.. _tables.Nearest(place, target).Select(Contact)];
        }

        return Lie == LieKind.Forgeries
            ? [.. Enumerable.Range(0, LightTables.Width).Select(_ => Invent(target))]
            : [.. Map.Nearest(target, LightTables.Width, other => _isLiar[other]).Select(Contact)];
    }

    /// <summary>Nearer to the target than anybody is.</summary>
    private LightContact Invent(OverlayAddress target)
    {
        byte[] bytes = target.ToHash256().ToArray();
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(OverlayAddress.LengthBytes - sizeof(long)), ++_invented);
        return new LightContact(-1, OverlayAddress.FromBytes(bytes));
    }

    private LightContact Contact(int place) => new(place, Map[place]);

    private sealed class LightLookup(Lookup<LightContact> steps, int asker, LookupFigures figures, TimeSpan startedAt)
    {
        public Lookup<LightContact> Steps { get; } = steps;

        public int Asker { get; } = asker;

        public LookupFigures Figures { get; } = figures;

        public TimeSpan StartedAt { get; } = startedAt;

        public bool HasEnded { get; set; }
    }
}
