using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Discovery.Wire;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// Service offers. Keys of a credential are points of curves that are checked when it is read, which costs some 40 KiB; addresses cost what
/// <see cref="MultiaddrBinaryTarget"/> says, of which there are at most 8.
/// </summary>
internal sealed class ServiceOfferTarget : FuzzTarget
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private ServiceOffer? _offer;

    public override string Name => "service-offer";

    public override long ConstantBytes => 128 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x02, (byte)'D', (byte)'E'], [0x07, .. "storage"u8], [0x06, .. "cheque"u8], [0x00], [0x01], [0x08]];

    public override bool Decode(object input) => ServiceOffer.TryDecode((byte[])input, out _offer, out _);

    public override void Check(object input)
    {
        Require(_offer!.Encoded.Span.SequenceEqual((byte[])input), "There is one encoding of an offer.");
        Require(((byte[])input).Length <= ServiceOffer.MaxBytes, "The limit holds.");
        Require(OfferCodec.Write(_offer).AsSpan().SequenceEqual(_offer.Encoded.Span[..^Signature.LengthBytes]), "What is read is written the same.");
        Require(_offer.PriceAt(1000) is not null, "The best are served.");
        Require(
            _offer.FindFault(NodeOptions.LocalNetworkId, Now) is not null || Corpus.Any(genuine => genuine.AsSpan().SequenceEqual((byte[])input)),
            "Nobody forges an offer.");
    }

    internal static IEnumerable<ServiceOffer> Samples()
    {
        var small = new ServiceOfferDraft(ServiceKind.Relay, ServiceUnit.Mebibyte) { Prices = [new(0, 1)], Capacity = 1 };
        yield return Sign(small, []);
        var large = new ServiceOfferDraft(ServiceKind.Storage, ServiceUnit.GibibyteMonth)
        {
            Number = 7,
            Prices = [new(0, TokenAmount.MaxValue), new(500, TokenAmount.OneToken), new(1000, 0)],
            Capacity = ulong.MaxValue,
            Region = "DE",
            Payments = [PaymentMethod.Cheque, PaymentMethod.Escrow, PaymentMethod.Free],
            TermsHash = Hash256.Sha256([1], [2]),
            Attributes = new Dictionary<string, string> { ["speed"] = "1 Gbit/s", ["contact"] = "名前" },
        };
        yield return Sign(large, Fuzz.Samples.Addresses.Take(3).Select(Multiaddr.Parse));
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Samples().Select(offer => offer.Encoded.ToArray());

    private static ServiceOffer Sign(ServiceOfferDraft draft, IEnumerable<Multiaddr> addresses) =>
        ServiceOffer.Sign(draft, Fuzz.Samples.Device, addresses, draft.TermsHash, version: 3, Now);
}

/// <summary>Agreements as they are kept and shown, of which what a buyer sends, and what a buyer keeps meanwhile, are parts.</summary>
internal sealed class AgreementTarget : FuzzTarget
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private Agreement? _agreement;
    private PendingAgreement? _pending;
    private AgreementProposal? _proposal;

    public override string Name => "agreement";

    /// <summary>Three decoders, each of which may check the points of two credentials.</summary>
    public override long ConstantBytes => 384 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x06, .. "cheque"u8], [0x00], [0x01], [0xFF, 0xFF]];

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        var isAny = Agreement.TryDecode(bytes, out _agreement);
        isAny |= PendingAgreement.TryDecode(bytes, out _pending);
        return AgreementProposal.TryDecode(bytes, out _proposal) || isAny;
    }

    public override void Check(object input)
    {
        var bytes = (byte[])input;
        var again = _agreement?.Encode() ?? _pending?.Encode() ?? _proposal!.Encode();
        Require(again.AsSpan().SequenceEqual(bytes), "There is one encoding of what was accepted.");
        var isGood = _agreement?.FindFault(NodeOptions.LocalNetworkId) is null && _proposal?.FindFault(NodeOptions.LocalNetworkId, Now) is null && _pending is null;
        Require(!isGood || Corpus.Any(genuine => genuine.AsSpan().SequenceEqual(bytes)), "Nobody forges an agreement.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        foreach (var offer in ServiceOfferTarget.Samples())
        {
            var options = new AgreementOptions { BidPerUnit = 5 };
            Require(
                AgreementBid.TryBegin(offer, 1, TimeSpan.FromHours(1), options, Samples.Device, offer.Hash, Now, out var bid) is null,
                "The samples can be sold.");
            var proposal = bid!.Proposal;
            yield return proposal.Encode();
            yield return new PendingAgreement(offer, proposal).Encode();
            yield return new Agreement(offer, proposal, Samples.Device.NodeKey.SignDigest(proposal.Hash.Bytes)).Encode();
        }
    }
}

/// <summary>Both messages of the agreement protocol: the buyer's is tried first, then the provider's.</summary>
internal sealed class AgreementMessageTarget : MessageTarget
{
    private AnswerMessage? _answer;

    public override string Name => "agreement-message";

    public override bool Decode(object input)
    {
        _ = Read(input, ProposeMessage.Parser, AgreementProtocol.MaxMessageBytes);
        _answer = Read(input, AnswerMessage.Parser, AgreementProtocol.MaxMessageBytes);
        return AgreementProtocol.FromWire(_answer) != default;
    }

    public override void Check(object input)
    {
        var answer = AgreementProtocol.FromWire(_answer!);
        Require(AgreementProtocol.FromWire(AgreementProtocol.ToWire(answer)) == answer, "What is written is read again.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return Frame(AgreementProtocol.ToWire(Samples.Key.SignDigest(new byte[32])));
        yield return Frame(AgreementProtocol.ToWire(AgreementRefusal.Capacity));
        yield return Frame(AgreementProtocol.ToWire(new CounterOffer(3, TokenAmount.MaxValue, PaymentMethod.Cheque)));
    }
}
