using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Escrow;

namespace Sdk.Core.Tests.Ledger.Modules;

public sealed class EscrowModuleTests
{
    private static readonly AccountAddress Developer = TradeWorld.At(0xd1);
    private static readonly AccountAddress Platform = TradeWorld.At(0xd2);

    private readonly TradeWorld _world = new();
    private readonly KeyPair _buyer;
    private readonly KeyPair _provider;
    private readonly EscrowTerms _terms;

    public EscrowModuleTests()
    {
        (_buyer, _provider) = (_world.Person(1), _world.Person(2));
        _terms = new EscrowTerms
        {
            Agreement = TradeWorld.Hash("agreement"),
            Buyer = _buyer.Address,
            Provider = _provider.Address,
            DisputeWindowSeconds = (uint)TradeWorld.Hour,
            Developer = Developer,
            DeveloperShare = 250,
            Platform = Platform,
            PlatformShare = 100,
        };
    }

    [Fact]
    public void A_voucher_pays_the_provider_and_the_shares_and_the_rest_goes_back()
    {
        Lock(_terms, 100_000);
        Settle(_terms, 40_000);
        Settle(_terms, 60_000, isLast: true);
        Assert.Equal(Wealth + 57_900, _world.BalanceOf(_provider.Address));
        Assert.Equal(((TokenAmount)1_500, (TokenAmount)600), (_world.Owed(TradeWorld.Escrow, Developer), _world.Owed(TradeWorld.Escrow, Platform)));
        Assert.Equal(Wealth - 60_000, _world.BalanceOf(_buyer.Address));
        _world.Do(Developer, TradeWorld.Escrow, EscrowAbi.Collect);
        Assert.Equal(((TokenAmount)1_500, (TokenAmount)600), (_world.BalanceOf(Developer), _world.BalanceOf(TradeWorld.Escrow)));
        var trade = Trade(_terms);
        Assert.Equal((EscrowState.Closed, _world.Now), (trade.State, trade.End));
    }

    [Fact]
    public void The_shares_do_not_depend_on_the_number_of_steps_and_no_unit_is_lost()
    {
        Lock(_terms, 1_000);
        for (ulong total = 1; total < 1_000; total += 7)
        {
            Settle(_terms, total);
        }

        Settle(_terms, 1_000);
        Assert.Equal(((TokenAmount)25, (TokenAmount)10), (_world.Owed(TradeWorld.Escrow, Developer), _world.Owed(TradeWorld.Escrow, Platform)));
        Assert.Equal(Wealth + 965, _world.BalanceOf(_provider.Address));
        Assert.Equal((TokenAmount)35, _world.BalanceOf(TradeWorld.Escrow));
    }

    [Fact]
    public void What_rounding_leaves_is_the_providers()
    {
        Lock(_terms, 10);
        Settle(_terms, 10);
        Assert.Equal(Wealth + 10, _world.BalanceOf(_provider.Address));
    }

    [Fact]
    public void A_voucher_beyond_the_deposit_pays_what_is_there_and_the_rest_after_a_roll()
    {
        Lock(_terms, 1_000);
        Settle(_terms, 1_500);
        Assert.Equal((TokenAmount)1_000, Trade(_terms).Settled);
        Assert.Equal("NothingToPay", RefusedSettle(_terms, 1_500));
        Roll(_terms, 600, _world.Now + (2 * TradeWorld.Hour));
        Settle(_terms, 1_500);
        Assert.Equal((TokenAmount)1_500, Trade(_terms).Settled);
    }

    [Fact]
    public void A_voucher_counts_once()
    {
        Lock(_terms, 1_000);
        Settle(_terms, 300);
        Assert.Equal("NothingToPay", RefusedSettle(_terms, 300));
        Assert.Equal("NothingToPay", RefusedSettle(_terms, 299));
    }

    [Fact]
    public void A_voucher_is_worth_nothing_for_another_trade_chain_or_contract_nor_by_another_hand()
    {
        var other = _terms with { Agreement = TradeWorld.Hash("another") };
        Lock(_terms, 1_000);
        Lock(other, 1_000);
        var voucher = new EscrowVoucher(other.TradeId(), 500);
        var good = voucher.Sign(TradeWorld.ChainId, TradeWorld.Escrow, _buyer);
        Assert.Equal("InvalidSignature", RefusedSettle(_terms, 500, good));
        Assert.Equal("InvalidSignature", RefusedSettle(other, 501, good));
        Assert.Equal("InvalidSignature", RefusedSettle(other, 500, voucher.Sign(8, TradeWorld.Escrow, _buyer)));
        Assert.Equal("InvalidSignature", RefusedSettle(other, 500, voucher.Sign(TradeWorld.ChainId, TradeWorld.Bonds, _buyer)));
        Assert.Equal("InvalidSignature", RefusedSettle(other, 500, voucher.Sign(TradeWorld.ChainId, TradeWorld.Escrow, _provider)));
        Assert.Equal("InvalidSignature", RefusedSettle(other, 500, voucher.SignClose(TradeWorld.ChainId, TradeWorld.Escrow, _buyer)));
        Settle(other, 500);
    }

    [Fact]
    public void The_other_form_of_a_signature_with_a_high_s_is_refused()
    {
        Lock(_terms, 1_000);
        var good = (new EscrowVoucher(_terms.TradeId(), 500).Sign(TradeWorld.ChainId, TradeWorld.Escrow, _buyer)).ToCompact();
        Span<byte> s = stackalloc byte[32];
        good.Vs.CopyTo(s);
        var parity = (byte)(s[0] & 0x80);
        s[0] &= 0x7f;
        var order = new System.Numerics.BigInteger(Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141"), isUnsigned: true, isBigEndian: true);
        var high = order - new System.Numerics.BigInteger(s, isUnsigned: true, isBigEndian: true);
        var bytes = high.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes[0] = (byte)((bytes[0] & 0x7f) | (parity ^ 0x80));
        var arguments = Write(_terms).Add(500).Add(false).Add(good.R).Add(Hash256.FromBytes(bytes));
        Assert.Equal("InvalidSignature", _world.Refused(_provider, TradeWorld.Escrow, EscrowAbi.Settle, arguments));
    }

    [Fact]
    public void Nobody_settles_for_the_provider()
    {
        Lock(_terms, 1_000);
        var compact = (new EscrowVoucher(_terms.TradeId(), 500).Sign(TradeWorld.ChainId, TradeWorld.Escrow, _buyer)).ToCompact();
        var arguments = Write(_terms).Add(500).Add(true).Add(compact.R).Add(compact.Vs);
        Assert.Equal("NotProvider", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Settle, arguments));
        Assert.Equal("NotProvider", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Release, Write(_terms)));
    }

    [Fact]
    public void The_buyer_has_the_rest_back_after_the_dispute_window_and_not_a_second_before()
    {
        Lock(_terms, 1_000);
        _world.Now += 2 * TradeWorld.Hour;
        Assert.Equal("TooEarly", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Refund, Write(_terms)));
        Settle(_terms, 100);
        _world.Now++;
        Assert.Equal("TradeOver", RefusedSettle(_terms, 200));
        Assert.Equal("TradeOver", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Roll, Write(_terms).Add(1).Add(_world.Now + 10)));
        Assert.Equal("NotBuyer", _world.Refused(_provider, TradeWorld.Escrow, EscrowAbi.Refund, Write(_terms)));
        _world.Do(_buyer, TradeWorld.Escrow, EscrowAbi.Refund, Write(_terms));
        Assert.Equal(Wealth - 100, _world.BalanceOf(_buyer.Address));
        Assert.Equal("TradeNotLive", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Refund, Write(_terms)));
    }

    [Fact]
    public void The_provider_lets_go()
    {
        Lock(_terms, 1_000);
        _world.Do(_provider, TradeWorld.Escrow, EscrowAbi.Release, Write(_terms));
        Assert.Equal(Wealth, _world.BalanceOf(_buyer.Address));
        Assert.Equal(0UL, _world.StandingOf(_provider.Address).SettlementsReceived);
    }

    [Fact]
    public void Buyer_and_provider_end_a_trade_together()
    {
        Lock(_terms, 1_000);
        Settle(_terms, 100);
        var consent = new EscrowVoucher(_terms.TradeId(), 300);
        Assert.Equal("InvalidSignature", RefusedClose(300, consent.SignClose(TradeWorld.ChainId, TradeWorld.Escrow, _buyer)));
        Assert.Equal("InvalidSignature", RefusedClose(299, consent.SignClose(TradeWorld.ChainId, TradeWorld.Escrow, _provider)));
        Assert.Equal("InvalidSignature", RefusedClose(300, consent.Sign(TradeWorld.ChainId, TradeWorld.Escrow, _provider)));
        Assert.Equal("AmountOutOfRange", RefusedClose(99, consent.SignClose(TradeWorld.ChainId, TradeWorld.Escrow, _provider)));
        Assert.Equal("AmountOutOfRange", RefusedClose(1_001, consent.SignClose(TradeWorld.ChainId, TradeWorld.Escrow, _provider)));
        _world.Do(_buyer, TradeWorld.Escrow, EscrowAbi.Close, CloseCall(300, consent.SignClose(TradeWorld.ChainId, TradeWorld.Escrow, _provider)));
        Assert.Equal(Wealth - 300, _world.BalanceOf(_buyer.Address));
        Assert.Equal((TokenAmount)193, _world.Owed(TradeWorld.Escrow, _provider.Address));
        _world.Do(_provider, TradeWorld.Escrow, EscrowAbi.Collect);
        Assert.Equal("NothingToPay", _world.Refused(_provider, TradeWorld.Escrow, EscrowAbi.Collect));
    }

    [Fact]
    public void Terms_are_locked_once_even_after_the_trade_and_only_by_their_buyer()
    {
        Assert.Equal("NotBuyer", _world.Refused(_provider, TradeWorld.Escrow, EscrowAbi.Lock, Write(_terms).Add(10).Add(_world.Now + 10)));
        Lock(_terms, 1_000);
        Assert.Equal("TradeExists", RefusedLock(_terms, 1_000));
        _world.Do(_provider, TradeWorld.Escrow, EscrowAbi.Release, Write(_terms));
        Assert.Equal("TradeExists", RefusedLock(_terms, 1_000));
    }

    [Fact]
    public void Terms_out_of_range_are_refused()
    {
        foreach (var terms in new[]
        {
            _terms with { Provider = _buyer.Address },
            _terms with { Provider = default },
            _terms with { DisputeWindowSeconds = 3_599 },
            _terms with { DisputeWindowSeconds = (uint)(30 * TradeWorld.Day) + 1 },
            _terms with { DeveloperShare = 4_901 },
            _terms with { DeveloperShare = 0 },
            _terms with { Developer = default },
            _terms with { PlatformShare = 0 },
            _terms with { Platform = default },
        })
        {
            Assert.Equal("TermsOutOfRange", RefusedLock(terms, 1_000));
        }

        Lock(_terms with { DeveloperShare = 4_900 }, 1_000);
    }

    [Fact]
    public void Amounts_and_ends_out_of_range_are_refused()
    {
        var tooMuch = TokenAmount.FromBaseUnits(UInt128.One << 104);
        Assert.Equal("AmountOutOfRange", RefusedLock(_terms, 0));
        Assert.Equal("AmountOutOfRange", RefusedLock(_terms, tooMuch));
        Assert.Equal("ERC20InsufficientBalance", RefusedLock(_terms, tooMuch - 1));
        Assert.Equal("EndOutOfRange", RefusedLock(_terms, 10, _world.Now));
        Assert.Equal("EndOutOfRange", RefusedLock(_terms, 10, _world.Now + (366 * TradeWorld.Day) + 1));
        Assert.Equal("EndOutOfRange", RefusedLock(_terms, 10, TokenAmount.MaxValue));
        Lock(_terms, 10);
        var end = Trade(_terms).End;
        Assert.Equal("AmountOutOfRange", RefusedRoll(tooMuch - 10, end));
        Assert.Equal("AmountOutOfRange", RefusedRoll(0, end));
        Assert.Equal("EndOutOfRange", RefusedRoll(1, end - 1));
        Assert.Equal("EndOutOfRange", RefusedRoll(1, _world.Now + (366 * TradeWorld.Day) + 1));
        Assert.Equal("NotBuyer", _world.Refused(_provider, TradeWorld.Escrow, EscrowAbi.Roll, Write(_terms).Add(1).Add(end)));
        Roll(_terms, 1, end);
        Roll(_terms, 0, end + 1);
    }

    [Fact]
    public void A_trade_that_is_paid_counts_for_both_sides_and_a_late_roll_against_the_buyer()
    {
        Lock(_terms, 1_000);
        Roll(_terms, 1, _world.Now + TradeWorld.Hour + 10);
        Assert.Equal(0UL, _world.StandingOf(_buyer.Address).LatePayments);
        _world.Now += TradeWorld.Hour + 15;
        Assert.Equal("EndOutOfRange", RefusedRoll(50, _world.Now));
        Roll(_terms, 50, _world.Now + TradeWorld.Hour);
        Settle(_terms, 700, isLast: true);
        var (buyer, provider) = (_world.StandingOf(_buyer.Address), _world.StandingOf(_provider.Address));
        Assert.Equal((1UL, 5UL, (TokenAmount)50), (buyer.LatePayments, buyer.LateSeconds, buyer.LateVolume));
        Assert.Equal((1UL, (TokenAmount)700), (buyer.SettlementsPaid, buyer.VolumePaid));
        Assert.Equal((1UL, (TokenAmount)700), (provider.SettlementsReceived, provider.VolumeReceived));
    }

    [Fact]
    public void Each_side_of_a_paid_trade_rates_the_other_once()
    {
        Lock(_terms, 1_000);
        Assert.Equal("TradeNotClosed", RefusedRate(_buyer));
        Settle(_terms, 700, isLast: true);
        Assert.Equal("NotParty", RefusedRate(_world.Person(9)));
        Assert.Equal("ScoreOutOfRange", RefusedRate(_buyer, 101));
        Rate(_buyer, 80);
        Assert.Equal("AlreadyRated", RefusedRate(_buyer));
        _world.Now += 30 * TradeWorld.Day;
        Rate(_provider, 60);
        Assert.Equal("AlreadyRated", RefusedRate(_provider));
        Assert.Equal((1UL, 80UL, (TokenAmount)700), Ratings(_provider));
        Assert.Equal((1UL, 60UL, (TokenAmount)700), Ratings(_buyer));
        Assert.Equal(EscrowState.Closed | EscrowState.RatedByBuyer | EscrowState.RatedByProvider, Trade(_terms).State);
    }

    [Fact]
    public void Nobody_is_rated_for_a_trade_that_it_was_not_paid_for_nor_after_thirty_days()
    {
        Lock(_terms, 1_000);
        _world.Do(_provider, TradeWorld.Escrow, EscrowAbi.Release, Write(_terms));
        Assert.Equal("NothingToPay", RefusedRate(_buyer));
        var other = _terms with { Agreement = TradeWorld.Hash("another") };
        Lock(other, 1_000);
        Settle(other, 700, isLast: true);
        _world.Now += (30 * TradeWorld.Day) + 1;
        Assert.Equal("TooLate", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Rate, Write(other).Add(80).Add(default(Hash256))));
    }

    [Fact]
    public void A_word_with_bits_outside_its_type_reverts_without_data()
    {
        var words = Write(_terms).Add(10).Add(_world.Now + 10).ToArray();
        words[(3 * AbiWriter.WordBytes) + 27] = 1;
        var dirty = new AbiWriter();
        for (var place = 0; place < words.Length; place += AbiWriter.WordBytes)
        {
            dirty.Add(Hash256.FromBytes(words.AsSpan(place, AbiWriter.WordBytes)));
        }

        Assert.Equal("", _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Lock, dirty));
    }

    private static readonly TokenAmount Wealth = TokenAmount.FromTokens(10_000);

    private static AbiWriter Write(EscrowTerms terms) => terms.Write(new AbiWriter());

    private (ulong Ratings, ulong Sum, TokenAmount Weight) Ratings(KeyPair whose)
    {
        var standing = _world.StandingOf(whose.Address);
        return (standing.Ratings, standing.RatingSum, standing.RatingWeight);
    }

    private EscrowTrade Trade(EscrowTerms terms)
    {
        var reader = new AbiReader(_world.Ask(TradeWorld.Escrow, EscrowAbi.TradeOf, new AbiWriter().Add(terms.TradeId())));
        return EscrowTrade.Read(ref reader);
    }

    private void Lock(EscrowTerms terms, TokenAmount amount) =>
        _world.Do(_buyer, TradeWorld.Escrow, EscrowAbi.Lock, Write(terms).Add(amount).Add(_world.Now + TradeWorld.Hour));

    private string RefusedLock(EscrowTerms terms, TokenAmount amount, TokenAmount? end = null) =>
        _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Lock, Write(terms).Add(amount).Add(end ?? (_world.Now + TradeWorld.Hour)));

    private void Roll(EscrowTerms terms, TokenAmount amount, ulong end) =>
        _world.Do(_buyer, TradeWorld.Escrow, EscrowAbi.Roll, Write(terms).Add(amount).Add(end));

    private string RefusedRoll(TokenAmount amount, ulong end) =>
        _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Roll, Write(_terms).Add(amount).Add(end));

    private void Settle(EscrowTerms terms, TokenAmount cumulative, bool isLast = false) =>
        _world.Do(_provider, TradeWorld.Escrow, EscrowAbi.Settle, SettleCall(terms, cumulative, isLast, null));

    private string RefusedSettle(EscrowTerms terms, TokenAmount cumulative, Signature? signature = null) =>
        _world.Refused(_provider, TradeWorld.Escrow, EscrowAbi.Settle, SettleCall(terms, cumulative, false, signature));

    private AbiWriter SettleCall(EscrowTerms terms, TokenAmount cumulative, bool isLast, Signature? signature)
    {
        var compact = (signature ?? new EscrowVoucher(terms.TradeId(), cumulative).Sign(TradeWorld.ChainId, TradeWorld.Escrow, _buyer)).ToCompact();
        return Write(terms).Add(cumulative).Add(isLast).Add(compact.R).Add(compact.Vs);
    }

    private AbiWriter CloseCall(TokenAmount cumulative, Signature signature)
    {
        var compact = (signature).ToCompact();
        return Write(_terms).Add(cumulative).Add(compact.R).Add(compact.Vs);
    }

    private string RefusedClose(TokenAmount cumulative, Signature signature) =>
        _world.Refused(_buyer, TradeWorld.Escrow, EscrowAbi.Close, CloseCall(cumulative, signature));

    private void Rate(KeyPair side, ulong score) =>
        _world.Do(side, TradeWorld.Escrow, EscrowAbi.Rate, Write(_terms).Add(score).Add(TradeWorld.Hash("details")));

    private string RefusedRate(KeyPair side, ulong score = 50) =>
        _world.Refused(side, TradeWorld.Escrow, EscrowAbi.Rate, Write(_terms).Add(score).Add(TradeWorld.Hash("details")));
}
