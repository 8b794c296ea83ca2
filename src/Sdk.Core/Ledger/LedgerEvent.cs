using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger;

/// <summary>What a contract told the world.</summary>
/// <param name="Contract">Who says so.</param>
/// <param name="Topics">The event's own topic, and those of its indexed parameters: one to four.</param>
/// <param name="Data">The other parameters, as the ABI encodes them.</param>
/// <param name="BlockNumber">The block.</param>
/// <param name="BlockHash">The block's hash.</param>
/// <param name="Transaction">The operation's hash.</param>
/// <param name="Index">The event's place in its block, from zero.</param>
/// <param name="IsRemoved">Whether a reorganisation took it back.</param>
public sealed record LedgerEvent(
    AccountAddress Contract,
    IReadOnlyList<Hash256> Topics,
    ReadOnlyMemory<byte> Data,
    ulong BlockNumber,
    Hash256 BlockHash,
    Hash256 Transaction,
    int Index,
    bool IsRemoved = false)
{
    /// <summary>Whether it is an event of that kind, with as many topics as that kind has.</summary>
    public bool Is(AbiEvent kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Topics.Count == 1 + kind.IndexedCount && Topics[0] == kind.Topic;
    }

    /// <summary>An indexed parameter of type address.</summary>
    /// <param name="index">Which of the indexed parameters, from zero.</param>
    /// <exception cref="AbiException">The topic is no address.</exception>
    public AccountAddress TopicAddress(int index)
    {
        var reader = new AbiReader(Topics[1 + index].Bytes);
        return reader.ReadAddress();
    }
}
