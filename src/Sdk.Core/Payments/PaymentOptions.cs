using Sdk.Core.Ledger;

namespace Sdk.Core.Payments;

/// <summary>How a node lends, pays and cashes. Not to be changed after the node's first payment account.</summary>
public sealed class PaymentOptions
{
    /// <summary>
    /// What peers are lent, by their reputation (<c>ITrustPolicy</c>); a peer belongs to the highest band that it reaches, and below all of
    /// them it is lent nothing. The worst case is the sum over all peers at once.
    /// </summary>
    /// <value>From 0: 0.0001 tokens. From 500, of whom nothing is known: 0.001. From 750: 0.01. A thousandth of it is free each second.</value>
    public IList<PaymentBand> Bands { get; } =
    [
        Band(0, 100_000_000_000_000),
        Band(500, 1_000_000_000_000_000),
        Band(750, 10_000_000_000_000_000),
    ];

    /// <summary>How long a peer has to answer an invoice with a cheque; a second to a day.</summary>
    /// <value>One minute.</value>
    public TimeSpan InvoiceDeadline { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a cheque is held at most before it is cashed, whatever its worth above the cost.</summary>
    /// <value>One day.</value>
    public TimeSpan CashDeadline { get; set; } = TimeSpan.FromDays(1);

    /// <summary>What cashing one cheque costs, in the token's base units: a cheque is cashed once it is worth fifty times as much.</summary>
    /// <value>Zero: each cheque is cashed at once.</value>
    public TokenAmount CashCost { get; set; }

    /// <summary>How often deposits are looked at, cheques cashed, and unanswered messages sent again.</summary>
    /// <value>One second.</value>
    public TimeSpan UpkeepInterval { get; set; } = TimeSpan.FromSeconds(1);

    internal PeerTerms TermsFor(int reputation)
    {
        var band = Bands.Where(band => reputation >= band.MinReputation).OrderByDescending(band => band.MinReputation).Select(band => (PaymentBand?)band).FirstOrDefault();
        return band is not { } found ? default
            : found.Threshold.TryToBaseUnits(out var threshold) && found.RefreshPerSecond.TryToBaseUnits(out var refresh) ? new PeerTerms(threshold, refresh)
            : throw new ArgumentException("A band lends more than all tokens.");
    }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(InvoiceDeadline, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(InvoiceDeadline, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CashDeadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(UpkeepInterval, TimeSpan.Zero);
        foreach (var band in Bands)
        {
            _ = TermsFor(band.MinReputation);
        }
    }

    private static PaymentBand Band(int minReputation, ulong threshold) => new(minReputation, threshold, threshold / 1000);
}
