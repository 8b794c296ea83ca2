using Sdk.Core;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.Token;
using Sdk.Core.Ledger.Modules.Vault;
using Sdk.Core.Payments;
using Sdk.Core.Protocols;

namespace Sdk.ReferenceNode.Pay;

/// <summary>
/// Nodes with throw-away keys in this process, on loopback TCP. The provider keeps the ledger, as the first node of a machine does; customers
/// use it over loopback, open an account with the provider, and are served until all is done or the provider lends no more.
/// </summary>
internal sealed class TrialPayments : IAsyncDisposable
{
    private const int Services = 40;
    private const int ServicesOnCredit = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TokenAmount Threshold = TokenAmount.ParseTokens("0.001");
    private static readonly TokenAmount Price = TokenAmount.ParseTokens("0.0001");
    private static readonly ChequeService Service = new(Price);

    private readonly List<Node> _nodes = [];

    private Node Provider => _nodes[0];

    public async Task RunAsync(PayReport report, CancellationToken cancellationToken)
    {
        var options = Options();
        options.Ledger = LedgerOptions.Embedded();
        _nodes.Add(await Node.StartAsync(options, cancellationToken));
        _ = Provider.Payments;
        (report.ChainId, report.Threshold, report.Price) = (Provider.Ledger.ChainId, Threshold.ToTokenString(), Price.ToTokenString());

        report.Customers.Add(await ServeAsync("has a deposit", TokenAmount.OneToken, cancellationToken));
        report.Customers.Add(await ServeAsync("has none", TokenAmount.Zero, cancellationToken));

        var vault = Provider.Ledger.Module<VaultContract>();
        var earned = (await vault.DepositOfAsync(Provider.Account, cancellationToken: cancellationToken)).Amount;
        var held = await Provider.Ledger.Module<TokenContract>().BalanceAsync(vault.Address, cancellationToken: cancellationToken);
        report.ProviderDeposit = earned.ToTokenString();
        report.Ok = report.Customers.All(one => one.IsAsExpected) && earned == Price * Services && held == TokenAmount.OneToken;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Enumerable.Reverse(_nodes))
        {
            await node.DisposeAsync();
        }
    }

    /// <summary>Strangers are lent the threshold, and nothing is free.</summary>
    private static NodeOptions Options()
    {
        var options = NodeOptions.Local();
        options.Payments.Bands.Clear();
        options.Payments.Bands.Add(new PaymentBand(0, Threshold, 0));
        options.Payments.UpkeepInterval = TimeSpan.FromMilliseconds(100);
        return options;
    }

    private async Task<CustomerView> ServeAsync(string who, TokenAmount deposit, CancellationToken cancellationToken)
    {
        var customer = await StartCustomerAsync(deposit, cancellationToken);
        var cheques = 0;
        void Count(PaymentNotice notice) => cheques += notice.Kind == PaymentNoticeKind.ChequeReceived && notice.Peer == customer.Account ? 1 : 0;
        Provider.Payments.Noticed += Count;
        var atCustomer = await customer.Payments.OpenAsync(await customer.Switch.DialAsync(Provider.Addresses[0], cancellationToken), cancellationToken);
        await UntilAsync(() => Task.FromResult(Provider.Payments.Find(customer.Account) is not null), cancellationToken);
        var atProvider = Provider.Payments.Find(customer.Account)!;

        var (served, refusal) = (0, (PaymentRefusal?)null);
        while (served < Services && refusal is null)
        {
            refusal = await ServeOnceAsync(atProvider, atCustomer, mayWait: !deposit.IsZero, cancellationToken);
            served += refusal is null ? 1 : 0;
        }

        var vault = Provider.Ledger.Module<VaultContract>();
        if (!deposit.IsZero)
        {
            await atCustomer.PayAsync(cancellationToken);
            await UntilAsync(async () => await PaidAsync() == Price * Services, cancellationToken);
        }

        Provider.Payments.Noticed -= Count;
        var (paid, owed) = (await PaidAsync(), atProvider.Owed);
        var isAsExpected = deposit.IsZero
            ? served == ServicesOnCredit && refusal == PaymentRefusal.Threshold && paid.IsZero && owed == Threshold
            : served == Services && refusal is null && paid == Price * Services && owed.IsZero;
        return new CustomerView(who, deposit.ToTokenString(), served, refusal?.ToString(), cheques, paid.ToTokenString(), owed.ToTokenString(), isAsExpected);

        async Task<TokenAmount> PaidAsync() => (await vault.BookOfAsync(customer.Account, Provider.Account, cancellationToken: cancellationToken)).PaidOut;
    }

    // One service: both sides book it. A customer that pays is worth waiting for until its cheque has come.
    private static async Task<PaymentRefusal?> ServeOnceAsync(PaymentAccount atProvider, PaymentAccount atCustomer, bool mayWait, CancellationToken cancellationToken)
    {
        PaymentRefusal? refusal = null;
        ServiceReservation charge = default;
        if (mayWait)
        {
            await UntilAsync(() => Task.FromResult(atProvider.TryReserveCharge(Service, 1, out charge) is null), cancellationToken);
        }
        else
        {
            refusal = atProvider.TryReserveCharge(Service, 1, out charge);
        }

        if (refusal is null)
        {
            if (atCustomer.TryReservePurchase(Service, 1, out var purchase) is null)
            {
                purchase.Apply();
            }

            charge.Apply();
        }

        return refusal;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), either.Token);
        }
    }

    private async Task<Node> StartCustomerAsync(TokenAmount deposit, CancellationToken cancellationToken)
    {
        var options = Options();
        options.Ledger = LedgerOptions.Of(Provider.Addresses[0]);
        var customer = await Node.StartAsync(options, cancellationToken);
        _nodes.Add(customer);
        if (!deposit.IsZero)
        {
            await Provider.Ledger.Module<TokenContract>().TransferAsync(customer.Account, deposit, Provider.AccountKey, cancellationToken);
            await customer.Payments.DepositAsync(deposit, cancellationToken);
        }

        return customer;
    }
}
