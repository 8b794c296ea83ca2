using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;

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
