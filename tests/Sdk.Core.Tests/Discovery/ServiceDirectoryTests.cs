using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Networking;
using Sdk.Core.Tests.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Tests.Discovery;

/// <summary>Nodes that announce, find and accept over real sockets.</summary>
public sealed class ServiceDirectoryTests : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly OfferFilter Exits = new(ServiceKind.Exit);

    private readonly MemoryBoard _board = new();
    private readonly ManualTimeProvider _clock = new();
    private Trader _provider = null!;
    private Trader _buyer = null!;

    public async Task InitializeAsync()
    {
        _provider = await Trader.StartAsync(_board, _clock);
        _buyer = await Trader.StartAsync(_board, _clock);
    }

    public async Task DisposeAsync()
    {
        await _buyer.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task An_offer_is_announced_found_and_accepted_and_both_keep_the_agreement()
    {
        var raised = new List<Agreement>();
        _provider.Services.AgreementMade += raised.Add;
        var announced = await _provider.Services.AnnounceAsync(Party.Draft());
        var found = Assert.Single(await _buyer.Services.FindAsync(Exits));
        Assert.Equal(announced.Hash, found.Hash);

        var agreement = (await _buyer.Services.AcceptAsync(found, 3, Hour)).GetAgreement();
        Assert.Null(agreement.FindFault(Party.Network));
        Assert.Equal(agreement.Hash, Assert.Single(_buyer.Services.Bought).Hash);
        Assert.Equal(agreement.Hash, Assert.Single(await _provider.Services.GetSoldAsync()).Hash);
        Assert.Equal(agreement.Hash, Assert.Single(raised).Hash);
        Assert.Empty(_buyer.Services.Pending);
    }

    [Fact]
    public async Task Price_and_means_of_payment_are_negotiated_on_one_stream()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        _provider.Trust.SetScore(_buyer.Account, 650);
        var low = await _buyer.Services.AcceptAsync(offer, 3, Hour, new AgreementOptions { BuyerReputation = 700 });
        Assert.Equal((AgreementRefusal.Price, new CounterOffer(3, 100, PaymentMethod.Cheque)), (low.Refusal, low.Counter));

        var options = new AgreementOptions { BuyerReputation = 700, MaxPricePerUnit = 100, Payments = [PaymentMethod.Free, PaymentMethod.Escrow] };
        var terms = (await _buyer.Services.AcceptAsync(offer, 3, Hour, options)).GetAgreement().Terms;
        Assert.Equal(("100", "300", "escrow"), (terms.PricePerUnit.ToString(), terms.Total.ToString(), terms.Payment.Name));

        _provider.Trust.SetScore(_buyer.Account, 700);
        Assert.Equal("80", (await _buyer.Services.AcceptAsync(offer, 3, Hour, options)).GetAgreement().Terms.PricePerUnit.ToString());
        Assert.Empty(_buyer.Services.Pending);
    }

    [Fact]
    public async Task Buyers_that_race_for_the_last_places_get_no_more_than_there_are()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        await using var second = await Trader.StartAsync(_board, _clock);
        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(i =>
            (i % 2 == 0 ? _buyer : second).Services.AcceptAsync(offer, 1, Hour)));
        Assert.Equal(10, results.Count(result => result.Agreement is not null));
        Assert.Equal(14, results.Count(result => result.Refusal == AgreementRefusal.Capacity));
        Assert.Equal(10, (await _provider.Services.GetSoldAsync()).Count);

        _clock.Advance(Hour);
        Assert.NotNull((await _buyer.Services.AcceptAsync((await _buyer.Services.FindAsync(Exits)).Single(), 10, Hour)).Agreement);
    }

    [Fact]
    public async Task Both_sides_have_their_agreements_and_the_offer_after_a_restart()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        var agreement = (await _buyer.Services.AcceptAsync(offer, 7, Hour)).GetAgreement();
        foreach (var trader in new[] { _provider, _buyer })
        {
            await trader.StopAsync();
            await trader.StartAsync();
        }

        Assert.Equal(agreement.Encode(), Assert.Single(_buyer.Services.Bought).Encode());
        Assert.Equal(agreement.Encode(), Assert.Single(await _provider.Services.GetSoldAsync()).Encode());
        var rest = await _buyer.Services.AcceptAsync(offer, 7, Hour, new AgreementOptions { MinQuantity = 1 });
        Assert.Equal(3UL, rest.GetAgreement().Terms.Quantity);
    }

    [Fact]
    public async Task A_proposal_whose_answer_was_lost_is_settled_after_restarts_without_buying_twice()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());

        // The provider signs and keeps, and then the connection is gone.
        _provider.Services.AgreementMade += _ => _provider.Switch.Connections.Single().DisposeAsync().AsTask().Wait();
        await Assert.ThrowsAsync<StreamResetException>(() => _buyer.Services.AcceptAsync(offer, 3, Hour));
        var pending = Assert.Single(_buyer.Services.Pending);
        Assert.Empty(_buyer.Services.Bought);

        await _provider.StopAsync();
        await _buyer.StopAsync();
        await _buyer.StartAsync();
        Assert.Equal(pending.Terms, Assert.Single(_buyer.Services.Pending).Terms);

        // Nobody answers yet: nothing is settled, nothing is lost.
        Assert.Empty(await _buyer.Services.ResumeAsync());
        Assert.Single(_buyer.Services.Pending);

        await _provider.StartAsync();
        _clock.Advance(TimeSpan.FromMinutes(30));
        await _buyer.StopAsync();
        await _buyer.StartAsync();
        var settled = Assert.Single(await _buyer.Services.ResumeAsync()).GetAgreement();
        Assert.Equal(pending.Terms, settled.Terms);
        Assert.Null(settled.FindFault(Party.Network));
        Assert.Equal(settled.Hash, Assert.Single(await _provider.Services.GetSoldAsync()).Hash);
        Assert.Empty(_buyer.Services.Pending);
        Assert.Empty(await _buyer.Services.ResumeAsync());
    }

    [Fact]
    public async Task A_proposal_that_never_arrived_is_settled_by_a_refusal_once_its_time_has_passed()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        Assert.Null(AgreementBid.TryBegin(offer, 3, Hour, new AgreementOptions(), _buyer.Device, offer.Hash, _clock.GetUtcNow(), out var bid));
        await _buyer.StopAsync();
        var pending = new PendingAgreement(offer, bid!.Proposal);
        await File.WriteAllBytesAsync(Path.Combine(_buyer.Folder, "agreement-pending-" + pending.Terms.Nonce), pending.Encode());
        await _buyer.StartAsync();
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(AgreementRefusal.Start, Assert.Single(await _buyer.Services.ResumeAsync()).Refusal);
        Assert.Empty(_buyer.Services.Pending);
        Assert.DoesNotContain(Directory.EnumerateFiles(_buyer.Folder), file => file.Contains("pending", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_damaged_file_stops_the_services_by_name()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        await _buyer.Services.AcceptAsync(offer, 3, Hour);
        await _buyer.StopAsync();
        var file = Directory.EnumerateFiles(_buyer.Folder, "agreement-bought-*").Single();
        var whole = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(file, whole[..^1]);
        using (var directory = Core.Persistence.DataDirectory.Open(_buyer.Folder))
        {
            Assert.Throws<SnapshotCorruptException>(() => new AgreementFiles(directory).ReadBought());
        }

        await File.WriteAllBytesAsync(file, whole);
        await _buyer.StartAsync();
    }

    [Fact]
    public async Task Forged_expired_and_foreign_offers_and_rubbish_on_the_board_are_not_found()
    {
        var good = await _provider.Services.AnnounceAsync(Party.Draft());
        using var stranger = new Party();
        using var foreign = new Party(network: Party.Network + 1);
        var key = OfferPlaces.Of(good)[0];
        var forged = good.Encoded.ToArray();
        forged[^1] ^= 7;
        _board.Litter(key, forged);
        _board.Litter(key, [1, 2, 3]);
        _board.Litter(key, []);
        _board.Litter(key, foreign.Offer(now: _clock.GetUtcNow()).Encoded.ToArray());
        _board.Litter(key, stranger.Offer(now: _clock.GetUtcNow().AddDays(-1)).Encoded.ToArray());
        Assert.Equal([good.Hash], (await _buyer.Services.FindAsync(Exits)).Select(offer => offer.Hash));
        _board.Litter(key, stranger.Offer(now: _clock.GetUtcNow()).Encoded.ToArray());
        Assert.Equal(2, (await _buyer.Services.FindAsync(Exits)).Count);
        _buyer.Trust.Block(stranger.Account);
        Assert.Equal([good.Hash], (await _buyer.Services.FindAsync(Exits)).Select(offer => offer.Hash));
    }

    [Fact]
    public async Task Offers_are_found_by_region_and_leave_with_their_old_one()
    {
        await _provider.Services.AnnounceAsync(Party.Draft());
        Assert.Single(await _buyer.Services.FindAsync(new OfferFilter(ServiceKind.Exit) { Regions = ["FR", "DE"] }));
        var moved = await _provider.Services.AnnounceAsync(Party.Draft(d => d.Region = "FR"));
        Assert.Equal(OfferPlaces.Of(moved).Order(), _board.Keys.Order());
        Assert.Empty(await _buyer.Services.FindAsync(new OfferFilter(ServiceKind.Exit) { Regions = ["DE"] }));
        Assert.Equal(moved.Hash, Assert.Single(await _buyer.Services.FindAsync(new OfferFilter(ServiceKind.Exit) { Regions = ["FR"] })).Hash);
        await Assert.ThrowsAsync<ArgumentException>(() => _buyer.Services.FindAsync(new OfferFilter(ServiceKind.Exit) { Regions = [.. Enumerable.Range(0, 17).Select(i => $"A{(char)('A' + i)}")] }));
    }

    [Fact]
    public async Task A_withdrawn_offer_is_neither_found_nor_sold_nor_there_after_a_restart()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        Assert.True(await _provider.Services.WithdrawAsync(offer.Number));
        Assert.False(await _provider.Services.WithdrawAsync(offer.Number));
        Assert.Empty(await _buyer.Services.FindAsync(Exits));
        Assert.Equal(AgreementRefusal.UnknownOffer, (await _buyer.Services.AcceptAsync(offer, 3, Hour)).Refusal);
        await _provider.StopAsync();
        await _provider.StartAsync();
        Assert.Equal(AgreementRefusal.UnknownOffer, (await _buyer.Services.AcceptAsync(offer, 3, Hour)).Refusal);
        Assert.Empty(_buyer.Services.Pending);
    }

    [Fact]
    public async Task Announced_offers_are_renewed_at_half_of_their_life_and_the_ones_found_before_are_honoured()
    {
        var first = await _provider.Services.AnnounceAsync(Party.Draft());
        _clock.Advance(TimeSpan.FromHours(3));
        await Eventually.TrueAsync(() =>
        {
            // The loop may have begun to wait only after the clock was moved.
            _clock.Advance(TimeSpan.FromSeconds(20));
            return _board.Under(OfferPlaces.Of(first)[0]).Any(bytes => ServiceOffer.Decode(bytes.Span).Version > first.Version);
        });
        var renewed = Assert.Single(await _provider.Services.GetOffersAsync());
        Assert.True(renewed.Issued >= first.Issued.AddHours(3));
        Assert.Equal(TimeSpan.FromHours(6), renewed.Expires - renewed.Issued);
        Assert.NotNull((await _buyer.Services.AcceptAsync(first, 1, Hour)).Agreement);
        Assert.NotNull((await _buyer.Services.AcceptAsync(renewed, 1, Hour)).Agreement);
    }

    [Fact]
    public async Task Offers_that_cannot_be_good_are_not_proposed_to()
    {
        using var foreign = new Party(network: Party.Network + 1);
        using var local = new Party();
        var wrong = await Assert.ThrowsAsync<InvalidOfferException>(() => _buyer.Services.AcceptAsync(foreign.Offer(now: _clock.GetUtcNow()), 1, Hour));
        Assert.Equal(OfferFault.WrongNetwork, wrong.Fault);
        var expired = await _buyer.Services.AcceptAsync(local.Offer(now: _clock.GetUtcNow().AddHours(-6)), 1, Hour);
        Assert.Equal(AgreementRefusal.OfferExpired, expired.Refusal);
        var nobody = ServiceOffer.Sign(Party.Draft(), local.Device, [], null, 1, _clock.GetUtcNow());
        await Assert.ThrowsAsync<DialException>(() => _buyer.Services.AcceptAsync(nobody, 1, Hour));
        Assert.Empty(_buyer.Services.Pending);
    }

    [Fact]
    public async Task A_provider_refuses_what_is_malformed_or_not_the_peers_own_and_goes_on()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        using var stranger = new Party();
        Assert.Null(AgreementBid.TryBegin(offer, 3, Hour, new AgreementOptions(), stranger.Device, offer.Hash, _clock.GetUtcNow(), out var bid));
        Assert.Equal(AgreementRefusal.NotTheBuyer, await SayAsync(bid!.Proposal.Encode()));
        Assert.Equal(AgreementRefusal.Malformed, await SayAsync([1, 2, 3]));
        Assert.NotNull((await _buyer.Services.AcceptAsync(offer, 3, Hour)).Agreement);

        async Task<AgreementRefusal?> SayAsync(byte[] proposal)
        {
            var connection = await _buyer.Switch.DialAsync(offer.Addresses[0]);
            await using var stream = await connection.OpenStreamAsync(AgreementProtocol.Name);
            ProtobufFrame.Write(stream.Output, new Core.Discovery.Wire.ProposeMessage { Proposal = Google.Protobuf.ByteString.CopyFrom(proposal) });
            await stream.Output.FlushAsync();
            var answer = await ProtobufFrame.ReadAsync(stream.Input, Core.Discovery.Wire.AnswerMessage.Parser, AgreementProtocol.MaxMessageBytes);
            return AgreementProtocol.FromWire(answer!).Refusal;
        }
    }

    [Fact]
    public void Offers_of_one_kind_spread_over_all_buckets()
    {
        var many = Enumerable.Range(0, 200).Select(_ => new Party()).ToList();
        var buckets = many.GroupBy(party => Assert.Single(OfferPlaces.Of(party.Offer(d => d.Region = null)))).ToList();
        Assert.Equal(OfferPlaces.Of(ServiceKind.Exit, null).Order(), buckets.Select(bucket => bucket.Key).Order());
        Assert.True(buckets.Max(bucket => bucket.Count()) < 40);
        many.ForEach(party => party.Dispose());
    }

    [Fact]
    public void The_offers_of_one_device_have_a_bucket_each()
    {
        using var party = new Party();
        var keys = Enumerable.Range(0, 16).Select(i => OfferPlaces.Of(party.Offer(d => d.Number = (uint)i))[0]);
        Assert.Equal(16, keys.Distinct().Count());
    }

    [Fact]
    public async Task An_offer_that_the_board_does_not_take_is_sold_all_the_same_and_put_up_later()
    {
        _board.IsAway = true;
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        Assert.Empty(await _buyer.Services.FindAsync(Exits));
        Assert.NotNull((await _buyer.Services.AcceptAsync(offer, 1, Hour)).Agreement);
        _board.IsAway = false;
        await Eventually.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(20));
            return _board.Keys.Count == 2;
        });
        Assert.Equal(offer.Hash, Assert.Single(await _buyer.Services.FindAsync(Exits)).Hash);
    }

    [Fact]
    public async Task Nothing_is_bought_from_a_provider_that_the_buyer_has_no_dealings_with()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        _buyer.Trust.Block(_provider.Account);
        Assert.Equal(AgreementRefusal.Blocked, (await _buyer.Services.AcceptAsync(offer, 1, Hour)).Refusal);
    }

    [Fact]
    public async Task A_provider_that_has_moved_since_its_offer_is_found_by_its_overlay_address()
    {
        var nonce = Hash256.FromBytes(new byte[32]);
        var gone = Multiaddr.Parse("/ip4/127.0.0.1/tcp/1");
        var announced = await _provider.Services.AnnounceAsync(Party.Draft());
        await _provider.StopAsync();
        var moved = ServiceOffer.Sign(Party.Draft(), _provider.Device, [gone], nonce, announced.Version + 1, _clock.GetUtcNow());
        await File.WriteAllBytesAsync(Path.Combine(_provider.Folder, "service-offer-0"), moved.Encoded.ToArray());
        await _provider.StartAsync();

        await Assert.ThrowsAsync<DialException>(() => _buyer.Services.AcceptAsync(moved, 1, Hour));
        _board.Places[moved.Overlay!.Value] = [gone.WithPeer(moved.Peer)];
        await Assert.ThrowsAsync<DialException>(() => _buyer.Services.AcceptAsync(moved, 1, Hour));
        _board.Places[moved.Overlay.Value] = [announced.Addresses[0]];
        Assert.NotNull((await _buyer.Services.AcceptAsync(moved, 1, Hour)).Agreement);
    }

    [Fact]
    public async Task A_device_that_may_not_trade_is_told_so_before_anybody_else()
    {
        await using var holder = await Trader.StartAsync(_board, _clock, KeyScopes.Connect | KeyScopes.HoldData);
        var refused = await Assert.ThrowsAsync<InvalidOfferException>(() => holder.Services.AnnounceAsync(Party.Draft()));
        Assert.Equal(OfferFault.Scope, refused.Fault);
        Assert.Empty(_board.Keys);
        Assert.Empty(await holder.Services.GetOffersAsync());
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        Assert.Equal(AgreementRefusal.Scope, (await holder.Services.AcceptAsync(offer, 1, Hour)).Refusal);
        Assert.Empty(holder.Services.Pending);
    }

    [Fact]
    public async Task A_buyer_that_fell_between_keeping_the_agreement_and_letting_go_of_the_proposal_has_the_agreement_alone()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        var agreement = (await _buyer.Services.AcceptAsync(offer, 3, Hour)).GetAgreement();
        await _buyer.StopAsync();
        Assert.True(Agreement.TryDecode(agreement.Encode(), out var kept));
        var proposal = agreement.Encode().AsSpan(1 + 2 + offer.Encoded.Length)[..^Signature.LengthBytes];
        Assert.True(AgreementProposal.TryDecode(proposal, out var pending));
        await File.WriteAllBytesAsync(Path.Combine(_buyer.Folder, "agreement-pending-" + agreement.Terms.Nonce), new PendingAgreement(offer, pending).Encode());
        await File.WriteAllBytesAsync(Path.Combine(_buyer.Folder, "agreement-bought-" + offer.Hash + ".draft"), [1, 2, 3]);
        await _buyer.StartAsync();
        Assert.Empty(_buyer.Services.Pending);
        Assert.Equal(kept.Hash, Assert.Single(_buyer.Services.Bought).Hash);
    }

    [Fact]
    public async Task A_peer_that_asks_too_much_at_once_is_told_to_wait_and_others_are_served()
    {
        var slow = new SlowTrust();
        await using var provider = await Trader.StartAsync(_board, _clock);
        await provider.StopAsync();
        provider.Policy = slow;
        await provider.StartAsync();
        var offer = await provider.Services.AnnounceAsync(Party.Draft(d => d.Capacity = 100));
        slow.Held = _buyer.Account;
        var asked = Enumerable.Range(0, 20).Select(_ => _buyer.Services.AcceptAsync(offer, 1, Hour)).ToList();
        await Eventually.TrueAsync(() => asked.Count(one => one.IsCompleted) == 4);
        Assert.All(asked.Where(one => one.IsCompleted), one => Assert.Equal(AgreementRefusal.Busy, one.Result.Refusal));
        Assert.NotNull((await _provider.Services.AcceptAsync(offer, 1, Hour)).Agreement);
        slow.Release();
        Assert.Equal(16, (await Task.WhenAll(asked)).Count(result => result.Agreement is not null));
    }

    [Fact]
    public async Task After_disposal_nothing_is_sold()
    {
        var offer = await _provider.Services.AnnounceAsync(Party.Draft());
        await _provider.Services.DisposeAsync();
        await Assert.ThrowsAsync<PeerRefusedException>(() => _buyer.Services.AcceptAsync(offer, 1, Hour));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _provider.Services.WithdrawAsync(0));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _provider.Services.AnnounceAsync(Party.Draft()));
        Assert.Empty(_buyer.Services.Pending);
    }

    /// <summary>Thinks long about one account.</summary>
    private sealed class SlowTrust : ITrustPolicy
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public AccountAddress? Held { get; set; }

        public void Release() => _released.SetResult();

        public async ValueTask<TrustVerdict> JudgeAsync(AccountAddress account, CancellationToken cancellationToken = default)
        {
            if (account == Held)
            {
                await _released.Task.WaitAsync(cancellationToken);
            }

            return new TrustVerdict(false, Reputation.Unknown);
        }
    }
}
