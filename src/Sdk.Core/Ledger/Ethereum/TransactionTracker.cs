using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// Looks after operations from their first sending until they are final: finds their receipts, replaces what is stuck, sends again what
/// the node or a reorganisation dropped. One loop for all, which runs while there is something to look after.
/// </summary>
internal sealed class TransactionTracker(EthereumNode node, EthereumLedgerOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How many operations are looked after: what a pool keeps of one account is far less.</summary>
    public const int TrackedMax = 1024;

    /// <summary>How often an operation may be replaced: at an eighth each that is a fee 6.5 times the first.</summary>
    private const int ReplacementsMax = 16;

    private readonly CancellationTokenSource _stop = new();

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly List<TrackedTransaction> _tracked = [];
    private Task _loop = Task.CompletedTask;
    private bool _isLooping;

    /// <summary>The first nonce after those under way; null where none is.</summary>
    public ulong? NextNonce(AccountAddress sender)
    {
        lock (_gate)
        {
            return _tracked.Where(tracked => tracked.Sender == sender).Select(tracked => (ulong?)tracked.Nonce + 1).Max();
        }
    }

    /// <summary>The operation that signed a transaction; null where it is not, or not any more, looked after.</summary>
    public TrackedTransaction? Find(Hash256 transaction)
    {
        lock (_gate)
        {
            return _tracked.Find(tracked => tracked.Hashes.Contains(transaction));
        }
    }

    /// <exception cref="LedgerException">Too many are under way (<see cref="LedgerFailure.Busy"/>).</exception>
    public void CheckRoom()
    {
        lock (_gate)
        {
            if (_tracked.Count >= TrackedMax)
            {
                throw new LedgerException(LedgerFailure.Busy, $"{TrackedMax} operations are under way.");
            }
        }
    }

    /// <summary>Looks after an operation from now on.</summary>
    public void Add(TrackedTransaction tracked)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                tracked.Fail(Stopped());
                return;
            }

            _tracked.Add(tracked);
            if (!_isLooping)
            {
                _isLooping = true;
                _loop = LoopAsync();
            }
        }
    }

    /// <summary>Stops looking after everything; who waits gets an error.</summary>
    public async ValueTask DisposeAsync()
    {
        Task loop;
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            _stop.Cancel();
            loop = _loop;
        }

        await loop.ConfigureAwait(false);
        FailAll(Stopped());
        _stop.Dispose();
    }

    private static LedgerException Stopped() => new(LedgerFailure.Stopped, "The ledger's client was disposed; operations under way may be included all the same.");

    private void FailAll(LedgerException error)
    {
        lock (_gate)
        {
            _tracked.ForEach(tracked => tracked.Fail(error));
            _tracked.Clear();
        }
    }

    private async Task LoopAsync()
    {
        // Away from the caller, who holds the gate.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (HasMore())
            {
                await PollAsync(_stop.Token).ConfigureAwait(false);
                await Task.Delay(options.PollInterval, time, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposal fails who waits.
        }
        catch (Exception broken)
        {
            // A fault of ours. Nobody may wait for a loop that has ended, and nothing new may wait for it either.
            EthereumLedgerLog.Failed(logger, broken);
            await _stop.CancelAsync().ConfigureAwait(false);
            FailAll(new LedgerException(LedgerFailure.Stopped, "Looking after operations failed; those under way may be included all the same.", broken));
        }
    }

    private bool HasMore()
    {
        lock (_gate)
        {
            _isLooping = _tracked.Count > 0;
            return _isLooping;
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        List<TrackedTransaction> all;
        lock (_gate)
        {
            all = [.. _tracked.OrderBy(tracked => tracked.Nonce)];
        }

        try
        {
            var latest = await node.LatestAsync(cancellationToken).ConfigureAwait(false);
            var final = await node.FinalNumberAsync(latest, cancellationToken).ConfigureAwait(false);
            foreach (var tracked in all)
            {
                await LookAfterAsync(tracked, latest, final, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (LedgerException error) when (error.Reason != LedgerFailure.Untrustworthy)
        {
            EthereumLedgerLog.PollFailed(logger, error);
        }
        catch (LedgerException error)
        {
            // The newest block itself is none: nothing that this node says counts.
            EthereumLedgerLog.PollFailed(logger, error);
            all.ForEach(tracked => tracked.Inclusion.TrySetException(error));
        }

        foreach (var late in all.Where(tracked => tracked.Receipt is null && time.GetElapsedTime(tracked.Submitted) >= options.SubmitTimeout))
        {
            late.Inclusion.TrySetException(new LedgerException(
                LedgerFailure.Unreachable, $"No block took the operation within {options.SubmitTimeout.TotalMinutes:0.#} minutes; it may still be included."));
        }
    }

    private async Task LookAfterAsync(TrackedTransaction tracked, EthereumBlock latest, ulong final, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindReceiptAsync(tracked, cancellationToken).ConfigureAwait(false) is { } receipt)
            {
                tracked.Receipt = receipt;
                tracked.Inclusion.TrySetResult(receipt);
                if (receipt.BlockNumber <= final)
                {
                    tracked.Finality.TrySetResult(receipt);
                    Remove(tracked);
                }

                return;
            }

            if (tracked.Receipt is { } gone)
            {
                EthereumLedgerLog.Reorganized(logger, gone.Transaction);
                tracked.Receipt = null;
            }

            await PushAsync(tracked, latest, final, cancellationToken).ConfigureAwait(false);
        }
        catch (LedgerException error) when (error.Reason == LedgerFailure.Untrustworthy)
        {
            // Who waits is told, and nothing is booked. The nonce stays taken: the operation may be included all the same.
            EthereumLedgerLog.Untrustworthy(logger, tracked.Sender, tracked.Nonce, error);
            tracked.Fail(error);
            if (tracked.Receipt is { } known && known.BlockNumber <= final)
            {
                Remove(tracked);
            }
        }
    }

    /// <summary>The receipt of any of the operation's transactions, where one holds.</summary>
    private async Task<EthereumReceipt?> FindReceiptAsync(TrackedTransaction tracked, CancellationToken cancellationToken)
    {
        var receipts = await node.ReceiptsAsync(tracked.Hashes, cancellationToken).ConfigureAwait(false);
        foreach (var receipt in receipts.OfType<EthereumReceipt>())
        {
            if (tracked.Receipt is { } known && known.BlockHash == receipt.BlockHash && !known.Agrees(receipt))
            {
                throw EthereumJson.Wrong($"the receipt of {receipt.Transaction} says one thing now and another then");
            }

            if (await node.HoldsAsync(receipt, cancellationToken).ConfigureAwait(false))
            {
                return receipt;
            }
        }

        return null;
    }

    /// <summary>Brings an operation that is in no block nearer to one.</summary>
    private async Task PushAsync(TrackedTransaction tracked, EthereumBlock latest, ulong final, CancellationToken cancellationToken)
    {
        var next = await node.NonceAsync(tracked.Sender, block: null, cancellationToken).ConfigureAwait(false);
        if (next > tracked.Nonce)
        {
            // Another transaction took the nonce, or the node has not caught up with itself. Only what is final is certain.
            if (await node.NonceAsync(tracked.Sender, final, cancellationToken).ConfigureAwait(false) > tracked.Nonce
                && await FindReceiptAsync(tracked, cancellationToken).ConfigureAwait(false) is null)
            {
                var wasIncluded = tracked.Inclusion.Task.IsCompletedSuccessfully;
                tracked.Fail(new LedgerException(
                    wasIncluded ? LedgerFailure.Reorganized : LedgerFailure.Replaced,
                    $"Another transaction of {tracked.Sender} took nonce {tracked.Nonce}."));
                Remove(tracked);
            }

            return;
        }

        // A pool may have dropped it because it offers too little: then only a higher offer is of use, so that comes first.
        var isStuck = next == tracked.Nonce && !tracked.Inclusion.Task.IsFaulted && time.GetElapsedTime(tracked.Signed) >= options.StuckAfter;
        if (isStuck && await TryReplaceAsync(tracked, latest, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (!await node.KnowsAsync(tracked.Hashes[^1], cancellationToken).ConfigureAwait(false))
        {
            EthereumLedgerLog.Resent(logger, tracked.Hashes[^1]);
            await SendAsync(tracked, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Offers more under the same nonce; false where that is not possible.</summary>
    private async Task<bool> TryReplaceAsync(TrackedTransaction tracked, EthereumBlock latest, CancellationToken cancellationToken)
    {
        var tip = await node.SuggestedTipAsync(cancellationToken).ConfigureAwait(false);
        var fee = tracked.Hashes.Count > ReplacementsMax
            ? null
            : tracked.Fee.Replacement(latest.BaseFeeWei, tip < options.MaxTipPerGasWei ? tip : options.MaxTipPerGasWei, options.MaxFeePerGasWei);
        if (fee is not { } more)
        {
            EthereumLedgerLog.Stuck(logger, tracked.Sender, tracked.Nonce);
            return false;
        }

        try
        {
            lock (_gate)
            {
                tracked.Replace(more, time.GetTimestamp());
            }
        }
        catch (ObjectDisposedException)
        {
            // The key is gone: what was signed has to do.
            EthereumLedgerLog.Stuck(logger, tracked.Sender, tracked.Nonce);
            return false;
        }

        EthereumLedgerLog.Replaced(logger, tracked.Sender, tracked.Nonce, tracked.Hashes[^1], more.MaxWei);
        await SendAsync(tracked, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task SendAsync(TrackedTransaction tracked, CancellationToken cancellationToken)
    {
        // Refusals are many ("already known", a pool that is full): what became of it, the next poll sees.
        var answer = await node.SendAsync(tracked.Current.Encode(), cancellationToken).ConfigureAwait(false);
        if (answer.Error is { } error)
        {
            EthereumLedgerLog.Refused(logger, tracked.Hashes[^1], error.Message);
        }
    }

    private void Remove(TrackedTransaction tracked)
    {
        lock (_gate)
        {
            _tracked.Remove(tracked);
        }
    }
}
