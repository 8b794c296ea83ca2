using Sdk.Core.Ledger;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>How a node sells and buys services.</summary>
public sealed class ServiceOptions
{
    /// <summary>How many agreements the node keeps as a provider, those that ended a while ago included. Beyond, proposals are refused.</summary>
    /// <value>The default is 4096.</value>
    public int MaxAgreements { get; set; } = 4096;

    /// <summary>How many of them one buyer may have.</summary>
    /// <value>The default is 64.</value>
    public int MaxAgreementsPerBuyer { get; set; } = 64;

    /// <summary>How long an agreement is kept after its end.</summary>
    /// <value>The default is 90 days.</value>
    public TimeSpan KeepEnded { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long before its beginning an agreement can be made: capacity is taken from then on.</summary>
    /// <value>The default is a day.</value>
    public TimeSpan MaxStartAhead { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// The lowest price of a unit for a proposal, where the node gives away its goods for other prices than the offer's. It is asked while
    /// other proposals wait, so it is quick.
    /// </summary>
    /// <value>The default is null: the offer's price at the buyer's reputation.</value>
    public Func<ServiceOffer, AgreementTerms, TrustVerdict, TokenAmount>? LowestPrice { get; set; }

    /// <summary>The clock.</summary>
    internal TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <exception cref="ArgumentException">An option is out of range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAgreements, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAgreementsPerBuyer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeepEnded, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStartAhead, TimeSpan.Zero);
    }
}
