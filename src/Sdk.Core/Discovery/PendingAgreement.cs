using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Discovery;

/// <summary>
/// A proposal of this node's whose answer it does not know: it was sent, or was about to be. Asking again settles it, see
/// <see cref="ServiceDirectory.ResumeAsync"/>.
/// </summary>
public sealed class PendingAgreement
{
    /// <summary>The longest encoding, in bytes.</summary>
    internal const int MaxBytes = 1 + sizeof(ushort) + ServiceOffer.MaxBytes + AgreementProposal.MaxBytes;

    private const byte Version = 1;

    internal PendingAgreement(ServiceOffer offer, AgreementProposal proposal) => (Offer, Proposal) = (offer, proposal);

    /// <summary>The offer.</summary>
    public ServiceOffer Offer { get; }

    /// <summary>The terms that this node signed.</summary>
    public AgreementTerms Terms => Proposal.Terms;

    internal AgreementProposal Proposal { get; }

    internal byte[] Encode()
    {
        var writer = new FieldWriter().Byte(Version).UInt16((ushort)Offer.Encoded.Length).Put(Offer.Encoded.Span);
        Proposal.Write(writer);
        return writer.ToArray();
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PendingAgreement? pending)
    {
        pending = null;
        var reader = new FieldReader(bytes);
        if (reader.Byte() == Version && Agreement.TryReadOffer(ref reader, out var offer) && AgreementProposal.TryRead(ref reader, out var proposal) && reader.IsDone)
        {
            pending = new PendingAgreement(offer, proposal);
        }

        return pending is not null;
    }
}
