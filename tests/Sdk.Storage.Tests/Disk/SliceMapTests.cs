using Sdk.Storage.Disk;

namespace Sdk.Storage.Tests.Disk;

public sealed class SliceMapTests
{
    private static readonly DiskId Disk = new(9);

    [Theory]
    [InlineData(10, 3)]
    [InlineData(64, 4)]
    [InlineData(2, 5)]
    [InlineData(uint.MaxValue, 7)]
    public void Every_slice_has_one_place_and_groups_share_evenly(uint slices, int groups)
    {
        SliceMap map = SliceMap.Spread(Disk, slices, groups);
        Assert.Equal(slices, map.SliceCount);
        Assert.Equal(slices, map.Runs.Sum(run => run.Count));
        Assert.True(map.Runs.Max(run => run.Count) - map.Runs.Min(run => run.Count) <= 1);
        foreach (SliceRun run in map.Runs)
        {
            Assert.Equal(new SlicePlace(run.Group, 0, new SliceOrigin(Disk, run.FirstSlice, 0)), map[run.FirstSlice]);
            uint last = run.FirstSlice + run.Count - 1;
            Assert.Equal(new SlicePlace(run.Group, run.Count - 1, new SliceOrigin(Disk, last, 0)), map[last]);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => map[slices]);
    }

    [Fact]
    public void Runs_with_gaps_or_overlaps_are_refused()
    {
        var first = new SliceRun(0, 4, 0, 0, new SliceOrigin(Disk, 0, 0));
        Assert.Throws<ArgumentException>(() => new SliceMap([]));
        Assert.Throws<ArgumentException>(() => new SliceMap([first, first with { FirstSlice = 5 }]));
        Assert.Throws<ArgumentException>(() => new SliceMap([first, first with { FirstSlice = 3 }]));
        Assert.Throws<ArgumentException>(() => new SliceMap([first with { Count = 0 }]));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(262144, 1)]
    [InlineData(262145, 2)]
    public void A_size_takes_as_many_slices_as_hold_it(long sizeBytes, uint slices) => Assert.Equal(slices, SliceMap.SlicesFor(sizeBytes));
}
