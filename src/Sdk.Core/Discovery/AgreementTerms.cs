using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>What buyer and provider agree on, word for word: both sign the same digest of it.</summary>
/// <remarks>
/// Typed data (EIP-712): domain <c>EIP712Domain(string name,string version,uint256 chainId)</c> with name <c>Sdk</c>, version <c>1</c> and the
/// network id as chain id; struct <c>ServiceAgreement(bytes32 offer,address buyer,address provider,uint64 quantity,uint256 pricePerUnit,uint256
/// total,string payment,uint64 start,uint64 end,bytes32 nonce)</c>.
/// </remarks>
public sealed record AgreementTerms
{
    private const string EncodedType =
        "ServiceAgreement(bytes32 offer,address buyer,address provider,uint64 quantity,uint256 pricePerUnit,uint256 total,"
        + "string payment,uint64 start,uint64 end,bytes32 nonce)";

    /// <summary>The network that the agreement is good for.</summary>
    public required ulong NetworkId { get; init; }

    /// <summary>The offer, by its <see cref="ServiceOffer.Hash"/>.</summary>
    public required Hash256 OfferHash { get; init; }

    /// <summary>The account that pays.</summary>
    public required AccountAddress Buyer { get; init; }

    /// <summary>The account that provides and is paid.</summary>
    public required AccountAddress Provider { get; init; }

    /// <summary>How much, counted as the offer's <see cref="ServiceUnit"/> says.</summary>
    public required ulong Quantity { get; init; }

    /// <summary>The price of one unit.</summary>
    public required TokenAmount PricePerUnit { get; init; }

    /// <summary>The price of it all, see <see cref="ServiceOffer.TotalOf"/>.</summary>
    public required TokenAmount Total { get; init; }

    /// <summary>How it is paid.</summary>
    public required PaymentMethod Payment { get; init; }

    /// <summary>When the service begins; whole seconds.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>The first moment at which the agreement has ended; whole seconds.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>Drawn by the buyer, one for each agreement: asking again with the same nonce asks for the same agreement.</summary>
    public required Hash256 Nonce { get; init; }

    /// <summary>What both sign.</summary>
    public Hash256 Digest() => TypedStruct.Digest(
        TypedStruct.Domain("Sdk", "1", NetworkId),
        new TypedStruct(EncodedType)
            .Add(OfferHash)
            .Add(Buyer)
            .Add(Provider)
            .Add(Quantity)
            .Add(PricePerUnit.ToWord())
            .Add(Total.ToWord())
            .Add(Payment.Name)
            .Add(UnixTime.Seconds(Start))
            .Add(UnixTime.Seconds(End))
            .Add(Nonce)
            .Hash());
}
