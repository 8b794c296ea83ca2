namespace Sdk.Interop.Ethereum;

/// <summary>How an <see cref="Anvil"/> is started.</summary>
public sealed class AnvilOptions
{
    /// <summary>The chain it pretends to be.</summary>
    public ulong ChainId { get; set; } = Anvil.DevelopmentChainId;

    /// <summary>Whether each transaction gets a block at once; otherwise a block comes when <see cref="Anvil.MineAsync"/> asks for it.</summary>
    public bool IsAutomining { get; set; } = true;

    /// <summary>When the chain begins, in unix seconds; null: now.</summary>
    public ulong? GenesisTimestampSeconds { get; set; }

    /// <summary>Blocks until one is final: anvil calls final what is two epochs old.</summary>
    public int SlotsInEpoch { get; set; } = 32;
}
