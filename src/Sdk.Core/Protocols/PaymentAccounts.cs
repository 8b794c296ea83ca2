using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;
using Sdk.Core.Payments;
using Sdk.Core.Persistence;
using Sdk.Core.Trust;

namespace Sdk.Core.Protocols;

/// <summary>
/// Accounts with peers for services paid by cheques: what each owes the other, settled by cheques on the network's vault and cashed on the
/// ledger. Thread-safe.
/// </summary>
/// <remarks>
/// With a data directory the books survive the node, crashes too. One device of an account keeps books: two would issue cheques that do
/// not know of each other. <see cref="Noticed"/> is raised on a thread of the node's; a handler that throws is logged.
/// </remarks>
public sealed partial class PaymentAccounts : IAsyncDisposable
{
    private const string LogName = "payments.log";
    private const string SnapshotName = "payments.snapshot";

    private readonly Switch _network;
    private readonly DeviceIdentity _device;
    private readonly KeyPair _account;
    private readonly ITrustPolicy _trust;
    private readonly PaymentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ChequeDesk _desk;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountAddress, PaymentSession> _sessions = [];
    private readonly Task _committing;
    private readonly Task _upkeep;
    private TaskCompletionSource _nextCommit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isDisposed;

    internal PaymentAccounts(
        Switch network, DeviceIdentity device, KeyPair account, ILedger ledger, ITrustPolicy trust, DataDirectory? directory, PaymentOptions options, TimeProvider time)
    {
        options.Validate();
        (_network, _device, _account, _trust, _options, _time) = (network, device, account, trust, options, time);
        _logger = network.LoggerFactory.CreateLogger(typeof(PaymentAccounts).FullName!);
        _desk = new ChequeDesk(ledger, account);
        var parameters = new AccountingParameters(_desk.Domain, account.Address) { InvoiceDeadline = options.InvoiceDeadline, CashDeadline = options.CashDeadline };
        Books = directory is null
            ? Accounting.OpenInMemory(parameters)
            : Accounting.Open(parameters, directory.OpenFile(LogName), directory.OpenFile(SnapshotName));
        network.Register(new PaymentProtocol(this));
        _committing = Task.Run(CommitAllAsync);
        _upkeep = Task.Run(UpkeepAsync);
    }

    /// <summary>An invoice, a cheque, a bounce, a limit that is near, and the like.</summary>
    public event Action<PaymentNotice>? Noticed;

    /// <summary>What of this node's deposit no cheque hangs on yet, as the ledger said last.</summary>
    public TokenAmount FreeFunds => TokenAmount.FromBaseUnits(Books.FreeFunds);

    internal Accounting Books { get; }

    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Opens an account with the peer of a connection, or takes up the one there is: both sides say who they are and on what terms they lend.</summary>
    /// <exception cref="PaymentRefusedException">The peer uses another ledger or vault, is not who it says, or is blocked.</exception>
    /// <exception cref="PeerRefusedException">The peer does not speak the protocol.</exception>
    /// <exception cref="ProtocolViolationException">What the peer says is none of the protocol.</exception>
    /// <exception cref="StreamResetException">The peer does not answer, or refuses.</exception>
    public async Task<PaymentAccount> OpenAsync(Connection connection, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        var stream = await connection.OpenStreamAsync(PaymentProtocol.Name, cancellationToken).ConfigureAwait(false);
        PaymentSession session;
        try
        {
            session = await AnnounceAsync(stream, isOpener: true, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            stream.Reset();
            throw;
        }

        _ = Task.Run(() => ConverseToEndAsync(session), CancellationToken.None);
        return new PaymentAccount(this, session.Sheet);
    }

    /// <summary>The account with a peer; null where there was never one.</summary>
    public PaymentAccount? Find(AccountAddress peer) => Books.Find(peer) is { } sheet ? new PaymentAccount(this, sheet) : null;

    /// <summary>Moves tokens into this node's deposit in the vault, by a permit; it can be drawn on once that is final.</summary>
    /// <exception cref="LedgerRevertException">The account has not so many tokens.</exception>
    /// <exception cref="LedgerException">The ledger does not answer.</exception>
    public async Task DepositAsync(TokenAmount amount, CancellationToken cancellationToken = default)
    {
        await _desk.DepositAsync(amount, Now, cancellationToken).ConfigureAwait(false);
        await _desk.ReadFundsAsync(Books, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until all that was applied before this call is durable. Callers share one write.</summary>
    /// <exception cref="StoreFailedException">The books cannot be written; the node must be restarted.</exception>
    public Task CommitAsync()
    {
        lock (_gate)
        {
            var next = _nextCommit.Task;
            Wake();
            return next;
        }
    }

    /// <summary>Stops, and makes durable what was booked.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_committing, _upkeep).ConfigureAwait(false);
        try
        {
            Books.Commit();
        }
        finally
        {
            Books.Dispose();
        }
    }

    internal void Wake() => _wake.Writer.TryWrite(true);

    [SuppressMessage("Design", "CA1031", Justification = "Whoever waits for the commit gets the error; without the books nothing more is charged.")]
    private async Task CommitAllAsync()
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync(_stopping.Token).ConfigureAwait(false))
            {
                _wake.Reader.TryRead(out _);
                TaskCompletionSource done;
                lock (_gate)
                {
                    done = _nextCommit;
                    _nextCommit = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                try
                {
                    Books.Settle(Now);
                    Books.Commit();
                    done.SetResult();
                }
                catch (Exception error)
                {
                    PaymentLog.BooksFailed(_logger, error);
                    done.SetException(error);
                    _ = done.Task.Exception; // Seen: it was logged, and perhaps nobody waits.
                    continue;
                }

                SendAll();
                Notice();
            }
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                _nextCommit.TrySetException(new ObjectDisposedException(nameof(PaymentAccounts)));
                _ = _nextCommit.Task.Exception;
            }
        }
    }

    /// <summary>Hands what is durable to the streams; what finds none is sent again when the peer comes back.</summary>
    private void SendAll()
    {
        while (Books.TryTakeOutgoing(out var messages))
        {
            PaymentSession? session;
            lock (_gate)
            {
                _sessions.TryGetValue(messages.Sheet.Account, out session);
            }

            if (session is null)
            {
                continue;
            }

            if (messages.What.HasFlag(Outgoing.Cheque) && messages.Issued > 0)
            {
                session.SendCheque(Books.Sign(messages, _account));
            }

            if (messages.What.HasFlag(Outgoing.Acknowledgement))
            {
                session.SendAcknowledgement(messages.Received);
            }

            if (messages.What.HasFlag(Outgoing.Invoice) && messages.InvoiceTarget > 0)
            {
                session.SendInvoice(messages.InvoiceTarget);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A handler's error is its own: it is logged, and payments go on.")]
    private void Notice()
    {
        while (Books.TryTakeEvent(out var happened))
        {
            var notice = new PaymentNotice(happened.Kind, happened.Sheet.Account, TokenAmount.FromBaseUnits(happened.Amount));
            PaymentLog.Noticed(_logger, notice.Kind, notice.Peer, notice.Amount);
            try
            {
                Noticed?.Invoke(notice);
            }
            catch (Exception error)
            {
                PaymentLog.HandlerFailed(_logger, error);
            }
        }
    }

    private async Task UpkeepAsync()
    {
        using var timer = new PeriodicTimer(_options.UpkeepInterval, _time);
        try
        {
            do
            {
                await KeepUpAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task KeepUpAsync()
    {
        Books.Tick(Now);
        try
        {
            await JudgeAgainAsync().ConfigureAwait(false);
            await _desk.ReadFundsAsync(Books, _stopping.Token).ConfigureAwait(false);
            await _desk.LookAtBouncesAsync(Books, Now, _stopping.Token).ConfigureAwait(false);
            var cost = _options.CashCost.TryToBaseUnits(out var baseUnits) ? baseUnits : UInt128.MaxValue;
            await _desk.CashAsync(Books, cost, _time, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SdkException)
        {
            PaymentLog.LedgerFailed(_logger, error);
        }

        Wake();
    }
}
