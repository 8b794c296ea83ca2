using Sdk.Core.Discovery;
using Sdk.Core.Trust;

namespace Sdk.Core.Tests.Discovery;

public sealed class OfferFilterTests : IDisposable
{
    private readonly Party _one = new();
    private readonly Party _two = new();

    public void Dispose()
    {
        _one.Dispose();
        _two.Dispose();
    }

    public static TheoryData<bool, Action<OfferFilter>> Filters => new()
    {
        { true, _ => { } },
        { true, f => f.Unit = ServiceUnit.Hour },
        { false, f => f.Unit = ServiceUnit.Second },
        { true, f => (f.Unit, f.MaxPricePerUnit) = (ServiceUnit.Hour, 100) },
        { false, f => (f.Unit, f.MaxPricePerUnit) = (ServiceUnit.Hour, 99) },
        { true, f => (f.Unit, f.MaxPricePerUnit, f.BuyerReputation) = (ServiceUnit.Hour, 80, 700) },
        { false, f => f.BuyerReputation = 99 },
        { true, f => f.Regions = ["FR", "DE"] },
        { false, f => f.Regions = ["FR"] },
        { true, f => f.MinCapacity = 10 },
        { false, f => f.MinCapacity = 11 },
        { true, f => f.MinDuration = TimeSpan.FromDays(10) },
        { false, f => f.MinDuration = TimeSpan.FromDays(11) },
        { true, f => f.Payments = [PaymentMethod.Free, PaymentMethod.Escrow] },
        { false, f => f.Payments = [PaymentMethod.Free] },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_filter_lets_through_what_it_says(bool matches, Action<OfferFilter> set)
    {
        var filter = new OfferFilter(ServiceKind.Exit);
        set(filter);
        filter.Validate();
        Assert.Equal(matches, filter.Matches(_one.Offer()));
    }

    [Fact]
    public void A_filter_is_for_one_kind_and_regions_are_not_guessed()
    {
        Assert.False(new OfferFilter(ServiceKind.Relay).Matches(_one.Offer()));
        Assert.False(new OfferFilter(ServiceKind.Exit) { Regions = ["DE"] }.Matches(_one.Offer(d => d.Region = null)));
    }

    [Fact]
    public void Filters_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new OfferFilter(default).Validate());
        Assert.Throws<ArgumentException>(() => new OfferFilter(ServiceKind.Exit) { MaxPricePerUnit = 1 }.Validate());
        Assert.Throws<ArgumentException>(() => new OfferFilter(ServiceKind.Exit) { Regions = ["de"] }.Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new OfferFilter(ServiceKind.Exit) { BuyerReputation = 1001 }.Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new OfferFilter(ServiceKind.Exit) { MaxResults = 0 }.Validate());
    }

    [Fact]
    public void The_cheapest_come_first_then_the_better_reputation_then_the_larger_capacity()
    {
        var dear = _one.Offer(d => d.Number = 1);
        var cheap = _one.Offer(d => (d.Number, d.Prices) = (2, [new(0, 90)]));
        var trusted = _two.Offer();
        var large = _one.Offer(d => (d.Number, d.Capacity) = (3, 20));
        Assert.Equal([cheap, trusted, large, dear], Rank(new OfferFilter(ServiceKind.Exit), (dear, 500), (large, 500), (trusted, 501), (cheap, 0)));
        Assert.Equal([cheap, trusted], Rank(new OfferFilter(ServiceKind.Exit) { MaxResults = 2 }, (dear, 500), (large, 500), (trusted, 501), (cheap, 0)));
        Assert.Equal([trusted], Rank(new OfferFilter(ServiceKind.Exit) { MinProviderReputation = 501 }, (dear, 500), (trusted, 501)));
    }

    [Fact]
    public void Only_the_newest_version_of_an_offer_is_shown_even_where_the_filter_likes_an_older_one()
    {
        var cheap = _one.Offer(d => d.Prices = [new(0, 1)], version: 1);
        var raised = _one.Offer(version: 2);
        Assert.Equal([raised], Rank(new OfferFilter(ServiceKind.Exit), (cheap, 500), (raised, 500)));
        Assert.Empty(Rank(new OfferFilter(ServiceKind.Exit) { Unit = ServiceUnit.Hour, MaxPricePerUnit = 50 }, (cheap, 500), (raised, 500)));
    }

    [Fact]
    public async Task Blocked_providers_are_not_shown()
    {
        var policy = new LocalTrustPolicy();
        policy.Block(_one.Account);
        policy.SetScore(_two.Account, 900);
        Assert.Equal(new TrustVerdict(true, Reputation.Unknown), await policy.JudgeAsync(_one.Account));
        Assert.Equal(new TrustVerdict(false, 900), await policy.JudgeAsync(_two.Account));
        var offers = new[] { (_one.Offer(), await policy.JudgeAsync(_one.Account)), (_two.Offer(), await policy.JudgeAsync(_two.Account)) };
        Assert.Equal([_two.Account], OfferRanking.Rank(offers, new OfferFilter(ServiceKind.Exit)).Select(offer => offer.Provider));
        policy.Unblock(_one.Account);
        Assert.False((await policy.JudgeAsync(_one.Account)).IsBlocked);
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.SetScore(_one.Account, 1001));
    }

    private static IReadOnlyList<ServiceOffer> Rank(OfferFilter filter, params (ServiceOffer Offer, int Score)[] offers) =>
        OfferRanking.Rank(offers.Select(one => (one.Offer, new TrustVerdict(false, one.Score))), filter);
}
