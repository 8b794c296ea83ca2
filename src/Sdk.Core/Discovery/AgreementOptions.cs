using Sdk.Core.Ledger;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>How far a buyer negotiates.</summary>
public sealed class AgreementOptions
{
    /// <summary>The buyer's own reputation as it believes the provider sees it: it chooses the price band to begin with.</summary>
    /// <value>The default is <see cref="Reputation.Unknown"/>.</value>
    public int BuyerReputation { get; set; } = Reputation.Unknown;

    /// <summary>What is bid first for a unit.</summary>
    /// <value>The default is the offer's price at <see cref="BuyerReputation"/>.</value>
    public TokenAmount? BidPerUnit { get; set; }

    /// <summary>The most that is paid for a unit, if the provider asks for more than the bid.</summary>
    /// <value>The default is the bid.</value>
    public TokenAmount? MaxPricePerUnit { get; set; }

    /// <summary>The means of payment that the buyer has, the preferred one first.</summary>
    /// <value>The default is whatever the offer names.</value>
    public IReadOnlyList<PaymentMethod> Payments { get; set; } = [];

    /// <summary>The least that is taken, if the provider has less left than was asked for.</summary>
    /// <value>The default is all that was asked for.</value>
    public ulong? MinQuantity { get; set; }

    /// <summary>When the service begins; cut to whole seconds.</summary>
    /// <value>The default is now.</value>
    public DateTimeOffset? Start { get; set; }
}
