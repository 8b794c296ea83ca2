using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

public class AddressIndexTests
{
    private static readonly Arbitrary<OverlayAddress[]> Many =
        Gen.Sized(size => Addresses.Any.ArrayOf(8 * size)).ToArbitrary();

    [Fact]
    public void The_nearest_are_those_that_sorting_all_by_distance_puts_first() =>
        Prop.ForAll(Many, Addresses.Any.ToArbitrary(), Gen.Choose(0, 40).ToArbitrary(), (addresses, key, count) =>
        {
            var index = new AddressIndex<TestPeer>();
            foreach (var address in addresses)
            {
                index.TryAdd(new TestPeer(address));
            }

            var nearest = new TestPeer[count];
            var found = index.Closest(key, nearest);
            var expected = addresses.Distinct().OrderBy(address => Addresses.Distance(key, address)).Take(count);
            return expected.SequenceEqual(nearest.Take(found).Select(peer => peer.Address));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_holds_what_a_dictionary_holds_whatever_comes_and_goes() =>
        Prop.ForAll(Many, Gen.Choose(0, int.MaxValue).ToArbitrary(), (addresses, seed) =>
        {
            var random = new Random(seed);
            var index = new AddressIndex<TestPeer>();
            var model = new Dictionary<OverlayAddress, TestPeer>();
            for (var step = 0; step < 4 * addresses.Length; step++)
            {
                var address = addresses[random.Next(addresses.Length)];
                var peer = new TestPeer(address);

                // Long runs of one kind, so that it both grows and shrinks far.
                var adds = random.Next(10) < (step / addresses.Length % 2 == 0 ? 8 : 2);
                if (adds ? index.TryAdd(peer) != model.TryAdd(address, peer) : index.Remove(address) != model.Remove(address))
                {
                    return false;
                }
            }

            var all = new TestPeer[model.Count + 1];
            return index.Count == model.Count
                && index.Closest(default, all) == model.Count
                && all.Take(model.Count).SequenceEqual(model.Values.OrderBy(peer => peer.Address))
                && addresses.All(address => index.TryFind(address, out var found)
                    ? ReferenceEquals(found, model.GetValueOrDefault(address))
                    : !model.ContainsKey(address));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Comparing_distances_is_comparing_the_exclusive_or_as_numbers() =>
        Prop.ForAll(Addresses.Any.ToArbitrary(), Addresses.Any.ToArbitrary(), Addresses.Any.ToArbitrary(), (target, one, other) =>
            Math.Sign(OverlayAddress.CompareDistance(target, one, other))
                == Addresses.Distance(target, one).CompareTo(Addresses.Distance(target, other))
            && OverlayAddress.CompareDistance(target, one, one) == 0).QuickCheckThrowOnFailure();

    [Fact]
    public void Finding_the_nearest_allocates_nothing()
    {
        var random = new Random(1);
        var index = new AddressIndex<TestPeer>();
        for (var i = 0; i < 10_000; i++)
        {
            index.TryAdd(new TestPeer(Addresses.Random(random)));
        }

        var nearest = new TestPeer[16];
        index.Closest(Addresses.Random(random), nearest);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            index.Closest(nearest[i % 16].Address, nearest);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
