using Sdk.Core.Networking.Pubsub;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Gossip;

/// <summary>What a spammer does; a seed gives it some of these.</summary>
[Flags]
internal enum SpamHabits
{
    None = 0,

    /// <summary>Sends true messages with other data under the same id.</summary>
    Tampers = 1,

    /// <summary>Sends old true messages again.</summary>
    Replays = 2,

    /// <summary>Announces messages that do not exist.</summary>
    Announces = 4,

    /// <summary>Asks for everything, again and again.</summary>
    Asks = 8,

    /// <summary>Grafts and prunes without end.</summary>
    Grafts = 16,

    /// <summary>Subscribes to topics without end.</summary>
    Subscribes = 32,

    /// <summary>Sends bytes that are no RPC.</summary>
    SendsGarbage = 64,

    /// <summary>Takes nothing that is sent to it.</summary>
    IsDeaf = 128,

    /// <summary>Says that nobody need send it, or it anything.</summary>
    DoesNotWant = 256,
}

/// <summary>A peer of every honest node that holds to no rule and passes nothing on. It can sign as itself, and as nobody else.</summary>
internal sealed class Spammer
{
    private const int RememberedMax = 64;
    private readonly GossipWorld _world;
    private readonly SimRandom _random;
    private readonly SpamHabits _habits;
    private readonly List<(byte[] Encoded, byte[] Id)> _remembered = [];
    private readonly Dictionary<int, int> _numbers = [];

    public Spammer(GossipWorld world, int index)
    {
        (_world, Index) = (world, index);
        _random = world.Sim.Random("spammer");
        _habits = (SpamHabits)_random.Next(512);
    }

    public int Index { get; }

    public bool IsDeaf => Has(SpamHabits.IsDeaf);

    public bool IsStopped { get; set; }

    public void Start()
    {
        foreach (SimGossipNode node in _world.Nodes)
        {
            Send(node.Index, [.. RpcWriter.Subscription(GossipWorld.Topic, isSubscribed: true), .. Control(RpcWriter.Graft(GossipWorld.Topic))]);
        }

        Act();
    }

    public void Receive(GossipPacket packet)
    {
        var rpc = new RpcReader(packet.Rpc);
        while (rpc.TryRead())
        {
            if (rpc.Field == RpcFields.Publish && _remembered.Count < RememberedMax)
            {
                MessageFields fields = MessageFields.Read(rpc.Bytes);
                _remembered.Add((rpc.Bytes.ToArray(), [.. fields.From, .. fields.SequenceNumber]));
            }
        }
    }

    private static byte[] Control(params byte[][] entries) => Wrap(RpcFields.Control, [.. entries.SelectMany(entry => entry)]);

    private static byte[] Wrap(int field, byte[] content)
    {
        var whole = new byte[RpcWriter.SizeOf(content.Length)];
        RpcWriter.Write(whole, field, content);
        return whole;
    }

    private bool Has(SpamHabits habit) => (_habits & habit) != 0;

    private void Act()
    {
        if (IsStopped)
        {
            return;
        }

        int victim = _random.Next(_world.Nodes.Count);
        var habit = (SpamHabits)(1 << _random.Next(9));
        if (Has(habit) && Spam(habit) is { } rpc)
        {
            Send(victim, rpc);
        }

        _world.Sim.Scheduler.Schedule(_random.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(30)), Act);
    }

    private byte[]? Spam(SpamHabits habit)
    {
        switch (habit)
        {
            case SpamHabits.Tampers when _remembered.Count > 0:
                (byte[] encoded, _) = _random.Pick(_remembered);
                byte[] forged = [.. encoded];
                forged[_random.Next(forged.Length)] ^= (byte)(1 << _random.Next(8));
                return Wrap(RpcFields.Publish, forged);
            case SpamHabits.Replays when _remembered.Count > 0:
                return Wrap(RpcFields.Publish, _random.Pick(_remembered).Encoded);
            case SpamHabits.Announces:
                return Control(RpcWriter.IHave(GossipWorld.Topic, [RandomId(), RandomId(), RandomId()]));
            case SpamHabits.Asks when _remembered.Count > 0:
                return Control(RpcWriter.IWant([.. _remembered.Select(message => message.Id)]));
            case SpamHabits.Grafts:
                return Control(_random.Percent(70) ? RpcWriter.Graft(GossipWorld.Topic) : RpcWriter.Prune(GossipWorld.Topic, TimeSpan.FromSeconds(_random.Next(5))));
            case SpamHabits.Subscribes:
                return RpcWriter.Subscription($"topic {_random.Next(1000)}", isSubscribed: _random.Percent(90));
            case SpamHabits.SendsGarbage:
                var garbage = new byte[_random.Next(200)];
                _random.Fill(garbage);
                return garbage;
            case SpamHabits.DoesNotWant when _remembered.Count > 0:
                return Control(RpcWriter.IDontWant([_random.Pick(_remembered).Id, RandomId()]));
            default:
                return null;
        }
    }

    private byte[] RandomId()
    {
        var id = new byte[47];
        _random.Fill(id);
        return id;
    }

    private void Send(int to, byte[] rpc)
    {
        int number = _numbers.GetValueOrDefault(to);
        _numbers[to] = number + 1;

        // Every frame begins a stream, so that no loss silences it.
        _world.Send(new GossipPacket(Index, to, number + 1, 0, rpc));
    }
}
