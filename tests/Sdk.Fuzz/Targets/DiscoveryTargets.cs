using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
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
