using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>A price for buyers from a reputation on.</summary>
/// <param name="MinReputation">The lowest score, as the provider judges it, that gets this price: 0 to 1000.</param>
/// <param name="PricePerUnit">The price of one unit.</param>
public readonly record struct PriceBand(int MinReputation, TokenAmount PricePerUnit);
