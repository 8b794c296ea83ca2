using Sdk.Core.Ledger;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>Which offers a buyer wants to see. What is not set does not matter.</summary>
public sealed class OfferFilter
{
    /// <summary>Offers of one kind.</summary>
    public OfferFilter(ServiceKind kind) => Kind = kind;

    /// <summary>The kind of service.</summary>
    public ServiceKind Kind { get; }

    /// <summary>What prices are for. Required where there is a <see cref="MaxPricePerUnit"/>: prices of different units cannot be compared.</summary>
    /// <value>The default is any unit.</value>
    public ServiceUnit? Unit { get; set; }

    /// <summary>The highest price of a unit, for a buyer of <see cref="BuyerReputation"/>.</summary>
    /// <value>The default is any price.</value>
    public TokenAmount? MaxPricePerUnit { get; set; }

    /// <summary>The buyer's own reputation, by which providers choose its price. What a provider thinks of it may differ.</summary>
    /// <value>The default is <see cref="Reputation.Unknown"/>.</value>
    public int BuyerReputation { get; set; } = Reputation.Unknown;

    /// <summary>Where the service may be, in two capital letters of ISO 3166-1 each.</summary>
    /// <value>The default is anywhere.</value>
    public IReadOnlyCollection<string> Regions { get; set; } = [];

    /// <summary>The lowest capacity.</summary>
    /// <value>The default is 1.</value>
    public ulong MinCapacity { get; set; } = 1;

    /// <summary>How long an agreement must be possible.</summary>
    /// <value>The default is a second.</value>
    public TimeSpan MinDuration { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Means of payment of which one must be taken.</summary>
    /// <value>The default is any.</value>
    public IReadOnlyCollection<PaymentMethod> Payments { get; set; } = [];

    /// <summary>The lowest reputation of a provider, as this node judges it.</summary>
    /// <value>The default is any.</value>
    public int MinProviderReputation { get; set; }

    /// <summary>How many offers to return at most.</summary>
    /// <value>The default is 100.</value>
    public int MaxResults { get; set; } = 100;

    /// <summary>Whether an offer is one that the buyer wants to see. Who provides it, and whether it is genuine, is not asked.</summary>
    public bool Matches(ServiceOffer offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        return offer.Kind == Kind
            && (Unit is null || offer.Unit == Unit)
            && offer.PriceAt(BuyerReputation) is { } price
            && (MaxPricePerUnit is null || price <= MaxPricePerUnit)
            && (Regions.Count == 0 || (offer.Region is { } region && Regions.Contains(region)))
            && offer.Capacity >= MinCapacity
            && offer.MaxDuration >= MinDuration
            && (Payments.Count == 0 || offer.Payments.Any(Payments.Contains));
    }

    /// <exception cref="ArgumentException">The filter makes no sense.</exception>
    internal void Validate()
    {
        if (Kind == default)
        {
            throw new ArgumentException("A filter names a kind of service.", nameof(Kind));
        }

        if (MaxPricePerUnit is not null && Unit is null)
        {
            throw new ArgumentException("A highest price needs the unit that it is for.", nameof(Unit));
        }

        if (!Regions.All(OfferShape.IsRegion))
        {
            throw new ArgumentException("Regions are two capital letters each.", nameof(Regions));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(BuyerReputation, Reputation.Min);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BuyerReputation, Reputation.Max);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxResults, 1);
    }
}
