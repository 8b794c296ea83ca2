using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Discovery;

/// <summary>
/// A service that was sold: the offer, the terms, and the signatures of both sides' devices over the same digest. Each side keeps it, and
/// can show it to others as evidence. Immutable and safe for many threads.
/// </summary>
public sealed class Agreement
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxBytes = 1 + sizeof(ushort) + ServiceOffer.MaxBytes + AgreementProposal.MaxBytes + Signature.LengthBytes;

    private const byte Version = 1;

    private readonly AgreementProposal _proposal;

    internal Agreement(ServiceOffer offer, AgreementProposal proposal, Signature providerSignature) =>
        (Offer, _proposal, ProviderSignature) = (offer, proposal, providerSignature);

    /// <summary>The offer that was accepted.</summary>
    public ServiceOffer Offer { get; }

    /// <summary>What both signed.</summary>
    public AgreementTerms Terms => _proposal.Terms;

    /// <summary>The digest of the terms, which names the agreement.</summary>
    public Hash256 Hash => _proposal.Hash;

    /// <summary>The credential of the buyer's device.</summary>
    public DeviceCredential BuyerCredential => _proposal.Credential;

    /// <summary>The buyer's signature.</summary>
    public Signature BuyerSignature => _proposal.Signature;

    /// <summary>The signature of the provider's device, whose credential is the offer's.</summary>
    public Signature ProviderSignature { get; }

    /// <summary>Whether the service is on at a moment.</summary>
    public bool IsOn(DateTimeOffset now) => Terms.Start <= now && now < Terms.End;

    /// <summary>
    /// What is wrong with the agreement; null for a good one: both devices could trade for their accounts on this network when it began and
    /// signed it, and its terms are the offer's. Whether the price is the one that the offer names is not asked: they may have negotiated.
    /// </summary>
    public AgreementRefusal? FindFault(ulong networkId)
    {
        if (_proposal.FindFault(networkId, Terms.Start) is { } fault)
        {
            return fault;
        }

        if (Offer.FindFault(networkId, Offer.Issued) is not null || !Offer.Credential.Verify(networkId, Terms.Start))
        {
            return AgreementRefusal.UnknownOffer;
        }

        var isCountersigned = AgreementProposal.IsSignedBy(Hash, ProviderSignature, Offer.Credential.NodeKey);
        return AgreementRules.FindFault(Terms, Offer) ?? (isCountersigned ? null : AgreementRefusal.Signature);
    }

    /// <summary>The canonical encoding: version 1, the offer behind its length (two bytes, little-endian), the buyer's signed terms, the provider's signature.</summary>
    public byte[] Encode()
    {
        var writer = new FieldWriter().Byte(Version).UInt16((ushort)Offer.Encoded.Length).Put(Offer.Encoded.Span);
        _proposal.Write(writer);
        return writer.Signature(ProviderSignature).ToArray();
    }

    /// <summary>Reads the canonical encoding. Nothing is verified: <see cref="FindFault"/> does that.</summary>
    /// <exception cref="AgreementRefusedException">The bytes are not the canonical encoding of an agreement.</exception>
    public static Agreement Decode(ReadOnlySpan<byte> bytes) =>
        TryDecode(bytes, out var agreement) ? agreement : throw new AgreementRefusedException(AgreementRefusal.Malformed);

    /// <summary>Reads the canonical encoding; false for anything else. Nothing is verified: <see cref="FindFault"/> does that.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Agreement? agreement)
    {
        agreement = null;
        var reader = new FieldReader(bytes);
        if (reader.Byte() != Version || !TryReadOffer(ref reader, out var offer) || !AgreementProposal.TryRead(ref reader, out var proposal))
        {
            return false;
        }

        var signature = reader.Signature();
        agreement = reader.IsDone ? new Agreement(offer, proposal, signature) : null;
        return agreement is not null;
    }

    /// <summary>Buyer, provider, kind and end.</summary>
    public override string ToString() => $"{Terms.Buyer} buys {Terms.Quantity} of {Offer.Kind} from {Terms.Provider} until {Terms.End:u}";

    internal static bool TryReadOffer(ref FieldReader reader, [NotNullWhen(true)] out ServiceOffer? offer)
    {
        var length = reader.UInt16();
        if (length <= ServiceOffer.MaxBytes && ServiceOffer.TryDecode(reader.Take(length), out offer, out _))
        {
            return true;
        }

        offer = null;
        return false;
    }
}
