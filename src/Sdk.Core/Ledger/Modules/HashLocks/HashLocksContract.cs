using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Modules.Token;

namespace Sdk.Core.Ledger.Modules.HashLocks;

/// <summary>Hash locks on a ledger: coins or tokens for whoever was named, once somebody shows the secret, or back after the deadline.</summary>
/// <remarks>
/// Thread-safe. What a call can be refused for says <see cref="LedgerRevertException.ErrorName"/>, by the names in <see cref="HashLocksAbi"/>;
/// where tokens move, also by those in <see cref="TokenAbi"/>.
/// </remarks>
public sealed class HashLocksContract : ContractClient, IContract<HashLocksContract>
{
    private HashLocksContract(ILedger ledger, AccountAddress address)
        : base(ledger, address)
    {
    }

    /// <inheritdoc/>
    public static string ModuleName => HashLocksModule.ModuleName;

    /// <inheritdoc/>
    public static IReadOnlyList<AbiError> Errors { get; } = [.. HashLocksAbi.Errors, .. TokenAbi.Errors];

    /// <summary>Nobody has the key of this address: what it is paid is gone.</summary>
    public static AccountAddress Burn { get; } = AccountAddress.Parse("0x000000000000000000000000000000000000dead");

    /// <inheritdoc/>
    public static HashLocksContract Bind(ILedger ledger, AccountAddress address) => new(ledger, address);

    /// <summary>The name of a lock with these terms on this ledger.</summary>
    public Hash256 IdOf(HashLockTerms terms) => terms.Id(Ledger.ChainId, Address);

    /// <summary>Locks the native coin, or a token within the contract's allowance, whichever the terms say. The signer must be their sender.</summary>
    /// <exception cref="ArgumentException">The signer is not the sender.</exception>
    public ValueTask<LedgerReceipt> LockAsync(HashLockTerms terms, KeyPair signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        if (terms.Sender != signer.Address)
        {
            throw new ArgumentException("Only the sender locks.", nameof(signer));
        }

        var arguments = new AbiWriter().Add(terms.Recipient);
        if (!terms.IsNative)
        {
            arguments.Add(terms.Token).Add(terms.Amount);
        }

        arguments
            .Add(terms.SecretHash).Add(terms.Deadline)
            .Add(terms.CounterChainId).Add(terms.CounterToken).Add(terms.CounterRecipient).Add(terms.CounterAmount);
        return terms.IsNative
            ? SubmitAsync(HashLocksAbi.Lock, arguments, signer, terms.Amount, cancellationToken)
            : SubmitAsync(HashLocksAbi.LockToken, arguments, signer, cancellationToken: cancellationToken);
    }

    /// <summary>Has the recipient paid. Anybody may who has the secret, before the deadline.</summary>
    public ValueTask<LedgerReceipt> ClaimAsync(HashLockTerms terms, Hash256 secret, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(HashLocksAbi.Claim, terms.Write(new AbiWriter()).Add(secret), signer, cancellationToken: cancellationToken);

    /// <summary>Has the sender paid back. Anybody may, from the deadline on.</summary>
    public ValueTask<LedgerReceipt> RefundAsync(HashLockTerms terms, KeyPair signer, CancellationToken cancellationToken = default) =>
        SubmitAsync(HashLocksAbi.Refund, terms.Write(new AbiWriter()), signer, cancellationToken: cancellationToken);

    /// <summary>Whether something is locked under these terms: not yet claimed or refunded.</summary>
    public async ValueTask<bool> IsLockedAsync(HashLockTerms terms, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        new AbiReader(await QueryAsync(HashLocksAbi.IsLocked, new AbiWriter().Add(IdOf(terms)), view, cancellationToken).ConfigureAwait(false)).ReadBool();
}
