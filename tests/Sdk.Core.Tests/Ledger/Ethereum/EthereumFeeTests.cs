using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class EthereumFeeTests
{
    [Theory]
    [InlineData(100UL, 7UL, 1000UL, 207UL, 7UL)] // twice the base and the tip
    [InlineData(100UL, 7UL, 150UL, 150UL, 7UL)] // up to the cap
    [InlineData(100UL, 200UL, 150UL, 150UL, 150UL)] // the tip is a part of it
    [InlineData(150UL, 0UL, 150UL, 150UL, 0UL)]
    public void The_first_offer_is_twice_the_base_and_the_tip_under_the_cap(ulong baseFee, ulong tip, ulong cap, ulong max, ulong maxTip) =>
        Assert.Equal(new EthereumFee(max, maxTip), EthereumFee.First(baseFee, tip, cap));

    [Fact]
    public void A_base_fee_above_the_cap_is_not_paid() =>
        Assert.Equal(LedgerFailure.FeeAboveCap, Assert.Throws<LedgerException>(() => EthereumFee.First(151, 0, 150)).Reason);

    [Fact]
    public void What_a_node_says_does_not_overflow()
    {
        var cap = TokenAmount.FromBaseUnits(UInt128.MaxValue);
        Assert.Equal(new EthereumFee(cap, cap), EthereumFee.First(cap, TokenAmount.MaxValue, cap));
        Assert.Equal(new EthereumFee(1000, 1000), EthereumFee.First(1, TokenAmount.MaxValue, 1000));
        Assert.Null(new EthereumFee(10, 10).Replacement(TokenAmount.MaxValue, TokenAmount.MaxValue, cap));
    }

    [Theory]
    [InlineData(200UL, 8UL, 1UL, 1UL, 10_000UL)]
    [InlineData(200UL, 0UL, 1UL, 0UL, 10_000UL)]
    [InlineData(200UL, 8UL, 5000UL, 300UL, 100_000UL)]
    [InlineData(1UL, 1UL, 1UL, 1UL, 100UL)]
    public void A_replacement_offers_at_least_a_tenth_more_of_both_and_what_is_asked_now(ulong max, ulong tip, ulong baseFee, ulong asked, ulong cap)
    {
        var more = new EthereumFee(max, tip).Replacement(baseFee, asked, cap)!.Value;
        Assert.True(more.MaxWei * 10 >= (TokenAmount)max * 11 && more.TipWei * 10 >= (TokenAmount)tip * 11 && more.TipWei > tip);
        Assert.True(more.MaxWei >= EthereumFee.First(baseFee, asked, cap).MaxWei);
        Assert.True(more.TipWei <= more.MaxWei && more.MaxWei <= cap);
    }

    [Fact]
    public void The_cap_may_leave_room_for_a_tenth_but_not_for_less()
    {
        Assert.Equal(TokenAmount.FromBaseUnits(1100), new EthereumFee(1000, 10).Replacement(1, 1, 1100)!.Value.MaxWei);
        Assert.Null(new EthereumFee(1000, 10).Replacement(1, 1, 1099));
    }
}
