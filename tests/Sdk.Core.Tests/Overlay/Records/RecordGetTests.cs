using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public sealed class RecordGetTests : IDisposable
{
    private static readonly OverlayAddress Where = Address(1);
    private readonly KeyPair _alice = Key(1);
    private readonly KeyPair _bob = Key(2);
    private readonly RecordStore _judge = new(Self, Network, Kinds, new RecordStoreOptions());

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
    }

    [Fact]
    public void It_asks_so_many_that_a_majority_that_took_a_record_is_met()
    {
        // Nine of sixteen took it; the other seven are the nearest to the reader's luck.
        var record = At(Where, _alice);
        var get = Get(16, holder => holder < 7 ? [] : [record], out var asked);
        Assert.Equal(record.Digest, Assert.Single(get.Newest).Digest);
        Assert.InRange(asked, 8, 9);
    }

    [Fact]
    public void The_newest_of_each_writer_counts_and_whoever_had_less_is_told()
    {
        OverlayRecord old = At(Where, _alice, 1), @new = At(Where, _alice, 2), other = At(Where, _bob, 1);
        var get = Get(8, holder => holder switch { 0 => [old], 1 => [@new], 2 => [@new, other], _ => [] }, out _);
        Assert.Equal([@new.Digest, other.Digest], get.Newest.Select(record => record.Digest));
        var repairs = get.Repairs.ToDictionary(repair => repair.Holder, repair => repair.Records.Select(record => record.Digest).ToHashSet());
        Assert.True(repairs[Address(100)].SetEquals([@new.Digest, other.Digest]));
        Assert.True(repairs[Address(101)].SetEquals([other.Digest]));
        Assert.False(repairs.ContainsKey(Address(102)));
    }

    [Fact]
    public void Whoever_has_the_same_says_so_in_a_word()
    {
        var record = At(Where, _alice);
        var get = new RecordGet(Shared, Where, Holders(16), IsGood);
        Assert.True(get.TryNext(out var first, out var known));
        Assert.Null(known);
        Assert.True(get.TryNext(out _, out known));
        Assert.Null(known);
        Assert.False(get.TryNext(out _, out _));
        Assert.True(get.Answered(first, [record]));
        while (get.TryNext(out var holder, out known))
        {
            Assert.Equal(RecordSummary.Of([record]), known);
            Assert.True(get.AnsweredSame(holder, known));
        }

        Assert.True(get.IsSettled);
        Assert.Empty(get.Repairs);
        Assert.False(get.AnsweredSame(first, null));
    }

    [Fact]
    public void Where_nothing_is_found_all_are_asked_since_some_may_hold_it_back()
    {
        var record = At(Where, _alice);
        var get = Get(16, holder => holder == 11 ? [record] : [], out var asked);
        Assert.Equal(16, asked);
        Assert.Equal(record.Digest, Assert.Single(get.Newest).Digest);
        Assert.Empty(Get(16, _ => [], out asked).Newest);
        Assert.Equal(16, asked);
    }

    [Fact]
    public void Liars_are_named_and_change_nothing()
    {
        var good = Received(At(Where, _alice, 2));
        var forged = At(Where, _alice, 9).Encode();
        forged[^70] ^= 1;
        OverlayRecord[][] lies =
        [
            [OverlayRecord.Decode(forged)],
            [Received(At(Address(2), _alice, 9))],
            [Received(OfOwner(_alice, 9))],
            [Received(At(Where, _alice, 9, issued: Now - TimeSpan.FromHours(2)))],
            [good, .. Enumerable.Repeat(good, Shared.RecordsPerKeyMax)],
        ];
        foreach (var lie in lies)
        {
            var get = new RecordGet(Shared, Where, Holders(3), IsGood);
            get.TryNext(out var liar, out _);
            get.TryNext(out var honest, out _);
            Assert.False(get.Answered(liar, lie));
            Assert.True(get.Answered(honest, [good]));
            Assert.True(get.IsSettled);
            Assert.Equal(good.Digest, Assert.Single(get.Newest).Digest);
        }
    }

    [Fact]
    public void Dead_holders_are_replaced_by_the_next()
    {
        var record = At(Where, _alice);
        var get = Get(16, holder => holder is 0 or 1 or 4 or 6 ? null : [record], out var asked);
        Assert.Single(get.Newest);
        Assert.InRange(asked, 12, 13);
        Assert.Empty(Get(5, _ => null, out asked).Newest);
        Assert.Equal(5, asked);
        Assert.Empty(Get(0, _ => null, out _).Newest);
    }

    private static IEnumerable<OverlayAddress> Holders(int count) => Enumerable.Range(0, count).Select(i => Address((byte)(100 + i)));

    private bool IsGood(OverlayRecord record) => _judge.Fault(record, Now) is null;

    /// <summary>Runs a get over holders that answer, or do not, one after the other.</summary>
    private RecordGet Get(int holders, Func<int, OverlayRecord[]?> answer, out int asked)
    {
        var get = new RecordGet(Shared, Where, Holders(holders), IsGood);
        var waiting = new Queue<OverlayAddress>();
        for (asked = 0; !get.IsSettled;)
        {
            while (get.TryNext(out var next, out _))
            {
                waiting.Enqueue(next);
                asked++;
            }

            var holder = waiting.Dequeue();
            if (answer(Holders(holders).ToList().IndexOf(holder)) is { } records)
            {
                Assert.True(get.Answered(holder, [.. records.Select(Received)]));
            }
            else
            {
                get.Failed(holder);
            }
        }

        return get;
    }
}
