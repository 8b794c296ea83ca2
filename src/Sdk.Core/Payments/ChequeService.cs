using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>
/// A service that is paid by cheques, with its price. Only such a service can be charged to a <c>PaymentAccount</c>: a trade under escrow has its
/// vouchers as the one source of money, and nothing here takes a trade, a voucher or an escrow. Make it once and keep it. Immutable.
/// </summary>
public sealed class ChequeService
{
    /// <summary>A service.</summary>
    /// <param name="pricePerUnit">The price of a unit, at most 2^96 base units.</param>
    /// <param name="shares">Who besides the provider has a part of each payment: the application's author, and the platform where one is named. Two at most.</param>
    /// <exception cref="ArgumentException">More than two shares, or more than the whole together.</exception>
    /// <exception cref="AmountOutOfRangeException">The price is above 2^96 base units.</exception>
    public ChequeService(TokenAmount pricePerUnit, params ReadOnlySpan<PaymentShare> shares)
    {
        PricePerUnit = pricePerUnit;
        Shares = shares.Length == 0 ? null : new ServiceShares(shares);
        _ = PriceOf(1);
    }

    /// <summary>The price of a unit.</summary>
    public TokenAmount PricePerUnit { get; }

    internal ServiceShares? Shares { get; }

    /// <exception cref="AmountOutOfRangeException">It is above 2^96 base units.</exception>
    internal UInt128 PriceOf(ulong units) => (PricePerUnit * units).TryToBaseUnits(out var price) && price <= AccountingParameters.AmountMax
        ? price
        : throw new AmountOutOfRangeException("A service costs at most 2^96 base units at once.");
}
