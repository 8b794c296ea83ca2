using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Core.Payments;

/// <summary>The loop that looks at both ledgers and does what the machine says.</summary>
public sealed partial class HashLockTransfer
{
    private async Task WorkAsync()
    {
        try
        {
            while (_machine.Record.Outcome is null)
            {
                await LookAsync(TransferSide.First).ConfigureAwait(false);
                await LookAsync(TransferSide.Second).ConfigureAwait(false);
                Interlocked.Increment(ref _looks);
                if (_machine.Record.Outcome is null)
                {
                    await WaitAsync().ConfigureAwait(false);
                }
            }

            TransferLog.Ended(_logger, Terms.SecretHash, _machine.Record.Outcome.Value);
            _completion.TrySetResult(_machine.Record.Outcome.Value);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _completion.TrySetCanceled(_stop.Token);
        }
#pragma warning disable CA1031 // It ends the transfer, and whoever waits for it is told.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            TransferLog.Stopped(_logger, Terms.SecretHash, failure);
            _completion.TrySetException(failure);
        }

        // Nothing is left behind: submissions under way are no longer waited for.
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll([.. _underWay, _telling]).ConfigureAwait(false);
    }

    /// <summary>Until the next look, what comes in is taken at once.</summary>
    private async Task WaitAsync()
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var delay = Task.Delay(_options.PollInterval, _options.TimeProvider, pause.Token);
        while (_inputs.Reader.TryRead(out var input) || await Task.WhenAny(delay, _inputs.Reader.WaitToReadAsync(pause.Token).AsTask()).ConfigureAwait(false) != delay)
        {
            if (input is not null || _inputs.Reader.TryRead(out input))
            {
                input();
                Do(_machine.TakeEffects());
            }

            _stop.Token.ThrowIfCancellationRequested();
        }

        await pause.CancelAsync().ConfigureAwait(false);
        _stop.Token.ThrowIfCancellationRequested();
    }

    private async Task LookAsync(TransferSide side)
    {
        var ledger = _options.LedgerOf(side);
        try
        {
            var head = await ledger.HeadAsync(_stop.Token).ConfigureAwait(false);
            var history = _histories[(int)side];
            List<LedgerEvent> events = [];
            if (history.NextBlock <= head.Number)
            {
                await foreach (var happened in ledger.EventsAsync(history.FilterTo(head), _stop.Token).ConfigureAwait(false))
                {
                    events.Add(happened);
                }
            }

            _machine.Observe(side, history.Read(head, events), Now);
        }
        catch (LedgerException away) when (away.Reason != LedgerFailure.HistoryGone)
        {
            // The machine counts how old its last sight is, and begins nothing on an old one.
            TransferLog.LedgerAway(_logger, Terms.SecretHash, side, away);
        }

        Do(_machine.TakeEffects());
    }

    private void Do(IReadOnlyList<TransferEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case TransferEffect.Persist persist:
                    _files.Write(Role, Terms.SecretHash, persist.Record, _options.FirstSigner);
                    break;
                case TransferEffect.Submit submit:
                    _underWay.RemoveAll(task => task.IsCompleted);
                    _underWay.Add(SubmitAsync(submit));
                    break;
                case TransferEffect.Tell tell when _options.Tell is not null && _telling.IsCompleted:
                    _telling = TellAsync(tell.Message);
                    break;
            }
        }
    }

    private async Task SubmitAsync(TransferEffect.Submit submit)
    {
        var (result, block) = (OperationResult.Unknown, 0UL);
        var (side, kind) = submit.Operation;
        try
        {
            var contract = _options.LedgerOf(side).Module<HashLocksContract>();
            var signer = _options.SignerOf(side);
            var receipt = kind switch
            {
                OperationKind.Lock => await contract.LockAsync(submit.Terms, signer, _stop.Token).ConfigureAwait(false),
                OperationKind.Claim => await contract.ClaimAsync(submit.Terms, submit.Secret!.Reveal(), signer, _stop.Token).ConfigureAwait(false),
                _ => await contract.RefundAsync(submit.Terms, signer, _stop.Token).ConfigureAwait(false),
            };
            (result, block) = (OperationResult.Included, receipt.BlockNumber);
            TransferLog.Submitted(_logger, Terms.SecretHash, kind, side, block);
        }
        catch (LedgerRevertException revert)
        {
            // Where these terms are locked already, an earlier submission of ours counted after all.
            result = revert.ErrorName == HashLocksAbi.AlreadyLocked.Name ? OperationResult.Unknown : OperationResult.Refused;
            TransferLog.NotSubmitted(_logger, Terms.SecretHash, kind, side, revert);
        }
        catch (LedgerException failure)
        {
            result = IsCertain(failure.Reason) ? OperationResult.Refused : OperationResult.Unknown;
            TransferLog.NotSubmitted(_logger, Terms.SecretHash, kind, side, failure);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it was, the operation may count, and the transfer must be told.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            TransferLog.NotSubmitted(_logger, Terms.SecretHash, kind, side, failure);
        }

        try
        {
            await _inputs.Writer.WriteAsync(() => _machine.Finished(submit.Operation, result, block, Now), _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody listens any more.
        }
    }

    /// <summary>Whether an operation that failed so can never be included: only then may a lock be submitted again.</summary>
    private static bool IsCertain(LedgerFailure reason) => reason is LedgerFailure.InsufficientFunds or LedgerFailure.FeeAboveCap or LedgerFailure.TooLarge
        or LedgerFailure.Malformed or LedgerFailure.TestOnlyKey or LedgerFailure.Full or LedgerFailure.Busy;

    private async Task TellAsync(byte[] message)
    {
        try
        {
            await _options.Tell!(message, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
#pragma warning disable CA1031 // A message may get lost, however that happens; it is told again.
        catch (Exception lost)
#pragma warning restore CA1031
        {
            TransferLog.NotTold(_logger, Terms.SecretHash, lost);
        }
    }
}
