using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;

namespace Sdk.Core.Tests.Payments;

public sealed class AccountingTests : IDisposable
{
    private readonly KeyPair _peerKey = KeyPair.GenerateTestOnly();
    private readonly Bookkeeper _us = new();
    private readonly PeerSheet _peer;

    public AccountingTests() => _peer = _us.Open(_peerKey.Address);

    public void Dispose()
    {
        _us.Dispose();
        _peerKey.Dispose();
    }

    [Fact]
    public void Services_under_way_do_not_overspend_together()
    {
        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 600, _us.Now, out var first));
        Assert.Equal(ReserveResult.Threshold, _us.Books.ReserveEarning(_peer, 600, _us.Now, out _));
        _us.Books.Release(first, _us.Now);

        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 600, _us.Now, out _));
    }

    [Fact]
    public void We_do_not_overspend_what_a_peer_lends_us()
    {
        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveSpending(_peer, 600, _us.Now, out _));

        Assert.Equal(ReserveResult.Threshold, _us.Books.ReserveSpending(_peer, 600, _us.Now, out _));
    }

    [Fact]
    public void A_reservation_is_used_once()
    {
        _us.Books.ReserveEarning(_peer, 1, _us.Now, out var reservation);
        _us.Books.ReserveEarning(_peer, 1, _us.Now, out _);
        _us.Books.Apply(reservation, _us.Now);

        Assert.Throws<InvalidOperationException>(() => _us.Books.Apply(reservation, _us.Now));
        Assert.Throws<InvalidOperationException>(() => _us.Books.Release(default, _us.Now));
        Assert.Equal(1, _peer.Balance);
    }

    [Fact]
    public void Mutual_debts_net_out()
    {
        _us.Earn(_peer, 700);
        _us.Spend(_peer, 500);

        Assert.Equal(200, _peer.Balance);
        Assert.Equal(default, _us.Send());
    }

    [Fact]
    public void Time_forgives_the_free_allowance_and_no_more()
    {
        _us.Earn(_peer, 100);

        _us.Now += TimeSpan.FromSeconds(3);
        _us.Earn(_peer, 1);
        Assert.Equal(71, _peer.Balance);

        _us.Now += TimeSpan.FromHours(1);
        _us.Earn(_peer, 1);
        Assert.Equal(1, _peer.Balance);
        Assert.Equal((UInt128)101, _peer.Forgiven);
    }

    [Fact]
    public void A_debtor_counts_on_nine_tenths_of_the_allowance()
    {
        _us.Spend(_peer, 100);

        _us.Now += TimeSpan.FromSeconds(3);
        _us.Spend(_peer, 1);

        Assert.Equal(-74, _peer.Balance);
    }

    [Fact]
    public void A_small_allowance_adds_up_over_many_short_times()
    {
        _us.Earn(_peer, 100);
        for (var i = 0; i < 1000; i++)
        {
            _us.Now += TimeSpan.FromMilliseconds(1);
            _us.Books.Settle(_us.Now);
            _us.Earn(_peer, 0);
        }

        Assert.Equal(90, _peer.Balance);
    }

    [Fact]
    public void A_creditor_asks_for_a_cheque_before_the_threshold()
    {
        _us.Earn(_peer, 749);
        Assert.Equal(default, _us.Send());

        _us.Earn(_peer, 1);

        var sent = _us.Send();
        Assert.Equal((Outgoing.Invoice, (UInt128)750), (sent.What, sent.InvoiceTarget));
        Assert.Contains(PaymentNoticeKind.InvoiceSent, _us.Events());
    }

    [Fact]
    public void A_debtor_pays_unasked_from_half_of_the_threshold_on()
    {
        _us.Spend(_peer, 499);
        Assert.Equal(default, _us.Send());

        _us.Spend(_peer, 1);

        var sent = _us.Send();
        Assert.Equal((Outgoing.Cheque, (UInt128)500), (sent.What, sent.Issued));
        Assert.Equal(0, _peer.Balance);
    }

    [Fact]
    public void What_the_peer_is_using_of_us_is_not_paid_but_offset()
    {
        _us.Books.ReserveEarning(_peer, 100, _us.Now, out _);
        _us.Spend(_peer, 650);

        Assert.Equal((UInt128)550, _us.Send().Issued);
    }

    [Fact]
    public void An_invoice_is_answered_by_a_cheque()
    {
        _us.Spend(_peer, 400);

        _us.Books.ReceiveInvoice(_peer, 400, _us.Now);

        Assert.Equal((UInt128)400, _us.Send().Issued);
    }

    [Fact]
    public void An_invoice_that_comes_twice_or_crosses_the_cheque_is_paid_once()
    {
        _us.Spend(_peer, 600);
        Assert.Equal((UInt128)600, _us.Send().Issued);

        _us.Books.ReceiveInvoice(_peer, 600, _us.Now);
        _us.Books.ReceiveInvoice(_peer, 600, _us.Now);

        var sent = _us.Send();
        Assert.Equal((Outgoing.Cheque, (UInt128)600), (sent.What, sent.Issued));
        Assert.Equal(0, _peer.Balance);
    }

    [Fact]
    public void An_invoice_beyond_our_book_is_followed_by_a_slack_and_no_further()
    {
        _us.Spend(_peer, 100);

        _us.Books.ReceiveInvoice(_peer, 10_000, _us.Now);
        _us.Books.ReceiveInvoice(_peer, 20_000, _us.Now);

        Assert.Equal((UInt128)350, _us.Send().Issued);
        Assert.Equal(250, _peer.Balance);
        Assert.Contains(PaymentNoticeKind.Overcharged, _us.Events());
    }

    [Fact]
    public void Time_does_not_forgive_money_that_was_paid_in_advance()
    {
        _us.Books.ReceiveInvoice(_peer, 250, _us.Now);
        Assert.Equal((UInt128)250, _us.Send().Issued);

        _us.Now += TimeSpan.FromHours(1);
        _us.Books.ReceiveInvoice(_peer, 500, _us.Now);
        Assert.Equal((UInt128)250, _us.Send().Issued);

        _us.Spend(_peer, 100);
        _us.Books.ReceiveInvoice(_peer, 500, _us.Now);
        Assert.Equal((UInt128)350, _us.Send().Issued);
    }

    [Fact]
    public void Money_is_not_given_back_for_cheques_that_were_not_cashed()
    {
        _us.Take(_peer, _peerKey, 1000);
        _us.Earn(_peer, 1000);
        _us.Take(_peer, _peerKey, 2000);

        _us.Books.ReceiveInvoice(_peer, 1000, _us.Now);
        Assert.Equal((UInt128)0, _us.Send().Issued);

        _us.Books.Cashed(_peer, 2000, 2000, _us.Now);
        _us.Books.ReceiveInvoice(_peer, 1000, _us.Now);
        Assert.Equal((UInt128)1000, _us.Send().Issued);
    }

    [Fact]
    public void Time_does_not_forgive_what_bounced()
    {
        _us.Earn(_peer, 800);
        _us.Take(_peer, _peerKey, 800);
        _us.Books.Cashed(_peer, 800, 300, _us.Now);

        _us.Now += TimeSpan.FromHours(1);
        _us.Books.Tick(_us.Now);
        _us.Books.Pay(_peer, _us.Now);

        Assert.Equal(500, _peer.Balance);
    }

    [Fact]
    public void Money_of_a_cheque_that_we_never_held_counts()
    {
        _us.Take(_peer, _peerKey, 300);

        _us.Books.Cashed(_peer, presented: 700, paid: 500, _us.Now);

        Assert.Equal(-500, _peer.Balance);
        Assert.Equal(((UInt128)0, (UInt128)0), (_peer.Unpresented, _peer.Bounced));
    }

    [Fact]
    public void A_bounced_cheque_is_presented_again_once_it_is_covered()
    {
        _us.Take(_peer, _peerKey, 800);
        _us.Books.Commit();
        _us.Books.Cashed(_peer, 800, 300, _us.Now);
        Assert.Empty(_us.Books.BeginCashing(costs: 1, max: 8, _us.Now));

        _us.Books.Covered(_peer, new ChequeCover(500, 0, 0, 300), _us.Now);

        Assert.Single(_us.Books.BeginCashing(costs: 1, max: 8, _us.Now));
    }

    [Fact]
    public void Cheques_that_the_peer_has_not_booked_count_as_debt_when_more_is_reserved()
    {
        _us.Spend(_peer, 900);
        _us.Send();
        Assert.Equal(ReserveResult.Threshold, _us.Books.ReserveSpending(_peer, 200, _us.Now, out _));

        Assert.True(_us.Books.ReceiveAcknowledgement(_peer, 900));

        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveSpending(_peer, 200, _us.Now, out _));
    }

    [Fact]
    public void An_acknowledgement_of_what_was_never_issued_is_refused() => Assert.False(_us.Books.ReceiveAcknowledgement(_peer, 1));

    [Fact]
    public void A_cheque_is_sent_again_until_it_is_acknowledged()
    {
        _us.Spend(_peer, 600);
        _us.Send();

        _us.Now += TimeSpan.FromSeconds(6);
        _us.Books.Tick(_us.Now);
        Assert.Equal((UInt128)600, _us.Send().Issued);

        _us.Books.ReceiveAcknowledgement(_peer, 600);
        _us.Now += TimeSpan.FromSeconds(6);
        _us.Books.Tick(_us.Now);
        Assert.Equal(default, _us.Send());
    }

    [Fact]
    public void A_cheque_never_exceeds_the_deposit()
    {
        _us.Books.Deposited(300);
        _us.Spend(_peer, 600);

        Assert.Equal((UInt128)300, _us.Send().Issued);
        Assert.Contains(PaymentNoticeKind.FundsMissing, _us.Events());
        _us.Books.ReceiveInvoice(_peer, 600, _us.Now);
        Assert.Equal((UInt128)300, _us.Send().Issued);
        Assert.Equal((UInt128)0, _us.Books.FreeFunds);
    }

    [Fact]
    public void What_a_peer_has_cashed_is_not_counted_against_the_deposit_twice()
    {
        _us.Books.Deposited(600);
        _us.Spend(_peer, 600);
        _us.Send();

        _us.Books.PaidToPeer(_peer, 600);
        _us.Books.Deposited(0);
        Assert.Equal((UInt128)0, _us.Books.FreeFunds);

        _us.Books.Deposited(50);
        Assert.Equal((UInt128)50, _us.Books.FreeFunds);
    }

    [Fact]
    public void A_cheque_is_credited_and_acknowledged()
    {
        _us.Earn(_peer, 500);

        Assert.Null(_us.Take(_peer, _peerKey, 500));

        Assert.Equal(0, _peer.Balance);
        var sent = _us.Send();
        Assert.Equal((Outgoing.Acknowledgement, (UInt128)500), (sent.What, sent.Received));
    }

    [Fact]
    public void A_cheque_without_cover_is_refused_and_nothing_is_booked()
    {
        _us.Earn(_peer, 500);

        Assert.Equal(ChequeFault.NoCover, _us.Take(_peer, _peerKey, 500, cover: 499));

        Assert.Equal(500, _peer.Balance);
        Assert.Equal((UInt128)0, _peer.Received);
    }

    [Fact]
    public void A_replayed_cheque_is_refused_and_nothing_is_booked()
    {
        _us.Take(_peer, _peerKey, 500);

        Assert.Equal(ChequeFault.NotRising, _us.Take(_peer, _peerKey, 500));
        Assert.Equal(-500, _peer.Balance);
    }

    [Fact]
    public void More_than_is_owed_and_lent_in_return_is_not_taken() =>
        Assert.Equal(ChequeFault.TooLarge, _us.Take(_peer, _peerKey, 1001));

    [Fact]
    public void A_cheque_below_the_minimum_is_taken_only_where_less_is_owed()
    {
        _us.Earn(_peer, 10);
        Assert.Equal(ChequeFault.TooSmall, _us.Take(_peer, _peerKey, 1));

        Assert.Null(_us.Take(_peer, _peerKey, 2));
    }

    [Fact]
    public void Held_cheques_are_lent_money_until_they_are_cashed()
    {
        _us.Earn(_peer, 800);
        _us.Take(_peer, _peerKey, 800);
        Assert.Equal(ReserveResult.Threshold, _us.Books.ReserveEarning(_peer, 300, _us.Now, out _));

        _us.Books.Cashed(_peer, presented: 800, paid: 800, _us.Now);

        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 300, _us.Now, out _));
    }

    [Fact]
    public void A_hard_deposit_secures_the_cheques_that_it_covers()
    {
        _us.Earn(_peer, 800);
        _us.Take(_peer, _peerKey, 800, hard: 800);

        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 1000, _us.Now, out var reservation));

        // Its issuer may have taken it back meanwhile.
        _us.Books.Release(reservation, _us.Now);
        _us.Now += _us.Parameters.SecuredFor;
        Assert.Equal(ReserveResult.Threshold, _us.Books.ReserveEarning(_peer, 1000, _us.Now, out _));
    }

    [Fact]
    public void A_bounce_takes_the_credit_back_and_ends_service_until_it_is_made_good()
    {
        _us.Earn(_peer, 800);
        _us.Take(_peer, _peerKey, 800);

        _us.Books.Cashed(_peer, presented: 800, paid: 300, _us.Now);
        Assert.Equal(500, _peer.Balance);
        Assert.Equal(ReserveResult.Blocked, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));

        _us.Books.Cashed(_peer, presented: 800, paid: 800, _us.Now);
        Assert.Equal(0, _peer.Balance);
        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));
        Assert.Equal([PaymentNoticeKind.ChequeBounced, PaymentNoticeKind.BounceCleared], _us.Events().Where(kind => kind is PaymentNoticeKind.ChequeBounced or PaymentNoticeKind.BounceCleared));
    }

    [Fact]
    public void A_cheque_is_cashed_when_it_is_worth_the_cost_or_in_the_way_or_old()
    {
        _us.Earn(_peer, 500);
        _us.Take(_peer, _peerKey, 500);
        _us.Books.Commit();
        Assert.Empty(_us.Books.BeginCashing(costs: 11, max: 8, _us.Now));
        Assert.Single(_us.Books.BeginCashing(costs: 10, max: 8, _us.Now));
        _us.Books.CashingFailed([_peer]);

        Assert.Equal(ReserveResult.Threshold, _us.Books.ReserveEarning(_peer, 600, _us.Now, out _));
        Assert.Single(_us.Books.BeginCashing(costs: 11, max: 8, _us.Now));
        Assert.Empty(_us.Books.BeginCashing(costs: 11, max: 8, _us.Now));
        Assert.Equal(TokenAmount.FromBaseUnits(500), _us.Books.HeldCheque(_peer)!.Cheque.CumulativePayout);
    }

    [Fact]
    public void An_old_cheque_is_cashed_unless_that_costs_more()
    {
        _us.Take(_peer, _peerKey, 100);
        _us.Books.Commit();
        _us.Now += TimeSpan.FromDays(2);

        Assert.Empty(_us.Books.BeginCashing(costs: 100, max: 8, _us.Now));
        Assert.Single(_us.Books.BeginCashing(costs: 99, max: 8, _us.Now));
    }

    [Fact]
    public void Who_does_not_answer_an_invoice_in_time_is_late_and_gets_no_service_until_it_pays()
    {
        _us.Books.Lend(_peer, Bookkeeper.Terms with { RefreshPerSecond = 0 }, _us.Now);
        _us.Earn(_peer, 800);
        _us.Send();

        _us.Now += TimeSpan.FromSeconds(61);
        _us.Books.Tick(_us.Now);
        Assert.Contains(PaymentNoticeKind.PaymentLate, _us.Events());
        Assert.Equal(ReserveResult.Blocked, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));

        Assert.Null(_us.Take(_peer, _peerKey, 800));
        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));
    }

    [Theory]
    [InlineData(0, 226)]
    [InlineData(500, 230)]
    public void Aborted_services_end_in_a_block_that_grows_with_debt(ulong debt, int seconds)
    {
        _us.Earn(_peer, debt);
        while (_peer.BlockedUntilMs == 0)
        {
            Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 420, _us.Now, out var reservation));
            _us.Books.Release(reservation, _us.Now, isPeersFault: true);
        }

        Assert.InRange(_peer.BlockedUntilMs - _us.Now.ToUnixTimeMilliseconds(), seconds * 1000L, (seconds + 46) * 1000L);
        Assert.Equal(ReserveResult.Blocked, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));
        _us.Now += TimeSpan.FromSeconds(seconds + 46);
        Assert.Equal(ReserveResult.Reserved, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));
    }

    [Fact]
    public void A_peer_whose_band_falls_far_below_its_debt_is_cut_off()
    {
        _us.Earn(_peer, 700);

        _us.Books.Lend(_peer, new PeerTerms(500, 10), _us.Now);

        Assert.Contains(PaymentNoticeKind.Blocked, _us.Events());
        Assert.Equal(ReserveResult.Blocked, _us.Books.ReserveEarning(_peer, 1, _us.Now, out _));
    }

    [Fact]
    public void Authors_and_platforms_get_their_shares_when_the_peer_has_paid()
    {
        using var author = KeyPair.GenerateTestOnly();
        using var platform = KeyPair.GenerateTestOnly();
        var shares = new ServiceShares(new PaymentShare(author.Address, 1000), new PaymentShare(platform.Address, 250));
        _us.Books.ReserveEarning(_peer, 800, _us.Now, out var reservation, shares);
        _us.Books.Apply(reservation, _us.Now);
        _us.Take(_peer, _peerKey, 800);
        Assert.Null(_us.Books.Find(author.Address));

        _us.Books.Cashed(_peer, 800, 200, _us.Now);
        Assert.Equal(-20, _us.Books.Find(author.Address)!.Balance);

        _us.Books.Cashed(_peer, 800, 800, _us.Now);
        _us.Books.Settle(_us.Now);
        Assert.Equal((UInt128)80, _us.Books.Find(author.Address)!.Issued);
        Assert.Equal((UInt128)20, _us.Books.Find(platform.Address)!.Issued);
    }

    [Fact]
    public void Shares_of_more_than_the_whole_are_refused() =>
        Assert.Throws<ArgumentException>(() => new ServiceShares(new PaymentShare(_peerKey.Address, 6000), new PaymentShare(_peerKey.Address, 4001)));

    [Fact]
    public void Full_books_take_no_more_peers()
    {
        for (var i = 1; i < _us.Parameters.MaxPeers; i++)
        {
            Assert.NotNull(_us.Books.OpenPeer(AccountAddress.FromBytes([.. new byte[19], (byte)i]), _us.Now));
        }

        Assert.Null(_us.Books.OpenPeer(AccountAddress.FromBytes(new byte[20]), _us.Now));
        Assert.Same(_peer, _us.Books.OpenPeer(_peerKey.Address, _us.Now));
    }
}
