using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.HashLocks;

namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// Folds the events of a contract into the state of one lock. What is final is kept; everything after it is read anew each time, so that a
/// reorganisation needs no bookkeeping, and a crash none either.
/// </summary>
internal sealed class LockHistory
{
    private readonly AccountAddress _contract;
    private readonly HashLockTerms _terms;
    private readonly Hash256 _id;
    private LockState _final;
    private TransferSecret? _secret;

    /// <summary>The history of one lock.</summary>
    /// <param name="terms">The transfer.</param>
    /// <param name="side">Which of its locks.</param>
    /// <param name="fromBlock">A block before which the lock cannot have been made.</param>
    public LockHistory(TransferTerms terms, TransferSide side, ulong fromBlock)
    {
        var leg = terms.LegOf(side);
        (_contract, _terms, NextBlock) = (leg.Contract, terms.LockOf(side), fromBlock);
        _id = _terms.Id(leg.ChainId, leg.Contract);
    }

    /// <summary>The first block that is not final yet, as far as is known.</summary>
    public ulong NextBlock { get; private set; }

    /// <summary>The events to be read for a sight of this head.</summary>
    public LedgerEventFilter FilterTo(LedgerHead head) => new()
    {
        Contracts = [_contract],
        Kinds = [HashLocksAbi.Locked.Topic, HashLocksAbi.Claimed.Topic, HashLocksAbi.Refunded.Topic],
        FromBlock = NextBlock,
        ToBlock = head.Number,
    };

    /// <summary>Reads the events of <see cref="FilterTo"/>, in their order.</summary>
    public LedgerSight Read(LedgerHead head, IEnumerable<LedgerEvent> events)
    {
        var latest = _final;
        foreach (var happened in events)
        {
            if (happened.IsRemoved || happened.Contract != _contract || StateAfter(happened) is not { } state)
            {
                continue;
            }

            latest = state;
            if (happened.BlockNumber <= head.FinalNumber)
            {
                _final = state;
            }
        }

        NextBlock = Math.Max(NextBlock, head.FinalNumber + 1);
        return new LedgerSight(head, latest, _final, _secret);
    }

    private LockState? StateAfter(LedgerEvent happened)
    {
        if (happened.Is(HashLocksAbi.Locked))
        {
            return happened.Topics[3] == _terms.SecretHash && IsOurs(happened) ? LockState.Locked : null;
        }

        if (happened.Is(HashLocksAbi.Refunded))
        {
            return happened.Topics[1] == _id ? LockState.Refunded : null;
        }

        if (!happened.Is(HashLocksAbi.Claimed) || happened.Topics[1] != _id)
        {
            return null;
        }

        var shown = new AbiReader(happened.Data.Span).ReadWord();
        _secret = TransferSecret.TryOpen(shown, _terms.SecretHash, out var secret)
            ? secret
            : throw new LedgerException(LedgerFailure.Untrustworthy, "The ledger says that a lock was claimed with what is not its secret.");
        return LockState.Claimed;
    }

    private bool IsOurs(LedgerEvent locked)
    {
        try
        {
            return HashLockTerms.FromEvent(locked) == _terms;
        }
        catch (AbiException)
        {
            // Anybody may lock with a deadline beyond 64 bits; no lock of ours has one.
            return false;
        }
    }
}
