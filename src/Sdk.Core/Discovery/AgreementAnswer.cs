using Sdk.Core.Cryptography;

namespace Sdk.Core.Discovery;

/// <summary>What a provider says to a proposal: one of the three is there.</summary>
internal readonly record struct AgreementAnswer(Signature? Signature, CounterOffer? Counter, AgreementRefusal? Refusal)
{
    public static implicit operator AgreementAnswer(Signature signature) => new(signature, null, null);

    public static implicit operator AgreementAnswer(CounterOffer counter) => new(null, counter, null);

    public static implicit operator AgreementAnswer(AgreementRefusal refusal) => new(null, null, refusal);
}
