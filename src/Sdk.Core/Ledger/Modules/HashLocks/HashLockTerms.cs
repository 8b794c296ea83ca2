using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Modules.HashLocks;

/// <summary>
/// All terms of a hash lock, and what is due for it on the other ledger. They bind both sides; the contract keeps only their hash, so
/// whoever claims or refunds needs them all (the event has them).
/// </summary>
/// <param name="Sender">Who locks, and is paid back from the deadline on.</param>
/// <param name="Recipient">Who is paid for the secret; <see cref="HashLocksContract.Burn"/> where a side chain's coins are to vanish.</param>
/// <param name="Token">What is locked; the zero address for the native coin.</param>
/// <param name="Amount">How much, in its smallest unit.</param>
/// <param name="SecretHash">SHA-256 of a secret of exactly 32 bytes, fresh for each transfer.</param>
/// <param name="Deadline">Until before then the secret counts, from then on the refund, in seconds since 1970 of this ledger's blocks.</param>
/// <param name="CounterChainId">The other ledger.</param>
/// <param name="CounterToken">What is due there; the zero address for its native coin.</param>
/// <param name="CounterRecipient">Who is paid there.</param>
/// <param name="CounterAmount">How much, in its smallest unit.</param>
public readonly record struct HashLockTerms(
    AccountAddress Sender,
    AccountAddress Recipient,
    AccountAddress Token,
    TokenAmount Amount,
    Hash256 SecretHash,
    ulong Deadline,
    ulong CounterChainId,
    AccountAddress CounterToken,
    AccountAddress CounterRecipient,
    TokenAmount CounterAmount)
{
    /// <summary>How many words of the ABI they take.</summary>
    internal const int Words = 10;

    /// <summary>Whether the native coin is locked.</summary>
    public bool IsNative => Token == default;

    /// <summary>Reads the terms from the event of a lock.</summary>
    /// <param name="locked">The event.</param>
    /// <exception cref="ArgumentException">It is another event.</exception>
    /// <exception cref="AbiException">A deadline or chain id has more than 64 bits, which no honest lock has.</exception>
    public static HashLockTerms FromEvent(LedgerEvent locked)
    {
        ArgumentNullException.ThrowIfNull(locked);
        if (!locked.Is(HashLocksAbi.Locked))
        {
            throw new ArgumentException("The event is not that of a lock.", nameof(locked));
        }

        var reader = new AbiReader(locked.Data.Span);
        var (token, amount, deadline) = (reader.ReadAddress(), reader.ReadAmount(), reader.ReadUInt64());
        return new HashLockTerms(
            locked.TopicAddress(0), locked.TopicAddress(1), token, amount, locked.Topics[3], deadline,
            reader.ReadUInt64(), reader.ReadAddress(), reader.ReadAddress(), reader.ReadAmount());
    }

    /// <summary>The name of the lock: a hash of the ledger, the contract and all terms.</summary>
    /// <param name="chainId">The ledger's chain id.</param>
    /// <param name="contract">Its contract of hash locks.</param>
    public Hash256 Id(ulong chainId, AccountAddress contract) =>
        Keccak256.Hash(Write(new AbiWriter().Add(chainId).Add(contract)).ToArray());

    internal AbiWriter Write(AbiWriter writer) => writer
        .Add(Sender).Add(Recipient).Add(Token).Add(Amount).Add(SecretHash).Add(Deadline)
        .Add(CounterChainId).Add(CounterToken).Add(CounterRecipient).Add(CounterAmount);
}
