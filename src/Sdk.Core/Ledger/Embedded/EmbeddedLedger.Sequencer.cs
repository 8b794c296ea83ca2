using System.Threading.Channels;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>How operations come into blocks.</summary>
public sealed partial class EmbeddedLedger
{
    /// <summary>From so many signatures on it pays to make them on all cores.</summary>
    private const int SignedTogetherMin = 8;

    /// <inheritdoc/>
    public ValueTask<LedgerReceipt> SubmitAsync(LedgerCall call, KeyPair signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        if (call.Data.Length > LedgerOperation.LengthBytesMax - 256)
        {
            throw new LedgerException(LedgerFailure.TooLarge, $"An operation has at most {LedgerOperation.LengthBytesMax} bytes.");
        }

        return SubmitAsync(new PendingOperation(call, signer), cancellationToken);
    }

    /// <summary>
    /// Submits an operation that was signed elsewhere: an EIP-1559 transaction for this chain, whose fee is not looked at. Waits until it
    /// is durable.
    /// </summary>
    /// <exception cref="LedgerException">It is no operation for this ledger, or its nonce is not the account's next.</exception>
    /// <exception cref="LedgerRevertException">The contract refused.</exception>
    public ValueTask<LedgerReceipt> SubmitSignedAsync(ReadOnlyMemory<byte> transaction, CancellationToken cancellationToken = default) =>
        SubmitAsync(new PendingOperation(LedgerOperation.Read(transaction.ToArray(), ChainId)), cancellationToken);

    private async ValueTask<LedgerReceipt> SubmitAsync(PendingOperation pending, CancellationToken cancellationToken)
    {
        ThrowIfStopped();
        try
        {
            await _queue.Writer.WriteAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            ThrowIfStopped();
            throw;
        }

        var (outcome, block) = await pending.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        return outcome switch
        {
            { Failure: { } reason } => throw new LedgerException(reason, $"The ledger did not run the operation: {reason}."),
            { IsDone: false } => throw _catalog.Revert(outcome.Returned),
            _ => new LedgerReceipt(outcome.Operation.Hash, block.Number, block.Hash, outcome.Events, GasUsed: 0),
        };
    }

    private async Task SequenceAsync()
    {
        var batch = new List<PendingOperation>();
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            Gather(batch);
            await _gate.WaitAsync().ConfigureAwait(false);
            try
            {
                Commit(batch);
            }
            catch (Exception failure)
            {
                // Not durable, and executed all the same: only opening it again tells what the ledger holds.
                LedgerLog.Stopped(_logger, failure);
                Stop(failure, batch);
                return;
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    private void Gather(List<PendingOperation> batch)
    {
        batch.Clear();
        var lengthBytes = 0;
        while (batch.Count < _options.BlockOperationsMax
            && lengthBytes < LedgerStore.BlockBytesMax / 2
            && _queue.Reader.TryRead(out var pending))
        {
            batch.Add(pending);
            lengthBytes += pending.LengthBytes;
        }
    }

    private void Commit(List<PendingOperation> batch)
    {
        Sign(batch);
        var block = _chain.Produce(Now(), batch.ConvertAll(pending => pending.Signed!));
        _store.Append(block);
        if (_store.WantsSnapshot)
        {
            TakeSnapshot(block);
        }
        else
        {
            _history.Add(block.Number, block.Events);
        }

        for (var index = 0; index < batch.Count; index++)
        {
            batch[index].Finish(block.Outcomes[index], block);
        }
    }

    private void TakeSnapshot(EmbeddedBlock block)
    {
        _history.Add(block.Number, block.Events);
        var snapshot = ChainSnapshot.Write(_chain, _history.Kept, _history.CompleteFrom);
        if (snapshot.Length > _options.StateMaxBytes)
        {
            throw new LedgerException(LedgerFailure.Full, $"The ledger's state takes {snapshot.Length} bytes, more than {_options.StateMaxBytes}.");
        }

        _store.Replace(snapshot);
    }

    // Whose key cannot sign any more is left out; those after it are signed again, for their nonces move up.
    private void Sign(List<PendingOperation> batch)
    {
        while (true)
        {
            var unsigned = AssignNonces(batch);
            if (unsigned.Count < SignedTogetherMin)
            {
                unsigned.ForEach(SignOne);
            }
            else
            {
                Parallel.ForEach(unsigned, SignOne);
            }

            if (batch.RemoveAll(pending => pending.Done.IsFaulted) == 0)
            {
                return;
            }
        }
    }

    // An account's nonces go on from the state, through what it signed elsewhere, as long as that fits.
    private List<(PendingOperation Pending, ulong Nonce)> AssignNonces(List<PendingOperation> batch)
    {
        var nonces = new Dictionary<AccountAddress, ulong>();
        var unsigned = new List<(PendingOperation Pending, ulong Nonce)>();
        foreach (var pending in batch)
        {
            var next = nonces.TryGetValue(pending.Sender, out var known) ? known : _chain.Machine.NonceOf(pending.Sender);
            if (pending.Signer is not null)
            {
                unsigned.Add((pending, next));
                nonces[pending.Sender] = next + 1;
            }
            else if (pending.Signed!.Nonce == next)
            {
                nonces[pending.Sender] = next + 1;
            }
        }

        return unsigned;
    }

    private void SignOne((PendingOperation Pending, ulong Nonce) one)
    {
        try
        {
            one.Pending.Signed = LedgerOperation.Sign(one.Pending.Call, one.Nonce, ChainId, one.Pending.Signer!);
        }
        catch (ObjectDisposedException gone)
        {
            one.Pending.Fail(gone);
        }
    }

    private void Stop(Exception failure, List<PendingOperation> batch)
    {
        _failure = failure;
        _queue.Writer.TryComplete();
        var stopped = Stopped(failure);
        while (_queue.Reader.TryRead(out var waiting))
        {
            batch.Add(waiting);
        }

        foreach (var pending in batch)
        {
            pending.Fail(stopped);
        }

        _history.Fail(stopped);
    }
}
