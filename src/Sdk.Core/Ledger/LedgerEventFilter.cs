using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>Which events are wanted. Empty lists mean any.</summary>
public sealed record LedgerEventFilter
{
    /// <summary>Of which contracts.</summary>
    public IReadOnlyList<AccountAddress> Contracts { get; init; } = [];

    /// <summary>Of which kinds: their own topics (<see cref="Abi.AbiEvent.Topic"/>).</summary>
    public IReadOnlyList<Hash256> Kinds { get; init; } = [];

    /// <summary>The first block.</summary>
    public ulong FromBlock { get; init; }

    /// <summary>The last block; null to go on with what comes.</summary>
    public ulong? ToBlock { get; init; }

    /// <summary>Whether an event is wanted.</summary>
    public bool Takes(LedgerEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        return happened.BlockNumber >= FromBlock
            && (ToBlock is not { } last || happened.BlockNumber <= last)
            && (Contracts.Count == 0 || Contracts.Contains(happened.Contract))
            && (Kinds.Count == 0 || Kinds.Contains(happened.Topics[0]));
    }
}
