using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// An operation on its way: one nonce, and the transactions that were signed for it, each of which replaces the one before with a higher
/// fee. Any of them may be included. It is tracked until one is final. The tracker's loop alone touches what changes.
/// </summary>
internal sealed class TrackedTransaction
{
    private readonly EthereumTransaction _first;
    private readonly KeyPair _signer;
    private readonly List<Hash256> _hashes;

    public TrackedTransaction(EthereumTransaction first, KeyPair signer, AccountAddress sender, EthereumFee fee, long now)
    {
        (_first, _signer, _hashes, Sender) = (first, signer, [first.Hash()], sender);
        (Current, Fee, Submitted, Signed) = (first, fee, now, now);
    }

    public AccountAddress Sender { get; }

    public ulong Nonce => _first.Nonce;

    /// <summary>When it was sent first, a timestamp of the clock.</summary>
    public long Submitted { get; }

    /// <summary>The hashes of all transactions signed for it.</summary>
    public IReadOnlyList<Hash256> Hashes => _hashes;

    /// <summary>The newest of them.</summary>
    public EthereumTransaction Current { get; private set; }

    /// <summary>What the newest offers.</summary>
    public EthereumFee Fee { get; private set; }

    /// <summary>When the newest was signed.</summary>
    public long Signed { get; private set; }

    /// <summary>The receipt that was found and held last; null while there is none, also after a reorganisation.</summary>
    public EthereumReceipt? Receipt { get; set; }

    /// <summary>Ends with the first receipt that holds.</summary>
    public TaskCompletionSource<EthereumReceipt> Inclusion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the receipt that is final.</summary>
    public TaskCompletionSource<EthereumReceipt> Finality { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Signs a transaction of the same nonce that offers more.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed meanwhile.</exception>
    public void Replace(EthereumFee fee, long now)
    {
        Current = (_first with { MaxFeePerGasWei = fee.MaxWei, MaxPriorityFeePerGasWei = fee.TipWei, Signature = null }).Sign(_signer);
        _hashes.Add(Current.Hash());
        (Fee, Signed) = (fee, now);
    }

    /// <summary>Ends both waits with an error, where they have not ended.</summary>
    public void Fail(LedgerException error)
    {
        Inclusion.TrySetException(error);
        Finality.TrySetException(error);

        // Nobody may be waiting any more: what is not looked at must not surface later as unobserved.
        _ = Inclusion.Task.Exception;
        _ = Finality.Task.Exception;
    }
}
