using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Fuzz.Targets;

/// <summary>What the sides of a transfer by hash locks tell each other.</summary>
internal sealed class TransferMessageTarget : FuzzTarget
{
    private TransferMessage? _message;

    public override string Name => "transfer-message";

    public override IReadOnlyList<byte[]> Words { get; } = [[0x01], [0x02], new byte[32], [.. Enumerable.Repeat((byte)0xFF, 32)]];

    public override bool Decode(object input) => TransferMessage.TryDecode((byte[])input, out _message);

    public override void Check(object input)
    {
        byte[] bytes = (byte[])input;
        Require(_message!.Encode().AsSpan().SequenceEqual(bytes), "There is one encoding of a message.");
        Require(_message is not TransferMessage.Proposal proposal || proposal.Terms.IsSound, "Terms are those of two locks.");
        Require(_message is not TransferMessage.Secret secret || secret.Shown.Hash == secret.SecretHash, "A secret is behind its hash.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        Hash256 shown = Hash256.Sha256("secret"u8);
        Hash256 hash = Hash256.Sha256(shown.Bytes);
        TransferLeg first = new(1, Samples.Key.Address, default, 300, Samples.Key.Address, Samples.Key.Address);
        TransferQuote quote = new(first, first with { ChainId = 2, Amount = TokenAmount.MaxValue });
        yield return new TransferMessage.Proposal(new TransferTerms(quote, hash, 2_000_000_000, 1_900_000_000), 7).Encode();
        _ = TransferSecret.TryOpen(shown, hash, out TransferSecret? secret);
        yield return new TransferMessage.Secret(hash, secret!).Encode();
    }
}
