using Sdk.Core.Addressing;
using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public class RecordPutTests
{
    private static readonly OverlayAddress[] Sixteen = [.. Enumerable.Range(1, 16).Select(i => Address((byte)i))];

    [Fact]
    public void A_majority_of_the_nearest_settles_it_and_is_named()
    {
        var put = Put(Sixteen);
        for (var i = 0; i < 8; i++)
        {
            put.Answered(Sixteen[i], i % 2 == 0 ? RecordOutcome.Stored : RecordOutcome.Known);
            Assert.False(put.IsSettled);
            Assert.False(put.Result.IsStored);
        }

        put.Answered(Sixteen[0], RecordOutcome.Stored);
        put.Answered(Address(99), RecordOutcome.Stored);
        Assert.False(put.IsSettled);
        put.Answered(Sixteen[8], RecordOutcome.Stored);
        Assert.True(put.IsSettled);
        Assert.True(put.Result.IsStored);
        Assert.Equal(Sixteen[..9], put.Result.Holders);
        Assert.Equal(16, put.Result.Asked);
    }

    [Fact]
    public void It_fails_as_soon_as_no_majority_can_be_had_and_says_why()
    {
        var put = Put(Sixteen);
        for (var i = 0; i < 8; i++)
        {
            Assert.False(put.IsSettled);
            put.Answered(Sixteen[i], i < 5 ? RecordOutcome.WriterQuota : null);
        }

        Assert.True(put.IsSettled);
        Assert.False(put.Result.IsStored);
        Assert.Equal(5, put.Result.Refusals[RecordOutcome.WriterQuota]);
        Assert.Equal(11, put.Result.Unanswered);
        Assert.Equal(16, put.Result.Asked);
    }

    [Fact]
    public void Where_nobody_is_there_nothing_is_stored()
    {
        var put = Put([]);
        Assert.True(put.IsSettled);
        Assert.False(put.Result.IsStored);
    }

    private static RecordPut Put(OverlayAddress[] nearest)
    {
        using var writer = Key(1);
        return new RecordPut(OfOwner(writer, 1), nearest);
    }
}
