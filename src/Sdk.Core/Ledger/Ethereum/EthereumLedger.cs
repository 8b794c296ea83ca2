using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Modules;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// A ledger on any EVM chain, through a node's JSON-RPC. The node is not trusted further than it must be: the chain's id is compared, a
/// receipt counts only while the block that it names is in the chain and holds the transaction, and a node that contradicts itself is named
/// (<see cref="LedgerFailure.Untrustworthy"/>) before anything is booked. What one node alone claims consistently is believed.
/// </summary>
/// <remarks>
/// Thread-safe. Nonces of one key are given out one after another, so a key must not sign elsewhere at the same time. Operations under way
/// are looked after until they are final: replaced with a higher fee where they are stuck, sent again where they were dropped.
/// </remarks>
public sealed class EthereumLedger : ILedger
{
    /// <summary>A fifth more than the estimate: state may change until the call runs.</summary>
    private const ulong GasMarginNumerator = 6;

    private const ulong GasMarginDenominator = 5;

    /// <summary>How often a nonce is looked up anew where another transaction was faster.</summary>
    private const int NonceAttempts = 3;

    private readonly EthereumLedgerOptions _options;
    private readonly EthereumNode _node;
    private readonly TransactionTracker _tracker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ContractCatalog _catalog = new();

    // One entry for each account that this process signs for: few, and each is asked for a key.
    private readonly ConcurrentDictionary<AccountAddress, SemaphoreSlim> _turns = new();
    private readonly bool _takesTestOnlyKeys;

    private EthereumLedger(EthereumLedgerOptions options, EthereumNode node, ulong chainId, TimeProvider time, ILogger logger)
    {
        (_options, _node, ChainId, _time, _logger) = (options, node, chainId, time, logger);
        _tracker = new TransactionTracker(node, options, time, logger);
        _takesTestOnlyKeys = options.AllowsTestOnlyKeys && options.Url!.IsLoopback && chainId == EthereumLedgerOptions.DevelopmentChainId;
    }

    /// <inheritdoc/>
    public ulong ChainId { get; }

    /// <inheritdoc/>
    public LedgerDeployment Deployment => _options.Deployment;

    /// <summary>Connects to a node, and compares the chain's id and the code of the contracts.</summary>
    /// <param name="options">How; must not change afterwards.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="loggerFactory">Where to log; null for nowhere.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is missing or out of its range.</exception>
    /// <exception cref="LedgerException">
    /// The node cannot be reached, has another chain (<see cref="LedgerFailure.WrongChain"/>), or another contract where one of
    /// <see cref="Deployment"/> should be (<see cref="LedgerFailure.UnknownModule"/>).
    /// </exception>
    public static Task<EthereumLedger> ConnectAsync(
        EthereumLedgerOptions options, TimeProvider? time = null, ILoggerFactory? loggerFactory = null, CancellationToken cancellationToken = default) =>
        ConnectAsync(options, time ?? TimeProvider.System, loggerFactory ?? NullLoggerFactory.Instance, handler: null, cancellationToken);

    /// <inheritdoc/>
    public T Module<T>()
        where T : IContract<T> => _catalog.Bind<T>(this);

    /// <inheritdoc/>
    public async ValueTask<LedgerReceipt> SubmitAsync(LedgerCall call, KeyPair signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var receipt = await RunAsync(new EthereumCall(signer.Address, call.To, call.Data, call.Value), signer, cancellationToken).ConfigureAwait(false);
        return receipt.ToLedgerReceipt();
    }

    /// <summary>Makes a contract, and waits until it is in a block.</summary>
    /// <param name="creationCode">The creation code, followed by the constructor's arguments.</param>
    /// <param name="signer">The account that makes it.</param>
    /// <param name="cancellationToken">Stops waiting; the contract may be made all the same.</param>
    /// <returns>Where the contract is.</returns>
    /// <exception cref="LedgerRevertException">The constructor refused.</exception>
    /// <exception cref="LedgerException">The ledger did not take it; the reason says whether that is certain.</exception>
    public async ValueTask<AccountAddress> DeployAsync(ReadOnlyMemory<byte> creationCode, KeyPair signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var receipt = await RunAsync(new EthereumCall(signer.Address, To: null, creationCode, default), signer, cancellationToken).ConfigureAwait(false);
        return receipt.Contract ?? throw EthereumJson.Wrong("a receipt names no contract where one was made");
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]> QueryAsync(
        LedgerCall call, AccountAddress caller = default, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var block = await BlockOfAsync(view, cancellationToken).ConfigureAwait(false);
        var answer = await _node.QueryAsync(new EthereumCall(caller, call.To, call.Data, call.Value), block, cancellationToken).ConfigureAwait(false);
        return EthereumJson.Bytes(ResultOf(answer));
    }

    /// <inheritdoc/>
    public async ValueTask<TokenAmount> BalanceAsync(AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var block = await BlockOfAsync(view, cancellationToken).ConfigureAwait(false);
        return await _node.BalanceAsync(account, block, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<LedgerHead> HeadAsync(CancellationToken cancellationToken = default)
    {
        var latest = await _node.LatestAsync(cancellationToken).ConfigureAwait(false);
        return new LedgerHead(latest.Number, latest.Hash, latest.Time, await _node.FinalNumberAsync(latest, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>How many transactions an account has, those that wait for a block included: the nonce of its next one.</summary>
    /// <exception cref="LedgerException">The node does not answer, or not credibly.</exception>
    public async ValueTask<ulong> NonceAsync(AccountAddress account, CancellationToken cancellationToken = default) =>
        await _node.PendingNonceAsync(account, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public IAsyncEnumerable<LedgerEvent> EventsAsync(LedgerEventFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return new EventFeed(_node, filter, _options, _time).ReadAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask FinalAsync(LedgerReceipt receipt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        if (_tracker.Find(receipt.Transaction) is not { } tracked)
        {
            await FinalUntrackedAsync(receipt, cancellationToken).ConfigureAwait(false);
            return;
        }

        var final = await tracked.Finality.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        CheckOutcome(final);
    }

    /// <summary>Stops looking after operations under way; who waits for one gets <see cref="LedgerFailure.Stopped"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _tracker.DisposeAsync().ConfigureAwait(false);
        _node.Dispose();
    }

    internal static async Task<EthereumLedger> ConnectAsync(
        EthereumLedgerOptions options, TimeProvider time, ILoggerFactory loggerFactory, HttpMessageHandler? handler, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var logger = loggerFactory.CreateLogger<EthereumLedger>();
        var node = new EthereumNode(new JsonRpcClient(options.Url!, options.AnswerBytesMax, options.RequestTimeout, time, handler), options.Confirmations);
        try
        {
            var chainId = await node.ChainIdAsync(cancellationToken).ConfigureAwait(false);
            if (options.ChainId is { } wanted && wanted != chainId)
            {
                throw new LedgerException(LedgerFailure.WrongChain, $"The node has chain {chainId}, not {wanted}.");
            }

            await CheckCodeAsync(node, options.Deployment, cancellationToken).ConfigureAwait(false);
            EthereumLedgerLog.Connected(logger, chainId);
            return new EthereumLedger(options, node, chainId, time, logger);
        }
        catch
        {
            node.Dispose();
            throw;
        }
    }

    /// <summary>That contracts of this package are what their sources compile to, and that the others are contracts at all.</summary>
    private static async Task CheckCodeAsync(EthereumNode node, LedgerDeployment deployment, CancellationToken cancellationToken)
    {
        foreach (var module in deployment.Modules)
        {
            var code = await node.CodeAsync(deployment[module], cancellationToken).ConfigureAwait(false);
            if (code.Length == 0 || (ContractArtifact.TryLoad(module) is { } artifact && !artifact.IsCodeOf(code)))
            {
                throw new LedgerException(LedgerFailure.UnknownModule, $"At {deployment[module]} is no contract '{module}', or another one.");
            }
        }
    }

    private static void CheckOutcome(EthereumReceipt final)
    {
        if (!final.IsSuccess)
        {
            throw new LedgerException(LedgerFailure.Reorganized, "A reorganisation took the operation back, and its contract refused it when it came again.");
        }
    }

    private JsonRpcAnswer ThrowIfReverted(JsonRpcAnswer answer) => answer.Error is { IsRevert: true } error ? throw _catalog.Revert(error.Data) : answer;

    private System.Text.Json.JsonElement ResultOf(JsonRpcAnswer answer) =>
        ThrowIfReverted(answer).Error is { } error ? throw EthereumNode.Refusal(error) : answer.Result;

    private async Task<ulong?> BlockOfAsync(LedgerView view, CancellationToken cancellationToken)
    {
        if (view == LedgerView.Latest)
        {
            return null;
        }

        var latest = await _node.LatestAsync(cancellationToken).ConfigureAwait(false);
        return await _node.FinalNumberAsync(latest, cancellationToken).ConfigureAwait(false);
    }

    private async Task<EthereumReceipt> RunAsync(EthereumCall call, KeyPair signer, CancellationToken cancellationToken)
    {
        if (signer.IsTestOnly && !_takesTestOnlyKeys)
        {
            throw new LedgerException(LedgerFailure.TestOnlyKey, $"The key of {signer.Address} is for tests only, and this is no development chain.");
        }

        var turn = _turns.GetOrAdd(signer.Address, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        TrackedTransaction tracked;
        try
        {
            tracked = await SendAsync(call, signer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }

        var receipt = await tracked.Inclusion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return receipt.IsSuccess ? receipt : throw await RevertOfAsync(call, receipt, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Signs a call under the next nonce, and sends it. Once it was sent, it is looked after, whatever the node answers.</summary>
    private async Task<TrackedTransaction> SendAsync(EthereumCall call, KeyPair signer, CancellationToken cancellationToken)
    {
        _tracker.CheckRoom();
        var estimate = EthereumJson.UInt64(ResultOf(await _node.EstimateGasAsync(call, cancellationToken).ConfigureAwait(false)));
        if (estimate > _options.GasLimitMax)
        {
            throw new LedgerException(LedgerFailure.TooLarge, $"The operation takes {estimate} gas, and {_options.GasLimitMax} is the most that may be used.");
        }

        var gasLimit = Math.Min(_options.GasLimitMax, estimate * GasMarginNumerator / GasMarginDenominator);
        var fee = await FeeAsync(cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            var transaction = new EthereumTransaction
            {
                ChainId = ChainId,
                Nonce = await NextNonceAsync(call.From, cancellationToken).ConfigureAwait(false),
                MaxFeePerGasWei = fee.MaxWei,
                MaxPriorityFeePerGasWei = fee.TipWei,
                GasLimit = gasLimit,
                To = call.To,
                ValueWei = call.ValueWei,
                Data = call.Data,
            }.Sign(signer);
            try
            {
                await OfferAsync(transaction).ConfigureAwait(false);
                var tracked = new TrackedTransaction(transaction, signer, call.From, fee, _time.GetTimestamp());
                EthereumLedgerLog.Sent(_logger, call.From, tracked.Hashes[0], tracked.Nonce);
                _tracker.Add(tracked);
                return tracked;
            }
            catch (LedgerException stale) when (stale.Reason == LedgerFailure.Nonce && attempt < NonceAttempts)
            {
                // Something else signs with this key, and was faster.
            }
        }
    }

    /// <summary>Sends a transaction for the first time.</summary>
    /// <exception cref="LedgerException">The node refused it: it is nowhere, and its nonce is free.</exception>
    private async Task OfferAsync(EthereumTransaction transaction)
    {
        try
        {
            // Not cancelled by who waits: whether it was sent would be unknown.
            var answer = await _node.SendAsync(transaction.Encode(), CancellationToken.None).ConfigureAwait(false);
            if (answer.Error is { } error && !error.Says("already known") && !error.Says("already imported"))
            {
                throw EthereumNode.Refusal(error);
            }
        }
        catch (LedgerException lost) when (lost.Reason is LedgerFailure.Unreachable or LedgerFailure.Untrustworthy or LedgerFailure.TooLarge)
        {
            // The node may have it. The tracker asks, and sends it again where it has not.
            EthereumLedgerLog.PollFailed(_logger, lost);
        }
    }

    private async Task<EthereumFee> FeeAsync(CancellationToken cancellationToken)
    {
        var latest = await _node.LatestAsync(cancellationToken).ConfigureAwait(false);
        var tip = await _node.SuggestedTipAsync(cancellationToken).ConfigureAwait(false);
        return EthereumFee.First(latest.BaseFeeWei, tip < _options.MaxTipPerGasWei ? tip : _options.MaxTipPerGasWei, _options.MaxFeePerGasWei);
    }

    /// <summary>The node's count, what waits included; or the nonce after those under way, which the node may have dropped for a moment.</summary>
    private async Task<ulong> NextNonceAsync(AccountAddress sender, CancellationToken cancellationToken)
    {
        var counted = await _node.PendingNonceAsync(sender, cancellationToken).ConfigureAwait(false);
        return Math.Max(counted, _tracker.NextNonce(sender) ?? 0);
    }

    /// <summary>
    /// Why a transaction was reverted: receipts do not say, so the call is run again, on the state before its block and on that after it,
    /// which other transactions of the block have changed. Where neither refuses it, the reason is lost.
    /// </summary>
    private async Task<LedgerRevertException> RevertOfAsync(EthereumCall call, EthereumReceipt receipt, CancellationToken cancellationToken)
    {
        var before = await _node.QueryAsync(call, receipt.BlockNumber - Math.Min(receipt.BlockNumber, 1), cancellationToken).ConfigureAwait(false);
        var answer = before.Error is { IsRevert: true } ? before : await _node.QueryAsync(call, receipt.BlockNumber, cancellationToken).ConfigureAwait(false);
        return _catalog.Revert(answer.Error is { IsRevert: true } error ? error.Data : default);
    }

    /// <summary>Waits for an operation that is not, or not any more, looked after: nobody can send it again.</summary>
    private async Task FinalUntrackedAsync(LedgerReceipt receipt, CancellationToken cancellationToken)
    {
        while (true)
        {
            var latest = await _node.LatestAsync(cancellationToken).ConfigureAwait(false);
            var final = await _node.FinalNumberAsync(latest, cancellationToken).ConfigureAwait(false);
            var found = (await _node.ReceiptsAsync([receipt.Transaction], cancellationToken).ConfigureAwait(false))[0];
            if (found is not null && found.BlockNumber <= final && await _node.HoldsAsync(found, cancellationToken).ConfigureAwait(false))
            {
                CheckOutcome(found);
                return;
            }

            if (found is null && receipt.BlockNumber <= final)
            {
                throw new LedgerException(LedgerFailure.Reorganized, "A reorganisation took the operation back, and it did not come again.");
            }

            await Task.Delay(_options.PollInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }
}
