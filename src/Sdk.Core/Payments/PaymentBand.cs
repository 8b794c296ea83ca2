using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>What peers from a reputation on are lent.</summary>
/// <param name="MinReputation">The lowest score, 0 to 1000, that belongs to the band.</param>
/// <param name="Threshold">The most that this node may lose to one of them.</param>
/// <param name="RefreshPerSecond">What each of them has free every second.</param>
public readonly record struct PaymentBand(int MinReputation, TokenAmount Threshold, TokenAmount RefreshPerSecond);
