using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Network;

/// <summary>
/// Datagrams between numbered endpoints, with every fault of the table: loss, duplication, delay, reordering, and
/// links that are cut in one direction or both. A cut also swallows what is under way on the link.
/// </summary>
/// <typeparam name="T">What travels. It is handed over as it is, the same object for every copy: nobody may change it.</typeparam>
internal sealed class SimNetwork<T>
{
    private readonly SimScheduler _scheduler;
    private readonly Trace _trace;
    private readonly SimRandom _random;
    private readonly Action<int, int, T> _deliver;
    private readonly int _endpoints;
    private readonly bool[] _cut;
    private readonly TimeSpan[] _lastArrival;

    /// <summary><paramref name="deliver"/> is called with (from, to, message) at the moment of arrival.</summary>
    public SimNetwork(SimWorld world, int endpoints, Action<int, int, T> deliver)
    {
        _scheduler = world.Scheduler;
        _trace = world.Trace;
        _random = world.Random("network");
        _deliver = deliver;
        _endpoints = endpoints;
        _cut = new bool[endpoints * endpoints];
        _lastArrival = new TimeSpan[endpoints * endpoints];
    }

    /// <summary>Called for every second copy of a message, before it travels: counts a reference, for instance.</summary>
    public Action<T>? Copied { get; init; }

    /// <summary>Called for every copy that will not arrive.</summary>
    public Action<T>? Dropped { get; init; }

    public NetworkFaults Faults { get; set; } = NetworkFaults.None;

    public int Endpoints => _endpoints;

    public long Delivered { get; private set; }

    public long Lost { get; private set; }

    /// <summary>Sends; <paramref name="tag"/> is what the trace records of the message, for instance its kind.</summary>
    public void Send(int from, int to, T message, long tag)
    {
        _scheduler.AssertOnSimulationThread("send a message");
        _trace.Record("send", from, to, tag);
        if (_random.Percent(Faults.LossPercent))
        {
            Drop(message);
            return;
        }

        _scheduler.Schedule(DrawDelay(from, to), () => Arrive(from, to, message, tag));
        while (_random.Percent(Faults.DuplicationPercent))
        {
            Copied?.Invoke(message);
            _scheduler.Schedule(DrawDelay(from, to), () => Arrive(from, to, message, tag));
        }
    }

    /// <summary>Cuts one direction of a link.</summary>
    public void Cut(int from, int to) => _cut[Link(from, to)] = true;

    /// <summary>Cuts everything from one side to the other, and back unless <paramref name="oneWay"/>.</summary>
    public void Partition(IReadOnlyCollection<int> side, IReadOnlyCollection<int> other, bool oneWay = false)
    {
        foreach (int from in side)
        {
            foreach (int to in other)
            {
                Cut(from, to);
                if (!oneWay)
                {
                    Cut(to, from);
                }
            }
        }
    }

    public void Isolate(int endpoint) => Partition([endpoint], [.. Enumerable.Range(0, _endpoints).Where(other => other != endpoint)]);

    /// <summary>Mends every link; messages that were swallowed stay lost.</summary>
    public void Heal() => Array.Clear(_cut);

    private TimeSpan DrawDelay(int from, int to)
    {
        TimeSpan delay = _random.Between(Faults.DelayMin, Faults.DelayMax);
        if (_random.Percent(Faults.StragglerPercent))
        {
            delay += Faults.StragglerDelay;
        }

        if (Faults.Fifo)
        {
            ref TimeSpan last = ref _lastArrival[Link(from, to)];
            last = Max(last, _scheduler.Now + delay);
            delay = last - _scheduler.Now;
        }

        return delay;
    }

    private void Arrive(int from, int to, T message, long tag)
    {
        if (_cut[Link(from, to)])
        {
            Drop(message);
            return;
        }

        Delivered++;
        _trace.Record("arrive", from, to, tag);
        _deliver(from, to, message);
    }

    private void Drop(T message)
    {
        Lost++;
        Dropped?.Invoke(message);
    }

    private int Link(int from, int to) => (from * _endpoints) + to;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
