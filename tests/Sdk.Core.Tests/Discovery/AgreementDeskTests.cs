using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Tests.Discovery;

/// <summary>Both sides of an agreement without a network: what is proposed, and what a provider says to it.</summary>
public sealed class AgreementDeskTests : IDisposable
{
    private static readonly TrustVerdict Unknown = new(false, Reputation.Unknown);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Party _provider = new();
    private readonly Party _buyer = new();
    private readonly ServiceOptions _options = new();
    private readonly AgreementDesk _desk;
    private readonly ServiceOffer _offer;
    private byte _nonces;

    public AgreementDeskTests()
    {
        _desk = new AgreementDesk(_provider.Device, _options);
        _offer = _provider.Offer();
        _desk.Publish(_offer, Party.Now);
    }

    public void Dispose()
    {
        _provider.Dispose();
        _buyer.Dispose();
    }

    [Fact]
    public void A_proposal_at_the_offers_price_becomes_an_agreement_that_others_can_check()
    {
        var agreement = Sell(Propose());
        Assert.Null(agreement.FindFault(Party.Network));
        Assert.Equal((300UL, "cheque"), ((ulong)Units(agreement.Terms.Total), agreement.Terms.Payment.Name));
        Assert.Equal((_buyer.Account, _provider.Account), (agreement.Terms.Buyer, agreement.Terms.Provider));
        Assert.Equal((Party.Now, Party.Now + Hour), (agreement.Terms.Start, agreement.Terms.End));
        Assert.True(agreement.IsOn(Party.Now) && !agreement.IsOn(Party.Now + Hour) && !agreement.IsOn(Party.Now.AddTicks(-1)));
        var read = Agreement.Decode(agreement.Encode());
        Assert.Equal(agreement.Encode(), read.Encode());
        Assert.Equal(agreement.Terms, read.Terms);
        Assert.Null(read.FindFault(Party.Network));
        Assert.Equal(AgreementRefusal.WrongNetwork, read.FindFault(Party.Network + 1));
    }

    // Typed data is built here a second time, from the documented type string, so that the wire format cannot drift.
    [Fact]
    public void Both_sign_the_digest_of_the_documented_typed_data()
    {
        var agreement = Sell(Propose());
        var terms = agreement.Terms;
        var structHash = new TypedStruct(
            "ServiceAgreement(bytes32 offer,address buyer,address provider,uint64 quantity,uint256 pricePerUnit,uint256 total,string payment,uint64 start,uint64 end,bytes32 nonce)")
            .Add(_offer.Hash).Add(_buyer.Account).Add(_provider.Account).Add(3).Add(100).Add(300).Add("cheque")
            .Add((ulong)Party.Now.ToUnixTimeSeconds()).Add((ulong)(Party.Now + Hour).ToUnixTimeSeconds()).Add(terms.Nonce).Hash();
        var digest = TypedStruct.Digest(TypedStruct.Domain("Sdk", "1", Party.Network), structHash);
        Assert.Equal(digest, agreement.Hash);
        Assert.Equal(_buyer.Device.NodeKey.PublicKey, PublicKey.Recover(digest.Bytes, agreement.BuyerSignature));
        Assert.Equal(_provider.Device.NodeKey.PublicKey, PublicKey.Recover(digest.Bytes, agreement.ProviderSignature));
    }

    [Fact]
    public void No_altered_byte_of_an_agreement_goes_unnoticed()
    {
        var encoded = Sell(Propose()).Encode();
        for (var at = 0; at < encoded.Length; at++)
        {
            var altered = (byte[])encoded.Clone();
            altered[at] ^= (byte)(1 << (at % 8));
            Assert.False(Agreement.TryDecode(altered, out var agreement) && agreement.FindFault(Party.Network) is null, $"byte {at}");
        }

        Assert.False(Agreement.TryDecode([.. encoded, 0], out _));
        Assert.Throws<AgreementRefusedException>(() => Agreement.Decode(encoded.AsSpan(1)));
    }

    [Fact]
    public void Whoever_asks_again_with_the_same_nonce_gets_the_same_agreement_whatever_has_changed()
    {
        var proposal = Propose();
        var agreement = Sell(proposal);
        _desk.Withdraw(0);
        var again = _desk.Judge(proposal, proposal.Peer, new TrustVerdict(true, 0), Party.Now + TimeSpan.FromDays(2), out var made);
        Assert.Equal(agreement.ProviderSignature, again.Signature);
        Assert.Null(made);
    }

    [Fact]
    public void A_nonce_is_good_for_one_agreement()
    {
        var proposal = Propose();
        Sell(proposal);
        Refused(AgreementRefusal.NonceUsed, Sign(proposal.Terms with { Quantity = 1, Total = 100 }));
    }

    [Fact]
    public void Somebody_elses_device_learns_nothing_of_an_agreement_by_its_nonce()
    {
        var proposal = Propose();
        Sell(proposal);
        using var other = new Party();
        Refused(AgreementRefusal.NotTheBuyer, proposal, asker: PeerId.FromPublicKey(other.Device.NodeKey.PublicKey));
    }

    public static TheoryData<AgreementRefusal, Func<AgreementTerms, AgreementTerms>> BadTerms => new()
    {
        { AgreementRefusal.UnknownOffer, terms => terms with { OfferHash = terms.Nonce } },
        { AgreementRefusal.UnknownOffer, terms => terms with { Provider = terms.Buyer } },
        { AgreementRefusal.Quantity, terms => terms with { Quantity = 0, Total = 0 } },
        { AgreementRefusal.Quantity, terms => terms with { Quantity = 11, Total = 1100 } },
        { AgreementRefusal.Duration, terms => terms with { End = terms.Start } },
        { AgreementRefusal.Duration, terms => terms with { End = terms.Start.AddSeconds(-1) } },
        { AgreementRefusal.Duration, terms => terms with { End = terms.Start.AddDays(10).AddSeconds(1) } },
        { AgreementRefusal.Total, terms => terms with { Total = 299 } },
        { AgreementRefusal.Total, terms => terms with { Total = 301 } },
        { AgreementRefusal.Total, terms => terms with { PricePerUnit = TokenAmount.MaxValue, Total = TokenAmount.MaxValue } },
        { AgreementRefusal.Start, terms => terms with { Start = terms.Start.AddMinutes(-6), End = terms.End.AddMinutes(-6) } },
        { AgreementRefusal.Start, terms => terms with { Start = terms.Start.AddDays(2), End = terms.End.AddDays(2) } },
    };

    [Theory]
    [MemberData(nameof(BadTerms))]
    public void Terms_that_are_not_the_offers_are_refused_by_name(AgreementRefusal refusal, Func<AgreementTerms, AgreementTerms> change) =>
        Refused(refusal, Sign(change(Propose().Terms)));

    [Fact]
    public void A_start_within_what_clocks_differ_or_a_day_ahead_is_taken()
    {
        Sell(Sign(Propose().Terms with { Start = Party.Now.AddMinutes(-5), End = Party.Now.AddMinutes(55) }));
        Sell(Sign(Propose().Terms with { Start = Party.Now.AddDays(1), End = Party.Now.AddDays(1) + Hour }));
    }

    [Fact]
    public void Buyers_that_are_blocked_or_below_the_lowest_band_are_refused()
    {
        Refused(AgreementRefusal.Blocked, Propose(), new TrustVerdict(true, 1000));
        Refused(AgreementRefusal.Reputation, Propose(), new TrustVerdict(false, 99));
    }

    [Fact]
    public void Each_reputation_pays_its_bands_price()
    {
        Assert.Equal(80, (int)Units(Sell(Propose(price: 80), new TrustVerdict(false, 700)).Terms.PricePerUnit));
        Assert.Equal(new CounterOffer(3, 100, PaymentMethod.Cheque), Ask(Propose(price: 80), new TrustVerdict(false, 699)).Counter);
    }

    [Fact]
    public void Who_pays_more_than_asked_is_not_told_otherwise() => Assert.Equal(170, (int)Units(Sell(Propose(price: 170)).Terms.PricePerUnit));

    [Fact]
    public void A_provider_may_have_its_own_idea_of_a_price()
    {
        _options.LowestPrice = (_, terms, buyer) => terms.Quantity >= 3 && !buyer.IsBlocked ? 60UL : 100UL;
        Sell(Propose(price: 60));
        Assert.Equal(new CounterOffer(2, 100, PaymentMethod.Cheque), Ask(Propose(price: 60, quantity: 2)).Counter);
    }

    [Fact]
    public void Another_means_of_payment_than_the_offers_is_answered_with_the_preferred_one() =>
        Assert.Equal(new CounterOffer(3, 100, PaymentMethod.Cheque), Ask(Sign(Propose().Terms with { Payment = PaymentMethod.Free })).Counter);

    [Fact]
    public void Devices_that_are_forged_expired_foreign_or_may_not_trade_buy_nothing()
    {
        using var reader = new Party(KeyScopes.Connect);
        using var expired = new Party(expires: Party.Now);
        using var foreign = new Party(network: Party.Network + 1);
        Refused(AgreementRefusal.Scope, Propose(reader));
        Refused(AgreementRefusal.Credential, Propose(expired));
        Refused(AgreementRefusal.WrongNetwork, Sign(Propose().Terms with { Buyer = foreign.Account, NetworkId = Party.Network + 1 }, foreign));

        // Somebody else's terms under the own credential, and the other way round.
        var encoded = Propose().Encode();
        _buyer.Device.NodeKey.SignDigest(_offer.Hash.Bytes).ToArray().CopyTo(encoded, encoded.Length - Signature.LengthBytes);
        Assert.True(AgreementProposal.TryDecode(encoded, out var forged));
        Refused(AgreementRefusal.Signature, forged);
    }

    [Fact]
    public void An_offer_that_was_withdrawn_or_has_expired_is_not_sold()
    {
        var late = Sign(Propose().Terms with { Start = _offer.Expires, End = _offer.Expires + Hour });
        Assert.Equal(AgreementRefusal.OfferExpired, Ask(late, now: _offer.Expires).Refusal);
        Assert.Equal(_offer, _desk.Withdraw(0));
        Refused(AgreementRefusal.UnknownOffer, Propose());
        Assert.Null(_desk.Withdraw(0));
    }

    [Fact]
    public void The_version_before_is_honoured_for_ten_minutes_unless_it_is_withdrawn()
    {
        _desk.Publish(_provider.Offer(d => d.Prices = [new(0, 200)], version: 2), Party.Now);
        Assert.Equal([2UL], _desk.Offers.Select(offer => offer.Version));
        Sell(Later(Propose()), now: Party.Now.AddMinutes(10).AddTicks(-1));
        Assert.Equal(AgreementRefusal.UnknownOffer, Ask(Later(Propose()), now: Party.Now.AddMinutes(10)).Refusal);

        _desk.Publish(_provider.Offer(version: 3), Party.Now);
        _desk.Withdraw(0);
        Refused(AgreementRefusal.UnknownOffer, Propose());

        AgreementProposal Later(AgreementProposal proposal) =>
            Sign(proposal.Terms with { Start = Party.Now.AddMinutes(10), End = Party.Now.AddMinutes(70) });
    }

    [Fact]
    public void What_is_sold_counts_until_it_ends_and_no_more_is_sold_than_there_is()
    {
        Sell(Propose(quantity: 6));
        Assert.Equal(new CounterOffer(4, 100, PaymentMethod.Cheque), Ask(Propose(quantity: 5)).Counter);
        Sell(Propose(quantity: 4));
        Refused(AgreementRefusal.Capacity, Propose(quantity: 1));
        Assert.Equal(0UL, _desk.LeftOf(_offer, Party.Now + Hour - TimeSpan.FromSeconds(1)));
        Assert.Equal(10UL, _desk.LeftOf(_offer, Party.Now + Hour));
    }

    [Fact]
    public void A_new_version_with_less_capacity_than_is_sold_has_none_left()
    {
        Sell(Propose(quantity: 6));
        var smaller = _provider.Offer(d => d.Capacity = 5, version: 2);
        Assert.Equal(0UL, _desk.LeftOf(smaller, Party.Now));
        Assert.Equal(10UL, _desk.LeftOf(_provider.Offer(d => d.Number = 1), Party.Now));
    }

    [Fact]
    public void One_buyer_and_all_together_have_so_many_agreements_and_old_ones_make_room()
    {
        (_options.MaxAgreementsPerBuyer, _options.MaxAgreements, _options.KeepEnded) = (2, 3, TimeSpan.FromDays(1));
        Sell(Propose(quantity: 1));
        Sell(Propose(quantity: 1));
        Refused(AgreementRefusal.TooMany, Propose(quantity: 1));
        using var second = new Party();
        Sell(Propose(second, quantity: 1));
        using var third = new Party();
        Refused(AgreementRefusal.TooMany, Propose(third, quantity: 1));
        Assert.Empty(_desk.Sweep(Party.Now + Hour + TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1)));
        Assert.Equal(3, _desk.Sweep(Party.Now + Hour + TimeSpan.FromDays(1)).Count);
        Assert.Empty(_desk.Sold);
        Sell(Propose(third, quantity: 1));
    }

    [Fact]
    public void A_bid_takes_a_counter_offer_within_its_options()
    {
        var bid = Bid(new AgreementOptions { BidPerUnit = 50, MaxPricePerUnit = 100, Payments = [PaymentMethod.Escrow], MinQuantity = 2 });
        var first = bid.Proposal;
        Assert.Equal("escrow", first.Terms.Payment.Name);
        bid.Receive(Ask(first));
        Assert.Null(bid.Result);
        Assert.Equal((first.Terms.Nonce, (TokenAmount)100, (TokenAmount)300), (bid.Proposal.Terms.Nonce, bid.Proposal.Terms.PricePerUnit, bid.Proposal.Terms.Total));
        bid.Receive(Ask(bid.Proposal));
        Assert.Null(bid.Result!.GetAgreement().FindFault(Party.Network));
    }

    [Theory]
    [InlineData(AgreementRefusal.Price, 3, 100, "cheque")]
    [InlineData(AgreementRefusal.Capacity, 2, 80, "cheque")]
    [InlineData(AgreementRefusal.Payment, 3, 80, "escrow")]
    public void A_bid_ends_where_the_provider_wants_more_than_its_options(AgreementRefusal refusal, ulong quantity, ulong price, string payment)
    {
        var bid = Bid(new AgreementOptions { BidPerUnit = 80, Payments = [PaymentMethod.Cheque] });
        var counter = new CounterOffer(quantity, price, PaymentMethod.Parse(payment));
        bid.Receive(counter);
        Assert.Equal(refusal, bid.Result!.Refusal);
        Assert.Equal(counter, bid.Result.Counter);
        Assert.Throws<AgreementRefusedException>(() => bid.Result.GetAgreement());
    }

    [Fact]
    public void A_provider_that_haggles_without_end_is_left()
    {
        var bid = Bid(new AgreementOptions { BidPerUnit = 1, MaxPricePerUnit = 1000 });
        for (ulong price = 2; bid.Result is null; price++)
        {
            bid.Receive(new CounterOffer(3, price, PaymentMethod.Cheque));
            Assert.True(price < 10);
        }

        Assert.Equal(AgreementRefusal.Busy, bid.Result.Refusal);
        Assert.Equal((TokenAmount)4, bid.Proposal.Terms.PricePerUnit);
    }

    [Fact]
    public void Answers_that_are_none_are_the_providers_fault()
    {
        var price = new AgreementOptions { MaxPricePerUnit = 1000, MinQuantity = 1 };
        Assert.Throws<ProtocolViolationException>(() => Bid(price).Receive(_buyer.Device.NodeKey.SignDigest(_offer.Hash.Bytes)));
        Assert.Throws<ProtocolViolationException>(() => Bid(price).Receive(new CounterOffer(3, 100, PaymentMethod.Cheque)));
        Assert.Throws<ProtocolViolationException>(() => Bid(price).Receive(new CounterOffer(4, 100, PaymentMethod.Cheque)));
        Assert.Throws<ProtocolViolationException>(() => Bid(price).Receive(new CounterOffer(0, 100, PaymentMethod.Cheque)));
        Assert.Throws<ProtocolViolationException>(() => Bid(price).Receive(new CounterOffer(3, 100, PaymentMethod.Free)));
    }

    [Fact]
    public void A_bid_that_cannot_come_to_anything_is_not_made()
    {
        Assert.Equal(AgreementRefusal.Reputation, TryBid(new AgreementOptions { BuyerReputation = 99 }));
        Assert.Equal(AgreementRefusal.Payment, TryBid(new AgreementOptions { Payments = [PaymentMethod.Free] }));
        Assert.Equal(AgreementRefusal.Quantity, TryBid(new AgreementOptions(), quantity: 0));
        Assert.Equal(AgreementRefusal.Quantity, TryBid(new AgreementOptions(), quantity: 11));
        Assert.Equal(AgreementRefusal.Duration, TryBid(new AgreementOptions(), duration: TimeSpan.FromMilliseconds(999)));
        Assert.Equal(AgreementRefusal.Duration, TryBid(new AgreementOptions(), duration: TimeSpan.FromDays(11)));
        Assert.Equal(AgreementRefusal.Total, TryBid(new AgreementOptions { BidPerUnit = TokenAmount.MaxValue }));
    }

    [Fact]
    public void Answers_survive_the_wire_and_others_are_refused()
    {
        AgreementAnswer[] answers = [Ask(Propose()), new CounterOffer(1, TokenAmount.MaxValue, PaymentMethod.Free), AgreementRefusal.Busy];
        Assert.All(answers, answer => Assert.Equal(answer, AgreementProtocol.FromWire(AgreementProtocol.ToWire(answer))));
        Assert.All(
            new Core.Discovery.Wire.AnswerMessage[]
            {
                new(), new() { Refusal = 0 }, new() { Refusal = 99 }, new() { Signature = Google.Protobuf.ByteString.CopyFrom(1, 2) },
                new() { Counter = new() { Quantity = 1, Payment = "free" } },
                new() { Counter = new() { Quantity = 1, Payment = "FREE", PricePerUnit = Google.Protobuf.ByteString.CopyFrom(new byte[32]) } },
            },
            message => Assert.Throws<ProtocolViolationException>(() => AgreementProtocol.FromWire(message)));
    }

    private AgreementRefusal? TryBid(AgreementOptions options, ulong quantity = 3, TimeSpan? duration = null) =>
        AgreementBid.TryBegin(_offer, quantity, duration ?? Hour, options, _buyer.Device, Nonce(), Party.Now, out _)?.Refusal;

    private AgreementBid Bid(AgreementOptions options)
    {
        Assert.Null(AgreementBid.TryBegin(_offer, 3, Hour, options, _buyer.Device, Nonce(), Party.Now, out var bid));
        return bid!;
    }

    private AgreementProposal Propose(Party? buyer = null, ulong quantity = 3, ulong price = 100)
    {
        buyer ??= _buyer;
        Assert.Null(AgreementBid.TryBegin(_offer, quantity, Hour, new AgreementOptions { BidPerUnit = price }, buyer.Device, Nonce(), Party.Now, out var bid));
        return bid!.Proposal;
    }

    private AgreementProposal Sign(AgreementTerms terms, Party? buyer = null) => AgreementProposal.Sign(terms, (buyer ?? _buyer).Device);

    private Hash256 Nonce() => Hash256.Sha256([++_nonces], []);

    private AgreementAnswer Ask(AgreementProposal proposal, TrustVerdict? trust = null, DateTimeOffset? now = null) =>
        _desk.Judge(proposal, proposal.Peer, trust ?? Unknown, now ?? Party.Now, out _);

    private void Refused(AgreementRefusal refusal, AgreementProposal proposal, TrustVerdict? trust = null, PeerId? asker = null)
    {
        var answer = _desk.Judge(proposal, asker ?? proposal.Peer, trust ?? Unknown, Party.Now, out var agreement);
        Assert.Equal(refusal, answer.Refusal);
        Assert.Null(agreement);
    }

    private Agreement Sell(AgreementProposal proposal, TrustVerdict? trust = null, DateTimeOffset? now = null)
    {
        var answer = _desk.Judge(proposal, proposal.Peer, trust ?? Unknown, now ?? Party.Now, out var agreement);
        Assert.Equal(agreement!.ProviderSignature, answer.Signature);
        _desk.Enter(agreement);
        return agreement;
    }

    private static UInt128 Units(TokenAmount amount) => amount.TryToBaseUnits(out var units) ? units : throw new InvalidOperationException("Too many.");
}
