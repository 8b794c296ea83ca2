using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Network;

/// <summary>
/// Cuts and mends the network at random until told to stop: split in two, split in one direction, one endpoint alone,
/// one endpoint deaf, one endpoint mute, single links.
/// </summary>
internal sealed class PartitionNemesis<T>(SimWorld world, SimNetwork<T> network, TimeSpan calmMax, TimeSpan cutMax)
{
    private static readonly TimeSpan ShortestMin = TimeSpan.FromMilliseconds(1);
    private readonly SimRandom _random = world.Random("partitions");
    private bool _stopped;

    public void Start() => world.Scheduler.Schedule(_random.Between(ShortestMin, calmMax), CutSomething);

    /// <summary>Mends everything for good.</summary>
    public void Stop()
    {
        _stopped = true;
        network.Heal();
    }

    private void CutSomething()
    {
        if (_stopped)
        {
            return;
        }

        int kind = _random.Next(6);
        int victim = _random.Next(network.Endpoints);
        int[] others = [.. Enumerable.Range(0, network.Endpoints).Where(other => other != victim)];
        world.Trace.Record("cut", kind, victim);
        switch (kind)
        {
            case 0 or 1:
                int[] order = [.. Enumerable.Range(0, network.Endpoints)];
                _random.Shuffle<int>(order);
                int size = _random.Between(1, network.Endpoints - 1);
                network.Partition(order[..size], order[size..], oneWay: kind == 1);
                break;
            case 2:
                network.Isolate(victim);
                break;
            case 3:
                network.Partition(others, [victim], oneWay: true);
                break;
            case 4:
                network.Partition([victim], others, oneWay: true);
                break;
            default:
                network.Cut(victim, _random.Pick(others));
                break;
        }

        world.Scheduler.Schedule(_random.Between(ShortestMin, cutMax), Mend);
    }

    private void Mend()
    {
        if (!_stopped)
        {
            world.Trace.Record("mend");
            network.Heal();
            Start();
        }
    }
}
