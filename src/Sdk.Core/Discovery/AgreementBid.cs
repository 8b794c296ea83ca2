using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;

namespace Sdk.Core.Discovery;

/// <summary>
/// The buyer's side of one agreement, without any input or output: a proposal, what the provider answers, perhaps another proposal, until
/// there is a result. All proposals of one bid have one nonce, so that asking again after a crash or a lost answer cannot buy twice.
/// </summary>
internal sealed class AgreementBid
{
    /// <summary>Proposals of one bid: who has not agreed by then is haggling without end.</summary>
    public const int MaxProposals = 4;

    private readonly DeviceIdentity _device;
    private readonly TokenAmount _maxPrice;
    private readonly ulong _minQuantity;
    private readonly IReadOnlyList<PaymentMethod> _payments;
    private int _proposals = 1;

    private AgreementBid(
        ServiceOffer offer, DeviceIdentity device, AgreementProposal proposal, TokenAmount maxPrice, ulong minQuantity, IReadOnlyList<PaymentMethod> payments)
    {
        (Offer, _device, Proposal) = (offer, device, proposal);
        (_maxPrice, _minQuantity, _payments) = (maxPrice, minQuantity, payments);
    }

    public ServiceOffer Offer { get; }

    /// <summary>What is proposed now. Written down before it is sent.</summary>
    public AgreementProposal Proposal { get; private set; }

    /// <summary>Set once the bid has ended.</summary>
    public AgreementResult? Result { get; private set; }

    /// <summary>Begins a bid; a result and no bid where the offer itself shows that there can be no agreement.</summary>
    public static AgreementResult? TryBegin(
        ServiceOffer offer, ulong quantity, TimeSpan duration, AgreementOptions options, DeviceIdentity device, Hash256 nonce, DateTimeOffset now, out AgreementBid? bid)
    {
        bid = null;
        var payments = options.Payments.Count == 0 ? offer.Payments : options.Payments;
        if ((options.BidPerUnit ?? offer.PriceAt(options.BuyerReputation)) is not { } price)
        {
            return new AgreementResult(AgreementRefusal.Reputation);
        }

        // Offers name what they take, so that a first proposal with another means is in vain.
        if (!payments.Any(offer.Payments.Contains))
        {
            return new AgreementResult(AgreementRefusal.Payment, new CounterOffer(quantity, price, offer.Payments[0]));
        }

        var start = UnixTime.Truncate(options.Start ?? now, nameof(options));
        var end = start + TimeSpan.FromSeconds(Math.Floor(duration.TotalSeconds));
        if (quantity == 0 || quantity > offer.Capacity)
        {
            return new AgreementResult(AgreementRefusal.Quantity);
        }

        if (end <= start || end - start > offer.MaxDuration)
        {
            return new AgreementResult(AgreementRefusal.Duration);
        }

        if (!AgreementRules.TryTotal(offer, price, quantity, end - start, out var total))
        {
            return new AgreementResult(AgreementRefusal.Total);
        }

        var terms = new AgreementTerms
        {
            NetworkId = offer.NetworkId,
            OfferHash = offer.Hash,
            Buyer = device.Credential.Account,
            Provider = offer.Provider,
            Quantity = quantity,
            PricePerUnit = price,
            Total = total,
            Payment = payments.First(offer.Payments.Contains),
            Start = start,
            End = end,
            Nonce = nonce,
        };
        var maxPrice = options.MaxPricePerUnit is { } most && most > price ? most : price;
        bid = new AgreementBid(offer, device, AgreementProposal.Sign(terms, device), maxPrice, options.MinQuantity ?? quantity, payments);
        return null;
    }

    /// <summary>Takes up a bid again whose last proposal was written down. It goes no further than that proposal.</summary>
    public static AgreementBid Resume(PendingAgreement pending, DeviceIdentity device)
    {
        var terms = pending.Proposal.Terms;
        return new AgreementBid(pending.Offer, device, pending.Proposal, terms.PricePerUnit, terms.Quantity, [terms.Payment]);
    }

    /// <summary>Takes the provider's answer: the bid has a <see cref="Result"/> then, or a new <see cref="Proposal"/>.</summary>
    /// <exception cref="ProtocolViolationException">The signature is not the provider's, or the counter-offer is none.</exception>
    public void Receive(AgreementAnswer answer)
    {
        if (answer.Signature is { } signature)
        {
            Result = AgreementProposal.IsSignedBy(Proposal.Hash, signature, Offer.Credential.NodeKey)
                ? new AgreementResult(new Agreement(Offer, Proposal, signature))
                : throw new ProtocolViolationException("A provider signed something else than what it agreed to.");
        }
        else if (answer.Counter is { } counter)
        {
            Negotiate(counter);
        }
        else
        {
            Result = new AgreementResult(answer.Refusal!.Value);
        }
    }

    private void Negotiate(CounterOffer counter)
    {
        var terms = Proposal.Terms;
        var isOther = counter.Quantity != terms.Quantity || counter.PricePerUnit != terms.PricePerUnit || counter.Payment != terms.Payment;
        if (!isOther || counter.Quantity == 0 || counter.Quantity > terms.Quantity || !Offer.Payments.Contains(counter.Payment))
        {
            throw new ProtocolViolationException("A provider answered with a counter-offer that is none.");
        }

        var isPayable = AgreementRules.TryTotal(Offer, counter.PricePerUnit, counter.Quantity, terms.End - terms.Start, out var total);
        var beyond = counter.Quantity < _minQuantity ? AgreementRefusal.Capacity
            : counter.PricePerUnit > _maxPrice || !isPayable ? AgreementRefusal.Price
            : !_payments.Contains(counter.Payment) ? AgreementRefusal.Payment
            : _proposals == MaxProposals ? AgreementRefusal.Busy
            : (AgreementRefusal?)null;
        if (beyond is { } refusal)
        {
            Result = new AgreementResult(refusal, counter);
            return;
        }

        _proposals++;
        Proposal = AgreementProposal.Sign(
            terms with
            {
                Quantity = counter.Quantity,
                PricePerUnit = counter.PricePerUnit,
                Payment = counter.Payment,
                Total = total,
            },
            _device);
    }
}
