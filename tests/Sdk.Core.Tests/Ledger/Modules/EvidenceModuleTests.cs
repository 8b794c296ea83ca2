using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Evidence;

namespace Sdk.Core.Tests.Ledger.Modules;

public sealed class EvidenceModuleTests
{
    private static readonly AccountAddress Alice = TradeWorld.At(1);
    private static readonly AccountAddress Bob = TradeWorld.At(2);
    private static readonly AccountAddress Carol = TradeWorld.At(3);

    private readonly TradeWorld _world = new();

    public static TheoryData<AbiFunction, int> Records => new()
    {
        { EvidenceAbi.RecordBounce, 3 },
        { EvidenceAbi.ClearBounce, 3 },
        { EvidenceAbi.RecordLate, 4 },
        { EvidenceAbi.RecordSettlement, 3 },
        { EvidenceAbi.RecordSlash, 3 },
        { EvidenceAbi.RecordAcquittal, 3 },
        { EvidenceAbi.RecordRating, 6 },
    };

    [Theory]
    [MemberData(nameof(Records))]
    public void Nobody_but_the_writers_records(AbiFunction record, int words)
    {
        var arguments = new AbiWriter();
        for (var word = 0; word < words; word++)
        {
            arguments.Add(1);
        }

        Assert.Equal("NotWriter", _world.Refused(Alice, TradeWorld.Evidence, record, arguments));
        _world.Do(TradeWorld.Writer, TradeWorld.Evidence, record, arguments);
    }

    [Fact]
    public void A_bounce_stays_open_until_all_of_it_is_made_good()
    {
        Write(EvidenceAbi.RecordBounce, Pair(Alice, Bob).Add(70));
        Write(EvidenceAbi.RecordBounce, Pair(Alice, Carol).Add(5));
        Write(EvidenceAbi.ClearBounce, Pair(Alice, Bob).Add(30));
        var standing = _world.StandingOf(Alice);
        Assert.Equal((2UL, 2UL, (TokenAmount)45), (standing.Bounces, standing.BouncesOpen, standing.Outstanding));
        Assert.Equal(_world.Now, standing.LastBounceAt);
        Write(EvidenceAbi.ClearBounce, Pair(Alice, Bob).Add(40));
        standing = _world.StandingOf(Alice);
        Assert.Equal((2UL, 1UL, (TokenAmount)5), (standing.Bounces, standing.BouncesOpen, standing.Outstanding));
    }

    [Fact]
    public void What_is_paid_beyond_a_bounce_or_without_one_changes_nothing_else()
    {
        Write(EvidenceAbi.RecordBounce, Pair(Alice, Bob).Add(70));
        Write(EvidenceAbi.RecordBounce, Pair(Alice, Carol).Add(5));
        Write(EvidenceAbi.ClearBounce, Pair(Alice, Bob).Add(1_000));
        Assert.Empty(Write(EvidenceAbi.ClearBounce, Pair(Alice, Bob).Add(1_000)));
        Assert.Empty(Write(EvidenceAbi.ClearBounce, Pair(Bob, Alice).Add(1)));
        Assert.Equal((TokenAmount)5, _world.StandingOf(Alice).Outstanding);
        Assert.Equal(1UL, _world.StandingOf(Alice).BouncesOpen);
    }

    [Fact]
    public void Counters_that_are_full_stay_full()
    {
        for (var i = 0; i < 2; i++)
        {
            Write(EvidenceAbi.RecordSettlement, Pair(Alice, Bob).Add(TokenAmount.MaxValue));
            Write(EvidenceAbi.RecordLate, Pair(Alice, Bob).Add(TokenAmount.MaxValue).Add(TokenAmount.MaxValue));
            Write(EvidenceAbi.RecordBounce, Pair(Alice, Bob).Add(TokenAmount.MaxValue));
            Write(EvidenceAbi.RecordSlash, Pair(Alice, Bob).Add(TokenAmount.MaxValue));
        }

        var standing = _world.StandingOf(Alice);
        Assert.Equal(Max(96), standing.VolumePaid);
        Assert.Equal(Max(96), _world.StandingOf(Bob).VolumeReceived);
        Assert.Equal((Max(96), (1UL << 40) - 1), (standing.LateVolume, standing.LateSeconds));
        Assert.Equal((Max(128), Max(96)), (standing.Outstanding, standing.Slashed));
        Assert.Equal((2UL, 2UL, 2UL), (standing.SettlementsPaid, standing.LatePayments, standing.Slashes));
    }

    [Fact]
    public void A_rating_weighs_what_its_trade_was_worth_and_the_mean_stays_a_mean_when_the_weight_is_full()
    {
        Rate(90, 3_000);
        Rate(10, 1_000);
        Assert.Equal((2UL, 100UL), (_world.StandingOf(Bob).Ratings, _world.StandingOf(Bob).RatingSum));
        Assert.Equal(70.0, _world.StandingOf(Bob).RatingMean);
        Assert.Null(_world.StandingOf(Alice).RatingMean);
        Rate(50, TokenAmount.MaxValue);
        Rate(0, TokenAmount.MaxValue);
        Assert.Equal(Max(88), _world.StandingOf(Bob).RatingWeight);
        Assert.InRange(_world.StandingOf(Bob).RatingMean!.Value, 49.9, 50.1);
    }

    [Fact]
    public void A_score_is_at_most_a_hundred()
    {
        Rate(100, 1);
        var rating = Pair(Alice, Bob).Add(default(Hash256)).Add(101).Add(default(Hash256)).Add(1);
        Assert.Equal("ScoreOutOfRange", _world.Refused(TradeWorld.Writer, TradeWorld.Evidence, EvidenceAbi.RecordRating, rating));
    }

    [Fact]
    public void Writers_are_one_to_four_accounts_that_exist()
    {
        Assert.Throws<ArgumentException>(() => new EvidenceModule([]));
        Assert.Throws<ArgumentException>(() => new EvidenceModule([Alice, default]));
        Assert.Throws<ArgumentException>(() => new EvidenceModule([Alice, Bob, Carol, Alice, Bob]));
        var list = new AbiReader(_world.Ask(TradeWorld.Evidence, EvidenceAbi.Writers)).ReadArray(4, AbiWriter.WordBytes, out var count);
        Assert.Equal((3, TradeWorld.Escrow), (count, list.ReadAddress()));
    }

    private static AbiWriter Pair(AccountAddress first, AccountAddress second) => new AbiWriter().Add(first).Add(second);

    private static TokenAmount Max(int bits) => TokenAmount.FromBaseUnits(UInt128.MaxValue >> (128 - bits));

    private void Rate(ulong score, TokenAmount weight) =>
        Write(EvidenceAbi.RecordRating, Pair(Alice, Bob).Add(default(Hash256)).Add(score).Add(default(Hash256)).Add(weight));

    private IReadOnlyList<LedgerEvent> Write(AbiFunction record, AbiWriter arguments) => _world.Do(TradeWorld.Writer, TradeWorld.Evidence, record, arguments);
}
