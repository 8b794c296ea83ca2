using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>
/// The provider's side of agreements, without any input or output: what is on offer, what is sold, and the answer to a proposal. What is sold
/// counts against its offer's capacity from the moment it is countersigned until it ends. Not thread-safe: who uses it sees to it that
/// one proposal is settled, written down and entered, before the next is judged.
/// </summary>
internal sealed class AgreementDesk(DeviceIdentity device, ServiceOptions options)
{
    /// <summary>How long the version before the last is honoured: buyers that found it are under way.</summary>
    public static readonly TimeSpan OldVersionGrace = TimeSpan.FromMinutes(10);

    private readonly List<Published> _offers = [];
    private readonly Dictionary<(AccountAddress Buyer, Hash256 Nonce), Agreement> _sold = [];

    /// <summary>What is on offer now, the newest version of each.</summary>
    public IEnumerable<ServiceOffer> Offers => _offers.Where(one => one.HonouredUntil is null).Select(one => one.Offer);

    public IReadOnlyCollection<Agreement> Sold => _sold.Values;

    /// <summary>Puts an offer of this device's on sale; one under the same number is honoured a little longer.</summary>
    public void Publish(ServiceOffer offer, DateTimeOffset now)
    {
        _offers.RemoveAll(one => one.HonouredUntil <= now || one.Offer.Expires <= now);
        for (var i = 0; i < _offers.Count; i++)
        {
            if (_offers[i] is { HonouredUntil: null } old && old.Offer.Number == offer.Number)
            {
                _offers[i] = old with { HonouredUntil = now + OldVersionGrace };
            }
        }

        _offers.Add(new Published(offer, null));
    }

    /// <summary>Takes an offer off sale at once, all versions of it. What was sold stays sold.</summary>
    public ServiceOffer? Withdraw(uint number)
    {
        var newest = Offers.FirstOrDefault(offer => offer.Number == number);
        _offers.RemoveAll(one => one.Offer.Number == number);
        return newest;
    }

    /// <summary>What is left of an offer's capacity.</summary>
    public ulong LeftOf(ServiceOffer offer, DateTimeOffset now)
    {
        var left = offer.Capacity;
        foreach (var sold in _sold.Values)
        {
            if (sold.Offer.Number == offer.Number && now < sold.Terms.End)
            {
                // A newer version may have less capacity than older ones sold.
                left -= Math.Min(left, sold.Terms.Quantity);
            }
        }

        return left;
    }

    /// <summary>Enters an agreement that is written down.</summary>
    public void Enter(Agreement agreement) => _sold[(agreement.Terms.Buyer, agreement.Terms.Nonce)] = agreement;

    /// <summary>Forgets agreements that ended so long ago that nobody asks for them any more.</summary>
    public IReadOnlyList<Agreement> Sweep(DateTimeOffset now)
    {
        var old = _sold.Values.Where(one => one.Terms.End + options.KeepEnded <= now).ToArray();
        foreach (var agreement in old)
        {
            _sold.Remove((agreement.Terms.Buyer, agreement.Terms.Nonce));
        }

        return old;
    }

    /// <summary>What refuses a proposal without a look at its signatures; null where they are worth a look.</summary>
    public AgreementRefusal? Preview(AgreementProposal proposal, TrustVerdict buyer, DateTimeOffset now) =>
        FindSold(proposal) is null ? Refusal(proposal.Terms, buyer, now, out _) : null;

    /// <summary>The answer to a proposal. Where it is an agreement that was not there before, the caller writes it down and enters it before it answers.</summary>
    /// <param name="proposal">What is proposed.</param>
    /// <param name="asker">Who asks, as its connection proves.</param>
    /// <param name="buyer">What this node thinks of the buyer.</param>
    /// <param name="now">The time.</param>
    /// <param name="agreement">The agreement that is to be written down; null where there is nothing new.</param>
    public AgreementAnswer Judge(AgreementProposal proposal, PeerId asker, TrustVerdict buyer, DateTimeOffset now, out Agreement? agreement)
    {
        agreement = null;
        var terms = proposal.Terms;
        if (proposal.Peer != asker)
        {
            return AgreementRefusal.NotTheBuyer;
        }

        // Whoever asks again gets the same answer, whatever has changed since.
        if (FindSold(proposal) is { } existing)
        {
            return existing.Hash == proposal.Hash ? existing.ProviderSignature : AgreementRefusal.NonceUsed;
        }

        if ((Refusal(terms, buyer, now, out var offer) ?? proposal.FindFault(device.Credential.NetworkId, now)) is { } refusal)
        {
            return refusal;
        }

        if (Counter(terms, offer!, buyer, now, out var counter) is { } none)
        {
            return none;
        }

        if (counter.Quantity != terms.Quantity || counter.PricePerUnit != terms.PricePerUnit || counter.Payment != terms.Payment)
        {
            return counter;
        }

        agreement = new Agreement(offer!, proposal, device.NodeKey.SignDigest(proposal.Hash.Bytes));
        return agreement.ProviderSignature;
    }

    private Agreement? FindSold(AgreementProposal proposal) =>
        _sold.TryGetValue((proposal.Terms.Buyer, proposal.Terms.Nonce), out var existing)
        && existing.BuyerCredential.NodeKey.Equals(proposal.Credential.NodeKey) ? existing : null;

    private AgreementRefusal? Refusal(AgreementTerms terms, TrustVerdict buyer, DateTimeOffset now, out ServiceOffer? offer)
    {
        offer = _offers.FirstOrDefault(one => one.Offer.Hash == terms.OfferHash && !(one.HonouredUntil <= now)).Offer;
        return buyer.IsBlocked ? AgreementRefusal.Blocked
            : terms.NetworkId != device.Credential.NetworkId ? AgreementRefusal.WrongNetwork
            : offer is null ? AgreementRefusal.UnknownOffer
            : now >= offer.Expires ? AgreementRefusal.OfferExpired
            : AgreementRules.FindFault(terms, offer) is { } fault && fault != AgreementRefusal.Payment ? fault
            : terms.Start < now - AgreementRules.StartTolerance || terms.Start > now + options.MaxStartAhead ? AgreementRefusal.Start
            : CountOf(terms.Buyer) >= options.MaxAgreementsPerBuyer || _sold.Count >= options.MaxAgreements ? AgreementRefusal.TooMany
            : null;
    }

    /// <summary>What this node would agree to; a refusal where there is nothing.</summary>
    private AgreementRefusal? Counter(AgreementTerms terms, ServiceOffer offer, TrustVerdict buyer, DateTimeOffset now, out CounterOffer counter)
    {
        counter = null!;
        if (offer.PriceAt(buyer.Score) is not { } price)
        {
            return AgreementRefusal.Reputation;
        }

        var left = LeftOf(offer, now);
        if (left == 0)
        {
            return AgreementRefusal.Capacity;
        }

        var lowest = options.LowestPrice?.Invoke(offer, terms, buyer) ?? price;
        counter = new CounterOffer(
            Math.Min(left, terms.Quantity),
            terms.PricePerUnit < lowest ? lowest : terms.PricePerUnit,
            offer.Payments.Contains(terms.Payment) ? terms.Payment : offer.Payments[0]);
        return null;
    }

    private int CountOf(AccountAddress buyer) => _sold.Keys.Count(key => key.Buyer == buyer);

    private readonly record struct Published(ServiceOffer Offer, DateTimeOffset? HonouredUntil);
}
