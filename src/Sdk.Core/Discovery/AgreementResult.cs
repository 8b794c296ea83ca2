namespace Sdk.Core.Discovery;

/// <summary>How an attempt to agree came out: an agreement, or the provider's reason, perhaps with what it would have agreed to.</summary>
public sealed record AgreementResult
{
    internal AgreementResult(Agreement agreement) => Agreement = agreement;

    internal AgreementResult(AgreementRefusal refusal, CounterOffer? counter = null) => (Refusal, Counter) = (refusal, counter);

    /// <summary>The agreement, signed by both and kept by both; null where there is none.</summary>
    public Agreement? Agreement { get; }

    /// <summary>Why there is none; null where there is one.</summary>
    public AgreementRefusal? Refusal { get; }

    /// <summary>What the provider would have agreed to, where that was beyond the buyer's <see cref="AgreementOptions"/>.</summary>
    public CounterOffer? Counter { get; }

    /// <summary>The agreement, for callers that cannot go on without one.</summary>
    /// <exception cref="AgreementRefusedException">There is none.</exception>
    public Agreement GetAgreement() => Agreement ?? throw new AgreementRefusedException(Refusal!.Value);
}
