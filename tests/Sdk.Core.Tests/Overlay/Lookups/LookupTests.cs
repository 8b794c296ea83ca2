using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Lookups;

namespace Sdk.Core.Tests.Overlay.Lookups;

public sealed class LookupTests
{
    private static readonly LookupParameters Defaults = new();

    [Fact]
    public void The_nearest_of_a_small_world_are_those_that_brute_force_finds() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), Gen.Choose(2, 200).ToArbitrary(), (seed, nodes) =>
        {
            var world = new LookupWorld(nodes, seed);
            var lookup = world.Start(0, world.RandomAddress(), Defaults);
            world.Run(lookup);
            return lookup.Nearest.SequenceEqual(world.Nearest(lookup.Target, Defaults.Count, node => node != 0));
        }).Check(Config.QuickThrowOnFailure);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 3, 16)]
    [InlineData(3, 3, 3)]
    [InlineData(8, 1, 3)]
    public void Whatever_the_number_of_paths_the_nearest_of_two_thousand_are_found(int paths, int parallel, int pathWidth)
    {
        var world = new LookupWorld(2000, seed: 1);
        var parameters = Defaults with { Paths = paths, Parallel = parallel, PathWidth = pathWidth };
        for (var i = 0; i < 40; i++)
        {
            var from = world.RandomNode(_ => true);
            var lookup = world.Start(from, world.RandomAddress(), parameters);
            world.Run(lookup);
            Assert.Equal(world.Nearest(lookup.Target, Defaults.Count, node => node != from), lookup.Nearest);
            Assert.False(lookup.IsSpent);
        }
    }

    [Fact]
    public void Where_a_fifth_of_the_nodes_is_dead_the_nearest_that_live_are_found()
    {
        var world = new LookupWorld(2000, seed: 2);
        world.Mark(world.IsDead, percent: 20);
        for (var i = 0; i < 100; i++)
        {
            var from = world.RandomNode(node => !world.IsDead[node]);
            var lookup = world.Start(from, world.RandomAddress(), Defaults);
            world.Run(lookup);
            Assert.Equal(world.Nearest(lookup.Target, 1, node => node != from && !world.IsDead[node]), lookup.Nearest.Take(1));
            Assert.All(lookup.Nearest, contact => Assert.False(world.IsDead[contact.Node]));
        }
    }

    [Fact]
    public void Where_liars_sit_near_the_target_and_name_only_each_other_disjoint_paths_find_the_nearest_more_often_than_one_path()
    {
        Assert.InRange(FoundAmongLiars(Defaults), 0.98, 1);
        Assert.InRange(FoundAmongLiars(Defaults with { Paths = 1, Parallel = 3, PathWidth = 16 }), 0, 0.96);
    }

    [Fact]
    public void A_forged_record_of_the_nearest_node_does_not_hide_the_true_one()
    {
        var world = new LookupWorld(1000, seed: 4);
        world.Mark(world.IsLiar, percent: 20);
        world.Lie = (_, target) => [.. world.Nearest(target, 16, _ => true).Select(contact => contact with { IsForged = true })];
        for (var i = 0; i < 50; i++)
        {
            var from = world.RandomNode(node => !world.IsLiar[node]);
            var before = world.Verifications;
            var lookup = world.Start(from, world.RandomAddress(), Defaults);
            world.Run(lookup);
            Assert.Equal(world.Nearest(lookup.Target, 1, node => node != from), lookup.Nearest.Take(1));
            Assert.All(lookup.Trace, hop => Assert.False(hop.Contact.IsForged));
            Assert.All(lookup.Forgers, forger => Assert.True(world.IsLiar[forger.Node]));
            Assert.All(lookup.Forgers.CountBy(forger => forger.Node), forger => Assert.InRange(forger.Value, 1, Defaults.ForgeriesMax));
            Assert.Equal(lookup.Trace.Count + lookup.Forgers.Count, world.Verifications - before);
        }
    }

    [Fact]
    public void Nobody_is_asked_twice_and_this_node_never()
    {
        var world = new LookupWorld(500, seed: 5);
        world.Mark(world.IsLiar, percent: 20);
        world.Mark(world.IsDead, percent: 20);
        for (var i = 0; i < 50; i++)
        {
            var from = world.RandomNode(node => !world.IsLiar[node] && !world.IsDead[node]);
            var lookup = world.Start(from, world.Nodes[from].Address, Defaults);
            world.Run(lookup);
            Assert.Equal(lookup.Trace.Count, lookup.Trace.Select(hop => hop.Contact.Node).Distinct().Count());
            Assert.DoesNotContain(lookup.Trace, hop => hop.Contact.Node == from);
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(1)]
    public void A_crowd_that_names_ever_nearer_nodes_cannot_keep_a_lookup_running(int paths)
    {
        var parameters = Defaults with { Paths = paths };
        var number = 0;
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), parameters, contact => contact.Address, _ => true);
        lookup.Seed([.. Enumerable.Range(0, 16).Select(i => NextNearer())]);
        var asks = 0;
        while (lookup.TryNext(out var contact))
        {
            asks++;
            lookup.Answered(contact, [.. Enumerable.Range(0, 100).Select(_ => NextNearer())]);
        }

        Assert.True(lookup.IsDone);
        Assert.True(lookup.IsSpent);
        Assert.Equal(parameters.AsksMax, asks);
        Assert.Equal(16 + (asks * 100), number);

        // Each is nearer than all before.
        Contact NextNearer() => new(number, Address((1 << 24) - ++number));
    }

    [Fact]
    public void Of_an_answer_that_is_too_long_only_the_beginning_is_taken()
    {
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), Defaults with { NamedMax = 4 }, contact => contact.Address, _ => true);
        lookup.Seed([new Contact(0, Address(1000))]);
        Assert.True(lookup.TryNext(out var seed));
        Assert.True(lookup.Answered(seed, [.. Enumerable.Range(1, 100).Select(i => new Contact(i, Address(1000 - i)))]));
        var asked = new List<int>();
        while (lookup.TryNext(out var contact))
        {
            asked.Add(contact.Node);
            lookup.Failed(contact);
        }

        Assert.Equal([1, 2, 3, 4], asked.Order());
        Assert.Equal([seed], lookup.Nearest);
    }

    [Fact]
    public void Beyond_the_room_for_contacts_the_nearest_are_kept()
    {
        var parameters = Defaults with { Paths = 1, PathWidth = 1, Count = 4, ContactsMax = 8 };
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), parameters, contact => contact.Address, _ => true);
        lookup.Seed([.. Enumerable.Range(1, 100).Select(i => new Contact(i, Address(i)))]);
        var asked = new List<int>();
        while (lookup.TryNext(out var contact))
        {
            asked.Add(contact.Node);
            lookup.Failed(contact);
        }

        Assert.Equal(Enumerable.Range(1, 8), asked.Order());
    }

    [Fact]
    public void No_more_are_under_way_than_the_paths_may_ask_at_a_time()
    {
        var world = new LookupWorld(500, seed: 6);
        var lookup = world.Start(0, world.RandomAddress(), Defaults with { Paths = 3, Parallel = 2 });
        var underWay = new Queue<Contact>();
        while (!lookup.IsDone)
        {
            while (lookup.TryNext(out var next))
            {
                underWay.Enqueue(next);
            }

            Assert.InRange(underWay.Count, 1, 6);
            var contact = underWay.Dequeue();
            lookup.Answered(contact, world.Answer(contact.Node, lookup.Target));
        }

        Assert.Contains(lookup.Trace, hop => hop.Path == 2);
        Assert.Contains(lookup.Trace, hop => hop.Path == LookupHop<Contact>.AllPaths);
    }

    [Fact]
    public void Paths_share_no_contact_and_follow_only_what_was_named_on_them()
    {
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), Defaults with { Paths = 2, PathWidth = 1 }, contact => contact.Address, _ => true);
        Contact nearSeed = new(1, Address(1000)), farSeed = new(2, Address(2000));
        lookup.Seed([farSeed, nearSeed]);
        Assert.True(lookup.TryNext(out var first));
        Assert.True(lookup.TryNext(out var second));
        Assert.Equal((nearSeed, farSeed), (first, second));
        Contact nearest = new(3, Address(1)), next = new(4, Address(500)), farther = new(5, Address(1500));

        // The second path knows nothing of what the first heard, and goes on with its own, though it is farther.
        Assert.True(lookup.Answered(nearSeed, [nearest, next]));
        Assert.True(lookup.TryNext(out var third));
        Assert.Equal(nearest, third);
        Assert.True(lookup.Answered(farSeed, [farther]));
        Assert.True(lookup.TryNext(out var fourth));
        Assert.Equal(farther, fourth);
        Assert.Equal([0, 1, 0, 1], lookup.Trace.Select(hop => hop.Path));
    }

    [Fact]
    public void An_answer_that_comes_late_still_counts_and_one_that_nobody_asked_for_does_not()
    {
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), Defaults, contact => contact.Address, _ => true);
        Contact slow = new(1, Address(1000)), stranger = new(2, Address(10)), named = new(3, Address(5));
        lookup.Seed([slow]);
        Assert.True(lookup.TryNext(out _));
        Assert.False(lookup.Answered(stranger, [named]));
        lookup.Failed(slow);
        Assert.True(lookup.IsDone);
        Assert.Empty(lookup.Nearest);

        Assert.True(lookup.Answered(slow, [named]));
        Assert.False(lookup.Answered(slow, [stranger]));
        Assert.False(lookup.IsDone);
        Assert.True(lookup.TryNext(out var next));
        Assert.Equal(named, next);
        Assert.True(lookup.Answered(named, []));
        Assert.True(lookup.IsDone);
        Assert.Equal([named, slow], lookup.Nearest);
        Assert.Equal(1, lookup.Hops);
    }

    [Fact]
    public void A_node_that_an_old_record_does_not_reach_is_asked_again_with_another_record_and_not_a_third_time()
    {
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), Defaults, contact => contact.Address, _ => true);
        Contact replayer = new(1, Address(1000)), honest = new(2, Address(2000)), third = new(3, Address(3000)), moved = new(4, Address(5), Version: 2);
        lookup.Seed([replayer, honest, third]);
        while (lookup.TryNext(out _))
        {
        }

        lookup.Answered(replayer, [moved with { Version = 1 }]);
        Assert.True(lookup.TryNext(out var old));
        Assert.Equal(1, old.Version);
        lookup.Failed(old);
        Assert.False(lookup.TryNext(out _));
        lookup.Answered(honest, [moved with { Version = 1 }, moved]);
        Assert.True(lookup.TryNext(out var current));
        Assert.Equal(moved, current);
        lookup.Failed(current);
        lookup.Answered(third, [moved with { Version = 3 }]);
        Assert.False(lookup.TryNext(out _));
        Assert.True(lookup.IsDone);
    }

    [Fact]
    public void The_trace_tells_who_was_asked_how_deep_and_what_it_named()
    {
        var lookup = new Lookup<Contact>(Address(0), Address(1, 0xFF), Defaults, contact => contact.Address, _ => true);
        Contact seed = new(1, Address(1 << 20)), nearer = new(2, Address(1 << 10)), nearest = new(3, Address(1));
        lookup.Seed([seed]);
        foreach (var names in new Contact[][] { [nearer], [nearest, seed], [] })
        {
            Assert.True(lookup.TryNext(out var contact));
            lookup.Answered(contact, names);
        }

        Assert.Equal(2, lookup.Hops);
        Assert.Equal([(0, 235, 1), (1, 245, 2), (2, 255, 0)], lookup.Trace.Select(hop => (hop.Depth, hop.Proximity, hop.Named!.Value)));
        Assert.Equal([245, 255, null], lookup.Trace.Select(hop => hop.NearestNamed));
    }

    [Fact]
    public void A_lookup_that_knows_nobody_is_done()
    {
        var lookup = new Lookup<Contact>(Address(0), Address(1), Defaults, contact => contact.Address, _ => true);
        lookup.Seed([new Contact(0, Address(1))]);
        Assert.False(lookup.TryNext(out _));
        Assert.True(lookup.IsDone);
        Assert.Empty(lookup.Nearest);
        Assert.Equal(0, lookup.Hops);
    }

    /// <summary>The share of lookups that find the nearest honest node where every other of the nearest nodes lies, and a fifth of the rest.</summary>
    private static double FoundAmongLiars(LookupParameters parameters)
    {
        const int lookups = 200;
        const int near = 64;
        var world = new LookupWorld(4000, seed: 3);
        world.Mark(world.IsLiar, percent: 20);
        bool[] farLiars = [.. world.IsLiar];
        var found = 0;
        for (var i = 0; i < lookups; i++)
        {
            var target = world.RandomAddress();
            farLiars.CopyTo(world.IsLiar, 0);
            foreach (var (place, contact) in world.Nearest(target, near, _ => true).Index())
            {
                world.IsLiar[contact.Node] = place % 2 == 1;
            }

            var liars = world.Nearest(target, 16, node => world.IsLiar[node]);
            world.Lie = (_, _) => liars;
            var from = world.RandomNode(node => !world.IsLiar[node]);
            var lookup = world.Start(from, target, parameters);
            world.Run(lookup);
            Assert.False(lookup.IsSpent);
            found += lookup.Nearest.Contains(world.Nearest(target, 1, node => node != from && !world.IsLiar[node])[0]) ? 1 : 0;
        }

        return (double)found / lookups;
    }

    /// <summary>The number as the last four bytes of an address.</summary>
    private static OverlayAddress Address(int number, byte first = 0)
    {
        var bytes = new byte[OverlayAddress.LengthBytes];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(OverlayAddress.LengthBytes - sizeof(int)), number);
        bytes[0] = first;
        return OverlayAddress.FromBytes(bytes);
    }
}
