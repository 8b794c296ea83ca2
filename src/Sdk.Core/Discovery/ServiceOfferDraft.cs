using Sdk.Core.Cryptography;

namespace Sdk.Core.Discovery;

/// <summary>What a provider wants to sell. Signed, it is a <see cref="ServiceOffer"/>; the limits stand there.</summary>
public sealed class ServiceOfferDraft
{
    /// <summary>A draft of one kind with one unit.</summary>
    public ServiceOfferDraft(ServiceKind kind, ServiceUnit unit) => (Kind, Unit) = (kind, unit);

    /// <summary>Which of the device's offers this is, 0 to 15: a new one under the same number takes the old one's place.</summary>
    /// <value>The default is 0.</value>
    public uint Number { get; set; }

    /// <summary>The kind of service.</summary>
    public ServiceKind Kind { get; }

    /// <summary>What the prices are for.</summary>
    public ServiceUnit Unit { get; }

    /// <summary>Prices for rising reputations. Who is below the first is not served.</summary>
    /// <value>Required: at least one.</value>
    public IReadOnlyList<PriceBand> Prices { get; set; } = [];

    /// <summary>What can be sold at a time, counted as <see cref="ServiceUnit"/> says.</summary>
    /// <value>Required: at least 1.</value>
    public ulong Capacity { get; set; }

    /// <summary>Where the service is, in two capital letters of ISO 3166-1.</summary>
    /// <value>The default is null: nothing is said.</value>
    public string? Region { get; set; }

    /// <summary>The means of payment that are taken, the preferred one first.</summary>
    /// <value>The default is cheques.</value>
    public IReadOnlyList<PaymentMethod> Payments { get; set; } = [PaymentMethod.Cheque];

    /// <summary>The longest agreement; whole seconds.</summary>
    /// <value>The default is 30 days.</value>
    public TimeSpan MaxDuration { get; set; } = TimeSpan.FromDays(30);

    /// <summary>The hash of a text of terms that the provider publishes elsewhere.</summary>
    /// <value>The default is null: there is none.</value>
    public Hash256? TermsHash { get; set; }

    /// <summary>More that buyers should know, by name.</summary>
    /// <value>The default is nothing.</value>
    public IReadOnlyDictionary<string, string> Attributes { get; set; } = new Dictionary<string, string>();

    /// <summary>How long the offer is good for once it is signed; whole seconds.</summary>
    /// <value>The default is six hours. An announced offer is renewed before that.</value>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(6);
}
