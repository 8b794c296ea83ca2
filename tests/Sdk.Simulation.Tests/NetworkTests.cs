using Sdk.Simulation.Network;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Tests;

public sealed class NetworkTests
{
    private const int Messages = 4000;
    private readonly SimWorld _world = new(seed: 7);
    private readonly List<(int From, int To, int Message)> _arrived = [];
    private readonly SimNetwork<int> _network;

    public NetworkTests() => _network = new SimNetwork<int>(_world, endpoints: 4, (from, to, message) => _arrived.Add((from, to, message)));

    [Fact]
    public void A_faultless_network_delivers_every_message_once()
    {
        SendMany();
        Assert.Equal(Enumerable.Range(0, Messages), _arrived.Select(arrival => arrival.Message).Order());
    }

    [Fact]
    public void Loss_and_duplication_follow_their_rates()
    {
        _network.Faults = new NetworkFaults { LossPercent = 30 };
        SendMany();
        Assert.InRange(_arrived.Count, Messages * 0.65, Messages * 0.75);

        _arrived.Clear();
        _network.Faults = new NetworkFaults { DuplicationPercent = 50 };
        SendMany();
        Assert.InRange(_arrived.Count, Messages * 1.9, Messages * 2.1);
    }

    [Fact]
    public void Unequal_delays_reorder_unless_the_link_keeps_its_order()
    {
        _network.Faults = new NetworkFaults { StragglerPercent = 10 };
        SendMany();
        Assert.NotEqual(Enumerable.Range(0, Messages), _arrived.Select(arrival => arrival.Message));

        _arrived.Clear();
        _network.Faults = new NetworkFaults { StragglerPercent = 10, Fifo = true };
        SendMany();
        Assert.Equal(Enumerable.Range(0, Messages), _arrived.Select(arrival => arrival.Message));
    }

    [Fact]
    public void A_partition_stops_both_directions_and_a_one_way_partition_stops_one()
    {
        _network.Partition([0, 1], [2, 3]);
        Assert.Equal([(0, 1), (1, 0), (2, 3), (3, 2)], Reached());

        _network.Heal();
        _network.Partition([0], [1, 2, 3], oneWay: true);
        Assert.DoesNotContain(Reached(), pair => pair.From == 0);
        Assert.Contains(Reached(), pair => pair.To == 0);
    }

    [Fact]
    public void An_isolated_endpoint_neither_hears_nor_is_heard_until_the_network_heals()
    {
        _network.Isolate(2);
        Assert.DoesNotContain(Reached(), pair => pair.From == 2 || pair.To == 2);
        _network.Heal();
        Assert.Equal(12, Reached().Count);
    }

    [Fact]
    public void A_cut_swallows_what_is_under_way()
    {
        _network.Send(0, 1, 1, tag: 0);
        _network.Cut(0, 1);
        _world.Scheduler.RunFor(TimeSpan.FromSeconds(1));
        Assert.Empty(_arrived);
    }

    private void SendMany()
    {
        for (int i = 0; i < Messages; i++)
        {
            _network.Send(0, 1, i, tag: i);
        }

        _world.Scheduler.RunFor(TimeSpan.FromMinutes(1));
    }

    private List<(int From, int To)> Reached()
    {
        _arrived.Clear();
        for (int from = 0; from < 4; from++)
        {
            for (int to = 0; to < 4; to++)
            {
                if (from != to)
                {
                    _network.Send(from, to, 0, tag: 0);
                }
            }
        }

        _world.Scheduler.RunFor(TimeSpan.FromSeconds(1));
        return [.. _arrived.Select(arrival => (arrival.From, arrival.To)).Order()];
    }
}
