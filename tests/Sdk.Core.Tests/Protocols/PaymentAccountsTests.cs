using System.Threading.Channels;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;
using Sdk.Core.Protocols;
using Sdk.Core.Tests.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Tests.Protocols;

/// <summary>Nodes that serve and pay each other over real streams, on an embedded ledger.</summary>
public sealed class PaymentAccountsTests
{
    private static readonly ChequeService Service = new(1_000);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_user_pays_unasked_from_half_of_the_threshold_on_and_the_provider_has_the_money(bool isTcp)
    {
        await using var town = new PaymentTown(isTcp);
        var provider = await town.StartAsync();
        var user = await town.StartAsync(deposit: 5_000_000);
        var notices = Listen(provider);
        var atUser = await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);

        for (var i = 0; i < 5; i++)
        {
            Assert.Null(atUser.TryReservePurchase(Service, 100, out var purchase));
            await atProvider.ChargeAsync(Service, 100);
            purchase.Apply();
        }

        await NoticeAsync(notices, PaymentNoticeKind.ChequeReceived, 500_000);
        await UntilAsync(async () => (await town.BookAsync(user, provider)).PaidOut == 500_000);
        Assert.Equal((TokenAmount.Zero, TokenAmount.Zero), (atProvider.Owed, atUser.Debt));
        Assert.Equal((TokenAmount)500_000, (await town.Ledger.Module<VaultContract>().DepositOfAsync(provider.Account)).Amount);
    }

    [Fact]
    public async Task An_invoice_is_answered_by_a_cheque()
    {
        await using var town = new PaymentTown(isTcp: false);
        var provider = await town.StartAsync();
        var user = await town.StartAsync(deposit: 5_000_000, options => options.Payments.UpkeepInterval = TimeSpan.FromHours(1));
        var notices = Listen(provider);
        var atUser = await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);

        // The user's own book lags: it has booked less than what would make it pay unasked.
        Use(atUser, 400);
        await atProvider.ChargeAsync(Service, 750);

        await NoticeAsync(notices, PaymentNoticeKind.InvoiceSent, 750_000);
        await NoticeAsync(notices, PaymentNoticeKind.ChequeReceived, 650_000);
    }

    [Fact]
    public async Task What_a_node_owes_it_can_pay_at_once()
    {
        await using var town = new PaymentTown(isTcp: false);
        var provider = await town.StartAsync();
        var user = await town.StartAsync(deposit: 5_000_000);
        var atUser = await PaymentTown.OpenAsync(user, provider);
        Use(atUser, 3);

        Assert.Equal((TokenAmount)3_000, await atUser.PayAsync());
        Assert.Equal(TokenAmount.Zero, await atUser.PayAsync());
        await UntilAsync(async () => (await town.BookAsync(user, provider)).PaidOut == 3_000);
    }

    [Fact]
    public async Task Beyond_the_threshold_nothing_is_charged()
    {
        await using var town = new PaymentTown(isTcp: false);
        var provider = await town.StartAsync();
        var user = await town.StartAsync();
        var notices = Listen(provider);
        await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);
        await atProvider.ChargeAsync(Service, 1_000);

        var refused = await Assert.ThrowsAsync<PaymentRefusedException>(() => atProvider.ChargeAsync(Service, 1).AsTask());

        Assert.Equal(PaymentRefusal.Threshold, refused.Refusal);
        Assert.Equal((TokenAmount)1_000_000, atProvider.Owed);
        await NoticeAsync(notices, PaymentNoticeKind.LimitNear, 1_000_000);
    }

    [Fact]
    public async Task A_cheque_without_cover_is_not_taken()
    {
        await using var town = new PaymentTown(isTcp: false);
        var provider = await town.StartAsync();
        var user = await town.StartAsync(deposit: 100_000);
        var atUser = await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);
        await atProvider.ChargeAsync(Service, 90);
        Use(atUser, 90);
        await town.Ledger.Module<VaultContract>().RequestWithdrawalAsync(50_000, user.AccountKey);

        // Its own books know of the withdrawal only at the next upkeep; either way no cheque counts.
        user.Payments.Books.Deposited(100_000);
        await atUser.PayAsync();
        await Task.WhenAny(UntilAsync(() => Task.FromResult(atProvider.Owed.IsZero)), Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));

        Assert.Equal((TokenAmount)90_000, atProvider.Owed);
        Assert.Equal(default, await town.BookAsync(user, provider));
    }

    [Fact]
    public async Task A_cheque_that_bounces_is_on_the_ledger_and_ends_service_until_it_is_made_good()
    {
        await using var town = new PaymentTown(isTcp: false);
        var clock = new ManualTimeProvider();
        var first = await town.StartAsync(configure: options => (options.TimeProvider, options.Payments.UpkeepInterval) = (clock, TimeSpan.FromDays(1)));
        var second = await town.StartAsync(configure: options => (options.TimeProvider, options.Payments.UpkeepInterval) = (clock, TimeSpan.FromMinutes(1)));
        var user = await town.StartAsync(deposit: 600_000, options => (options.TimeProvider, options.Payments.UpkeepInterval) = (clock, TimeSpan.FromDays(1)));
        var notices = Listen(second);
        var toFirst = await PaymentTown.OpenAsync(user, first);
        var atFirst = await AccountAsync(first, user);
        await atFirst.ChargeAsync(Service, 500);
        Use(toFirst, 500);
        await UntilAsync(() => Task.FromResult(atFirst.Owed.IsZero));

        // One deposit seems to cover two, to a user that does not count.
        user.Payments.Books.Deposited(5_000_000);
        var toSecond = await PaymentTown.OpenAsync(user, second);
        var atSecond = await AccountAsync(second, user);
        await atSecond.ChargeAsync(Service, 400);
        Use(toSecond, 400);
        await toSecond.PayAsync();
        await NoticeAsync(notices, PaymentNoticeKind.ChequeReceived, 400_000);
        var held = first.Payments.Books.HeldCheque(first.Payments.Books.Find(user.Account)!)!;
        await town.Ledger.Module<VaultContract>()
            .CashChequeAsync(first.Account, new VaultCheque(user.Account, held.Cheque.CumulativePayout, held.Signature), first.AccountKey);

        await UntilAsync(async () =>
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            return !(await town.BookAsync(user, second)).Missing.IsZero;
        });
        await NoticeAsync(notices, PaymentNoticeKind.ChequeBounced, 300_000);
        Assert.Equal(PaymentRefusal.Blocked, atSecond.TryReserveCharge(Service, 1, out _));
        Assert.Equal(new VaultBook(100_000, 0, 300_000), await town.BookAsync(user, second));

        await town.DepositAsync(user, 300_000);
        await UntilAsync(async () =>
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            return (await town.BookAsync(user, second)).Missing.IsZero;
        });
        await NoticeAsync(notices, PaymentNoticeKind.BounceCleared, 300_000);
        Assert.Null(atSecond.TryReserveCharge(Service, 1, out _));
    }

    [Fact]
    public async Task Shares_of_author_and_platform_are_paid_by_cheque()
    {
        await using var town = new PaymentTown(isTcp: false);
        var author = await town.StartAsync();
        var provider = await town.StartAsync(deposit: 1_000_000);
        var user = await town.StartAsync(deposit: 1_000_000);
        var service = new ChequeService(1_000, new PaymentShare(author.Account, 500));
        await PaymentTown.OpenAsync(provider, author);
        var atUser = await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);
        await atProvider.ChargeAsync(service, 600);
        Use(atUser, 600);

        await UntilAsync(async () =>
        {
            if (provider.Payments.Find(author.Account) is { } account)
            {
                await account.PayAsync();
            }

            return (await town.BookAsync(provider, author)).PaidOut == 30_000;
        });
    }

    [Fact]
    public async Task A_blocked_peer_gets_no_account()
    {
        await using var town = new PaymentTown(isTcp: false);
        var user = await town.StartAsync();
        var trust = new LocalTrustPolicy();
        trust.Block(user.Account);
        var provider = await town.StartAsync(configure: options => options.Trust = trust);

        await Assert.ThrowsAsync<StreamResetException>(() => PaymentTown.OpenAsync(user, provider));
        Assert.Null(provider.Payments.Find(user.Account));
    }

    [Fact]
    public async Task Who_falls_below_every_band_is_lent_nothing_more()
    {
        await using var town = new PaymentTown(isTcp: false);
        var trust = new LocalTrustPolicy();
        var provider = await town.StartAsync(configure: options => options.Trust = trust);
        var user = await town.StartAsync();
        await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);
        await atProvider.ChargeAsync(Service, 1);

        trust.SetScore(user.Account, 50);

        await UntilAsync(() => Task.FromResult(atProvider.TryReserveCharge(Service, 1, out var reservation) is { } || Release(reservation)));
    }

    [Fact]
    public async Task Nodes_on_different_ledgers_have_no_account()
    {
        await using var town = new PaymentTown(isTcp: true);
        await using var abroad = new PaymentTown(isTcp: true);
        var user = await town.StartAsync();
        var provider = await abroad.StartAsync();

        await Assert.ThrowsAsync<StreamResetException>(() => PaymentTown.OpenAsync(user, provider));
    }

    [Fact]
    public async Task A_node_has_no_account_with_itself_and_an_account_survives_a_new_connection()
    {
        await using var town = new PaymentTown(isTcp: false);
        var provider = await town.StartAsync();
        var user = await town.StartAsync(deposit: 5_000_000);
        await PaymentTown.OpenAsync(user, provider);
        var atProvider = await AccountAsync(provider, user);
        await atProvider.ChargeAsync(Service, 10);
        await user.Switch.Connections.Single().DisposeAsync();
        await UntilAsync(() => Task.FromResult(!atProvider.IsConnected));

        await PaymentTown.OpenAsync(user, provider);

        await UntilAsync(() => Task.FromResult(atProvider.IsConnected));
        Assert.Equal((TokenAmount)10_000, atProvider.Owed);
    }

    private static void Use(PaymentAccount account, ulong units)
    {
        Assert.Null(account.TryReservePurchase(Service, units, out var purchase));
        purchase.Apply();
    }

    private static bool Release(ServiceReservation reservation)
    {
        reservation.Release();
        return false;
    }

    private static async Task<PaymentAccount> AccountAsync(Node node, Node peer)
    {
        await UntilAsync(() => Task.FromResult(node.Payments.Find(peer.Account)?.IsConnected == true));
        return node.Payments.Find(peer.Account)!;
    }

    private static ChannelReader<PaymentNotice> Listen(Node node)
    {
        var notices = Channel.CreateUnbounded<PaymentNotice>();
        node.Payments.Noticed += notice => notices.Writer.TryWrite(notice);
        return notices.Reader;
    }

    private static async Task NoticeAsync(ChannelReader<PaymentNotice> notices, PaymentNoticeKind kind, ulong amount)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await notices.ReadAsync(limit.Token) is { } notice)
        {
            if (notice.Kind == kind)
            {
                Assert.Equal((TokenAmount)amount, notice.Amount);
                return;
            }
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
