namespace Sdk.Core.Ledger.Ethereum;

/// <summary>What a transaction offers for a unit of gas (EIP-1559).</summary>
/// <param name="MaxWei">The most, tip included.</param>
/// <param name="TipWei">The most of it for who makes the block.</param>
internal readonly record struct EthereumFee(TokenAmount MaxWei, TokenAmount TipWei)
{
    /// <summary>Nodes take a replacement that offers a tenth more of both. An eighth is safely above it however they round.</summary>
    private const ulong RaiseNumerator = 9;

    private const ulong RaiseDenominator = 8;

    /// <summary>A tenth, where the cap leaves no room for an eighth.</summary>
    private const ulong LeastRaiseNumerator = 11;

    private const ulong LeastRaiseDenominator = 10;

    /// <summary>Twice the base fee, which then holds for some six full blocks, and the tip; not above the cap.</summary>
    /// <exception cref="LedgerException">Even the base fee alone is above the cap (<see cref="LedgerFailure.FeeAboveCap"/>).</exception>
    public static EthereumFee First(TokenAmount baseFeeWei, TokenAmount tipWei, TokenAmount capWei)
    {
        if (baseFeeWei > capWei)
        {
            throw new LedgerException(LedgerFailure.FeeAboveCap, $"Gas costs {baseFeeWei} wei, and {capWei} is the most that may be paid.");
        }

        // Compared piece by piece, since a node may say numbers whose sum leaves 256 bits.
        var room = capWei - baseFeeWei;
        var max = baseFeeWei > room || tipWei > room - baseFeeWei ? capWei : baseFeeWei + baseFeeWei + tipWei;
        return new EthereumFee(max, Min(tipWei, max));
    }

    /// <summary>The offer that takes the place of this one; null where the cap leaves no room for it.</summary>
    public EthereumFee? Replacement(TokenAmount baseFeeWei, TokenAmount tipWei, TokenAmount capWei)
    {
        var least = MaxWei.MultiplyBy(LeastRaiseNumerator, LeastRaiseDenominator, TokenRounding.Up);
        if (least > capWei || baseFeeWei > capWei)
        {
            return null;
        }

        var fresh = First(baseFeeWei, tipWei, capWei);
        var raised = Min(capWei, MaxWei.MultiplyBy(RaiseNumerator, RaiseDenominator, TokenRounding.Up) + 1);
        var max = raised > fresh.MaxWei ? raised : fresh.MaxWei;
        var raisedTip = TipWei.MultiplyBy(RaiseNumerator, RaiseDenominator, TokenRounding.Up) + 1;
        return new EthereumFee(max, Min(max, raisedTip > fresh.TipWei ? raisedTip : fresh.TipWei));
    }

    private static TokenAmount Min(TokenAmount left, TokenAmount right) => left < right ? left : right;
}
