using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;
using Sdk.Core.Protocols;
using Sdk.Core.Protocols.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>Cheques as they travel and are kept.</summary>
internal sealed class SignedChequeTarget : FuzzTarget
{
    private static readonly ChequeDomain Domain = new(31337, AccountAddress.FromBytes(new byte[20]));

    private SignedCheque? _cheque;

    public override string Name => "signed-cheque";

    public override IReadOnlyList<byte[]> Words { get; } = [[0x01], [27], [28], new byte[32], [.. Enumerable.Repeat((byte)0xFF, 32)]];

    public override bool Decode(object input) => SignedCheque.TryDecode((byte[])input, out _cheque);

    public override void Check(object input)
    {
        byte[] bytes = (byte[])input;
        Require(_cheque!.Encode().AsSpan().SequenceEqual(bytes), "There is one encoding of a cheque.");
        Require(!Domain.Verify(_cheque) || Corpus.Any(genuine => genuine.AsSpan().SequenceEqual(bytes)), "Nobody forges a cheque.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        foreach (TokenAmount payout in new TokenAmount[] { 0, 1, TokenAmount.OneToken, TokenAmount.MaxValue })
        {
            yield return Domain.Sign(new Cheque(Samples.Key.Address, Domain.Vault, payout), Samples.Key).Encode();
        }
    }
}

/// <summary>Messages of the payment protocol. An announcement holds a credential, whose points are checked.</summary>
internal sealed class PaymentMessageTarget : MessageTarget
{
    private PaymentAnnouncement? _announcement;

    public override string Name => "payment-message";

    public override long ConstantBytes => 128 * 1024;

    public override bool Decode(object input)
    {
        PaymentMessage message = Read(input, PaymentMessage.Parser, PaymentProtocol.MaxMessageBytes);
        _announcement = null;
        switch (message.KindCase)
        {
            case PaymentMessage.KindOneofCase.Announce:
                _announcement = PaymentProtocol.AnnouncementOf(message);
                return true;
            case PaymentMessage.KindOneofCase.Invoice:
                return PaymentProtocol.AmountOf(message.Invoice.CumulativePayout) >= 0;
            case PaymentMessage.KindOneofCase.Acknowledge:
                return PaymentProtocol.AmountOf(message.Acknowledge.CumulativePayout) >= 0;
            default:
                return SignedCheque.TryDecode(message.Cheque.Span, out _);
        }
    }

    public override void Check(object input)
    {
        if (_announcement is not null)
        {
            PaymentAnnouncement again = PaymentProtocol.AnnouncementOf(PaymentProtocol.ToWire(_announcement));
            Require(again with { Credential = _announcement.Credential } == _announcement, "What is written is read again.");
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return Frame(PaymentProtocol.ToWire(new PaymentAnnouncement(
            Samples.Device.Credential, 31337, Samples.Key.Address, Samples.Key.Address, new PeerTerms(1_000_000, 1_000), 60)));
        yield return Frame(new PaymentMessage { Invoice = new InvoiceMessage { CumulativePayout = PaymentProtocol.ToWire(7) } });
        yield return Frame(new PaymentMessage { Acknowledge = new AcknowledgeMessage { CumulativePayout = PaymentProtocol.ToWire(7), Refusal = 3 } });
        yield return Frame(new PaymentMessage { Cheque = Google.Protobuf.ByteString.CopyFrom(new SignedChequeTarget().Corpus[1]) });
    }
}
