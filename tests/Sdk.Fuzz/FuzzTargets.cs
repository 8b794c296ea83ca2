using Sdk.Fuzz.Targets;

namespace Sdk.Fuzz;

/// <summary>Every decoder that reads from outside.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new VarintTarget(),
        new MultiaddrBinaryTarget(),
        new MultiaddrTextTarget(),
        new PeerIdBinaryTarget(),
        new PeerIdTextTarget(),
        new IdentityKeyTarget(),
        new IdentitySignatureTarget(),
        new CertificateTarget(),
        new MultistreamTarget(),
        new YamuxTarget(),
        new NoisePayloadTarget(),
        new NoiseHandshakeTarget(),
        new NoiseIdentityTarget(),
        new NoiseStreamTarget(),
        new EnvelopeTarget(),
        new IdentifyTarget(),
        new RelayTarget(),
        new VoucherTarget(),
        new AutoNatTarget(),
        new GossipTarget(),
        new NodeRecordTarget(),
        new OverlayFrameTarget(),
        new OverlayRecordTarget(),
        new AddressPrefixTarget(),
        new RoutedPacketTarget(),
        new ServiceOfferTarget(),
        new MdnsTarget(),
        new AgreementTarget(),
        new AgreementMessageTarget(),
        new SignedChequeTarget(),
        new PaymentMessageTarget(),
        new TransferMessageTarget(),
        new RlpTarget(),
        new TransactionTarget(),
        new AbiTypeTarget(),
        new AbiCodecTarget(),
        new TypedDataTarget(),
        new LedgerRequestTarget(),
        new LedgerAnswerTarget(),
        new LedgerOperationTarget(),
        new LedgerSnapshotTarget(),
        new JsonRpcTarget(),
    ];
}
