using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Lookups;
using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public sealed class RecordReplicationTests : IDisposable
{
    private readonly KeyPair _alice = Key(1);

    public void Dispose() => _alice.Dispose();

    [Fact]
    public void A_writer_puts_its_record_every_hour_until_it_expires_or_a_newer_one_takes_its_place()
    {
        var node = new Holder(Self, 0);
        Assert.True(node.Replication.Publish(OfOwner(_alice, 1), Now));
        Assert.True(node.Replication.Publish(OfOwner(_alice, 2, lifetime: TimeSpan.FromHours(2)), Now));
        Assert.False(node.Replication.Publish(OfOwner(_alice, 1), Now));
        List<double> hours = [];
        for (var minute = 0; minute <= 150; minute++)
        {
            foreach (var due in node.Replication.TakeOwnDue(Now + TimeSpan.FromMinutes(minute)))
            {
                Assert.Equal(2u, due.Version);
                hours.Add(minute / 60.0);
            }
        }

        Assert.Single(hours);
        Assert.InRange(hours[0], 0.9, 1.12);
        Assert.Equal(0, node.Replication.OwnCount);
    }

    [Fact]
    public void A_node_puts_no_more_own_records_than_it_can()
    {
        var node = new Holder(Self, 0, new RecordReplicationOptions { OwnMax = 2 });
        Assert.True(node.Replication.Publish(At(Address(1), _alice), Now));
        Assert.True(node.Replication.Publish(At(Address(2), _alice), Now));
        Assert.False(node.Replication.Publish(At(Address(3), _alice), Now));
        Assert.True(node.Replication.Publish(At(Address(2), _alice, version: 2), Now));
    }

    [Fact]
    public void When_the_writer_is_gone_about_one_holder_in_an_hour_passes_the_record_on()
    {
        var town = new Village(24, seed: 5);
        var record = At(Address(0x77), _alice, lifetime: TimeSpan.FromHours(2));
        foreach (var holder in town.NearestTo(record.Key).Take(16))
        {
            holder.Put(record, Self, Now);
        }

        var passes = 0;
        for (var minute = 0; minute < 115; minute++)
        {
            passes += town.Tick(Now + TimeSpan.FromMinutes(minute));
        }

        Assert.InRange(passes, 1, 3);
    }

    [Fact]
    public void A_record_outlives_all_who_held_it_at_first()
    {
        var town = new Village(40, seed: 6);
        var lasting = RecordKind.MultiWriter(Shared.Name, 256, TimeSpan.FromHours(24), 4);
        var record = OverlayRecord.Create(_alice, Network, lasting, Address(0x77), 1, [1], Now, TimeSpan.FromHours(24));
        town.Kinds = Kinds.With(lasting);
        var first = town.NearestTo(record.Key).Take(16).ToArray();
        foreach (var holder in first)
        {
            holder.Put(record, Self, Now);
        }

        // One of the nearest leaves every forty minutes, and nobody puts the record again.
        var left = new Queue<Holder>(first);
        for (var minute = 1; minute < 20 * 60; minute++)
        {
            var now = Now + TimeSpan.FromMinutes(minute);
            if (minute % 40 == 0 && left.TryDequeue(out var leaving))
            {
                town.Nodes.Remove(leaving);
            }

            town.Tick(now);
        }

        Assert.Empty(left);
        Assert.All(town.NearestTo(record.Key).Take(9), holder => Assert.True(holder.Store.Holds(record.Digest)));

        // And it ends when it expires, everywhere.
        Assert.All(town.Nodes, node => node.Store.Sweep(Now + TimeSpan.FromHours(24)));
        Assert.All(town.Nodes, node => Assert.Equal(0, node.Store.Count));
        Assert.Equal(0, town.Tick(Now + TimeSpan.FromHours(30)));
    }

    [Fact]
    public void Whoever_pretends_that_all_is_well_silences_a_holder_for_some_hours_only()
    {
        var node = new Holder(Self, 1) { Neighbours = () => [Address(0xF0)] };
        var lasting = RecordKind.MultiWriter("test/lasting", 256, TimeSpan.FromDays(1), 4);
        node = new Holder(Self, 1, kinds: Kinds.With(lasting)) { Neighbours = node.Neighbours };
        var record = OverlayRecord.Create(_alice, Network, lasting, Address(1), 1, [1], Now, TimeSpan.FromDays(1));
        node.Put(record, Address(2), Now);
        for (var minute = 0; minute < 239; minute++)
        {
            node.Replication.Heard(record.Digest, Now + TimeSpan.FromMinutes(minute));
            Assert.Empty(node.Replication.TakeDue(Now + TimeSpan.FromMinutes(minute)));
        }

        var transfer = Assert.Single(node.Replication.TakeDue(Now + TimeSpan.FromMinutes(240)));
        Assert.Equal(Address(0xF0), transfer.Target);
        Assert.Equal(record.Digest, Assert.Single(transfer.Records).Digest);
    }

    [Fact]
    public void When_a_nearer_node_arrives_two_holders_hand_its_records_over()
    {
        var town = new Village(30, seed: 7);
        var record = At(Address(0x77), _alice);
        var elsewhere = At(Address(0x70), _alice);
        foreach (var kept in new[] { record, elsewhere })
        {
            foreach (var holder in town.NearestTo(kept.Key).Take(16))
            {
                holder.Put(kept, Self, Now);
            }
        }

        // It is next to the one key, and farther from the other than all who hold it.
        var newcomer = town.Add(Address(0x77, 1));
        var farthest = town.NearestTo(elsewhere.Key).ToList();
        var transfers = town.Nodes.Where(node => node != newcomer).Select(node => node.Replication.Arrived(newcomer.Address, Now)).OfType<RecordTransfer>().ToArray();
        Assert.Equal(2, transfers.Count(transfer => transfer.Records.Contains(record)));
        Assert.Equal(farthest.IndexOf(newcomer) < 2 ? 2 : farthest.IndexOf(newcomer) > 16 ? 0 : 2, transfers.Count(transfer => transfer.Records.Contains(elsewhere)));
        Assert.All(transfers, transfer => Assert.Equal(newcomer.Address, transfer.Target));
    }

    private sealed class Holder
    {
        private readonly OverlayAddress _address;

        public Holder(OverlayAddress address, int seed, RecordReplicationOptions? options = null, RecordKinds? kinds = null)
        {
            _address = address;
            Store = new RecordStore(address, Network, kinds ?? Kinds, new RecordStoreOptions());
            Replication = new RecordReplication(
                address, Store, options ?? new RecordReplicationOptions(), new Random(seed),
                (key, count) => [.. Neighbours().Where(other => other != _address).OrderBy(other => XorDistance.Between(key, other)).Take(count)]);
        }

        public OverlayAddress Address => _address;

        public RecordStore Store { get; }

        public RecordReplication Replication { get; }

        public Func<IReadOnlyList<OverlayAddress>> Neighbours { get; init; } = () => [];

        public void Put(OverlayRecord record, OverlayAddress from, DateTimeOffset now)
        {
            if (Store.Put(record, from, now) is RecordOutcome.Stored or RecordOutcome.Known)
            {
                Replication.Heard(record.Digest, now);
            }
        }
    }

    /// <summary>Nodes that all know each other.</summary>
    private sealed class Village
    {
        private readonly Random _random;

        public Village(int count, int seed)
        {
            _random = new Random(seed);
            for (var i = 0; i < count; i++)
            {
                var address = new byte[OverlayAddress.LengthBytes];
                _random.NextBytes(address);
                Nodes.Add(NewNode(OverlayAddress.FromBytes(address)));
            }
        }

        public List<Holder> Nodes { get; } = [];

        public RecordKinds Kinds
        {
            set
            {
                var addresses = Nodes.Select(node => node.Address).ToArray();
                Nodes.Clear();
                Nodes.AddRange(addresses.Select(address => NewNode(address, value)));
            }
        }

        public IEnumerable<Holder> NearestTo(OverlayAddress key) => Nodes.OrderBy(node => XorDistance.Between(key, node.Address));

        public Holder Add(OverlayAddress address)
        {
            var node = NewNode(address);
            Nodes.Add(node);
            return node;
        }

        /// <summary>Carries out what is due; how many nodes passed anything on.</summary>
        public int Tick(DateTimeOffset now)
        {
            var passed = 0;
            foreach (var node in Nodes)
            {
                var transfers = node.Replication.TakeDue(now);
                passed += transfers.Count > 0 ? 1 : 0;
                foreach (var transfer in transfers)
                {
                    var target = Nodes.Single(other => other.Address == transfer.Target);
                    foreach (var record in transfer.Records)
                    {
                        target.Put(record, node.Address, now);
                    }
                }
            }

            return passed;
        }

        private Holder NewNode(OverlayAddress address, RecordKinds? kinds = null) =>
            new(address, _random.Next(), kinds: kinds) { Neighbours = () => [.. Nodes.Select(node => node.Address)] };
    }
}
