using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

public sealed partial class ServiceDirectory
{
    /// <summary>Proposals that wait for their answer; more are refused.</summary>
    private const int MaxWaiting = 64;

    /// <summary>Of them from one peer, so that one alone does not keep all others out.</summary>
    private const int MaxWaitingPerPeer = 16;

    private readonly ServiceOptions _options;
    private readonly ConcurrentDictionary<Hash256, Agreement> _bought = new();
    private readonly ConcurrentDictionary<Hash256, PendingAgreement> _pending = new();
    private readonly ConcurrentDictionary<Hash256, byte> _asking = new();
    private readonly Dictionary<PeerId, int> _waiting = [];

    /// <summary>Raised for each agreement that this node made as a provider, once it is kept. A handler is quick; what it throws is logged.</summary>
    public event Action<Agreement>? AgreementMade;

    /// <summary>The agreements that this node made as a buyer, those that ended within <see cref="ServiceOptions.KeepEnded"/> included.</summary>
    public IReadOnlyCollection<Agreement> Bought => [.. _bought.Values];

    /// <summary>Proposals of this node's whose answer it does not know.</summary>
    public IReadOnlyCollection<PendingAgreement> Pending => [.. _pending.Values];

    /// <summary>The agreements that this node made as a provider, those that ended within <see cref="ServiceOptions.KeepEnded"/> included.</summary>
    public async Task<IReadOnlyList<Agreement>> GetSoldAsync(CancellationToken cancellationToken = default)
    {
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            return [.. _desk.Sold];
        }
    }

    /// <summary>
    /// Accepts an offer: proposes to the provider, negotiates as far as the options allow, and keeps what both signed. If the provider's
    /// answer is lost, whether there is an agreement is unknown; <see cref="ResumeAsync"/> settles it.
    /// </summary>
    /// <param name="offer">The offer.</param>
    /// <param name="quantity">How much, counted as the offer's <see cref="ServiceUnit"/> says.</param>
    /// <param name="duration">How long; cut to whole seconds.</param>
    /// <param name="options">How far to negotiate; by default the offer's price for an unknown buyer is paid, and no more.</param>
    /// <param name="cancellationToken">Gives up; whether there is an agreement is unknown then.</param>
    /// <returns>The agreement, or why there is none.</returns>
    /// <exception cref="InvalidOfferException">The offer is forged or for another network.</exception>
    /// <exception cref="DialException">The provider cannot be reached; nothing was proposed.</exception>
    /// <exception cref="PeerRefusedException">The provider sells nothing; nothing was proposed.</exception>
    /// <exception cref="StreamResetException">The provider did not answer.</exception>
    /// <exception cref="ProtocolViolationException">The provider's answer is none.</exception>
    /// <exception cref="DiskFullException">The proposal or the agreement cannot be kept.</exception>
    public async Task<AgreementResult> AcceptAsync(
        ServiceOffer offer, ulong quantity, TimeSpan duration, AgreementOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(offer);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        var now = _time.GetUtcNow();
        if (offer.FindFault(_device.Credential.NetworkId, now) is { } fault)
        {
            return fault == OfferFault.Expired ? new AgreementResult(AgreementRefusal.OfferExpired) : throw new InvalidOfferException(fault);
        }

        if (!_device.Credential.Scopes.HasFlag(KeyScopes.Trade))
        {
            return new AgreementResult(AgreementRefusal.Scope);
        }

        if ((await _trust.JudgeAsync(offer.Provider, cancellationToken).ConfigureAwait(false)).IsBlocked)
        {
            return new AgreementResult(AgreementRefusal.Blocked);
        }

        var nonce = Hash256.FromBytes(RandomNumberGenerator.GetBytes(Hash256.LengthBytes));
        return AgreementBid.TryBegin(offer, quantity, duration, options ?? new AgreementOptions(), _device, nonce, now, out var bid)
            ?? await SettleAsync(bid!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks again for every agreement whose answer is not known, after a crash or a lost connection: with the same nonce, so that nothing is
    /// bought twice. Providers that do not answer now stay <see cref="Pending"/>.
    /// </summary>
    /// <returns>What is settled.</returns>
    public async Task<IReadOnlyList<AgreementResult>> ResumeAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        Sweep();
        var results = new List<AgreementResult>();
        foreach (var pending in _pending.Values.Where(one => !_asking.ContainsKey(one.Terms.Nonce)))
        {
            try
            {
                results.Add(await SettleAsync(AgreementBid.Resume(pending, _device), cancellationToken).ConfigureAwait(false));
            }
            catch (Exception error) when (error is DialException or PeerRefusedException or StreamResetException or ProtocolViolationException)
            {
                DiscoveryLog.Pending(_logger, error, pending.Terms.Provider);
            }
        }

        return results;
    }

    private async Task<AgreementResult> SettleAsync(AgreementBid bid, CancellationToken cancellationToken)
    {
        var nonce = bid.Proposal.Terms.Nonce;
        _asking[nonce] = 0;
        try
        {
            var connection = await DialAsync(bid.Offer, cancellationToken).ConfigureAwait(false);
            await AgreementProtocol.NegotiateAsync(connection, bid, () => Keep(bid), _time, cancellationToken).ConfigureAwait(false);
            var result = bid.Result!;
            if (result.Agreement is { } agreement)
            {
                _files.WriteBought(agreement);
                _bought[agreement.Hash] = agreement;
                DiscoveryLog.Bought(_logger, agreement, agreement.Hash);
            }
            else
            {
                _files.DeletePending(nonce);
            }

            _pending.TryRemove(nonce, out _);
            return result;
        }
        finally
        {
            _asking.TryRemove(nonce, out _);
        }
    }

    /// <summary>Writes a proposal down before it leaves: after a crash it is known what this node may be bound to.</summary>
    private void Keep(AgreementBid bid)
    {
        var pending = new PendingAgreement(bid.Offer, bid.Proposal);
        _files.WritePending(pending);
        _pending[pending.Terms.Nonce] = pending;
    }

    /// <summary>Connects to the provider: at what is known of it, at what the offer names, or where the overlay says that it is now.</summary>
    private async Task<Connection> DialAsync(ServiceOffer offer, CancellationToken cancellationToken)
    {
        Learn(offer.Addresses);
        try
        {
            return await _network.DialAsync(offer.Peer, cancellationToken).ConfigureAwait(false);
        }
        catch (DialException error) when (offer.Overlay is not null)
        {
            DiscoveryLog.ProviderGone(_logger, error, offer.Provider);
            var located = await _board.LocateAsync(offer.Overlay.Value, cancellationToken).ConfigureAwait(false);
            return await DialAsync([.. located.Where(address => address.Peer == offer.Peer && !error.Failures.ContainsKey(address.ToString()))], cancellationToken)
                .ConfigureAwait(false)
                ?? throw new DialException($"The provider {offer.Provider} is neither where its offer says, nor where the overlay does.", error);
        }
    }

    private async Task<Connection?> DialAsync(IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        foreach (var address in addresses)
        {
            try
            {
                return await _network.DialAsync(address, cancellationToken).ConfigureAwait(false);
            }
            catch (DialException error)
            {
                DiscoveryLog.AddressFailed(_logger, error, address);
            }
        }

        return null;
    }

    /// <summary>Of the addresses that somebody names, only those with the widest reach: a stranger on the public network sends nobody to his neighbours.</summary>
    private void Learn(IReadOnlyList<Multiaddr> addresses)
    {
        foreach (var address in addresses.Where(address => address.Reach == addresses.Max(other => other.Reach)))
        {
            _network.AddressBook.Add(address, AddressBook.LearntLifetime);
        }
    }

    /// <summary>The provider's side: one proposal after the other is judged, written down and answered.</summary>
    private async Task<AgreementAnswer> AnswerAsync(AgreementProposal proposal, PeerId asker, CancellationToken cancellationToken)
    {
        var answer = await JudgeAsync(proposal, asker, cancellationToken).ConfigureAwait(false);
        if (answer.Refusal is { } refusal)
        {
            DiscoveryTelemetry.Refused(refusal);
            DiscoveryLog.Refused(_logger, proposal.Terms.Buyer, refusal);
        }
        else if (answer.Counter is { } counter)
        {
            DiscoveryLog.Countered(_logger, proposal.Terms.Buyer, counter);
        }

        return answer;
    }

    private async Task<AgreementAnswer> JudgeAsync(AgreementProposal proposal, PeerId asker, CancellationToken cancellationToken)
    {
        if (proposal.Peer != asker)
        {
            return AgreementRefusal.NotTheBuyer;
        }

        if (!TryWait(asker))
        {
            return AgreementRefusal.Busy;
        }

        try
        {
            var buyer = await _trust.JudgeAsync(proposal.Terms.Buyer, cancellationToken).ConfigureAwait(false);

            // Signatures are dear: only what is worth it is verified, and not while the others wait. The second time they are known.
            using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
            {
                if (_desk.Preview(proposal, buyer, _time.GetUtcNow()) is { } refusal)
                {
                    return refusal;
                }
            }

            _ = proposal.FindFault(_device.Credential.NetworkId, _time.GetUtcNow());
            return await SettleAsync(proposal, asker, buyer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            StopWaiting(asker);
        }
    }

    private async Task<AgreementAnswer> SettleAsync(AgreementProposal proposal, PeerId asker, TrustVerdict buyer, CancellationToken cancellationToken)
    {
        AgreementAnswer answer;
        Agreement? made;
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            var now = _time.GetUtcNow();
            foreach (var old in _desk.Sweep(now))
            {
                _files.DeleteSold(old);
            }

            answer = _desk.Judge(proposal, asker, buyer, now, out made);
            if (made is not null)
            {
                _files.WriteSold(made);
                _desk.Enter(made);
            }
        }

        if (made is not null)
        {
            DiscoveryTelemetry.Agreed();
            DiscoveryLog.Sold(_logger, made, made.Hash);
            Raise(made);
        }

        return answer;
    }

    private bool TryWait(PeerId asker)
    {
        lock (_waiting)
        {
            var own = _waiting.GetValueOrDefault(asker);
            if (own >= MaxWaitingPerPeer || _waiting.Values.Sum() >= MaxWaiting)
            {
                return false;
            }

            _waiting[asker] = own + 1;
            return true;
        }
    }

    private void StopWaiting(PeerId asker)
    {
        lock (_waiting)
        {
            if (--_waiting[asker] == 0)
            {
                _waiting.Remove(asker);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's error is its own: the agreement stands, and the error is logged.")]
    private void Raise(Agreement agreement)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(AgreementMade))
        {
            try
            {
                listener(agreement);
            }
            catch (Exception error)
            {
                DiscoveryLog.ListenerFailed(_logger, error);
            }
        }
    }

    /// <summary>Takes over what an earlier process left.</summary>
    private void Restore()
    {
        var now = _time.GetUtcNow();
        foreach (var offer in _files.ReadOffers())
        {
            _lastVersion = Math.Max(_lastVersion, offer.Version);
            if (now < offer.Expires && offer.Credential.Device == _device.Device)
            {
                _desk.Publish(offer, now);
            }
        }

        foreach (var sold in _files.ReadSold())
        {
            _desk.Enter(sold);
        }

        foreach (var bought in _files.ReadBought())
        {
            _bought[bought.Hash] = bought;
        }

        foreach (var pending in _files.ReadPending())
        {
            _pending[pending.Terms.Nonce] = pending;
        }

        Sweep();
    }

    /// <summary>Lets go of a buyer's papers that nobody needs any more.</summary>
    private void Sweep()
    {
        var now = _time.GetUtcNow();
        foreach (var old in _bought.Values.Where(one => one.Terms.End + _options.KeepEnded <= now))
        {
            _files.DeleteBought(old);
            _bought.TryRemove(old.Hash, out _);
        }

        // Answered already, when the process fell between two files; or over, agreed or not.
        var answered = _bought.Values.Select(one => one.Terms.Nonce).ToHashSet();
        foreach (var pending in _pending.Values.Where(one => one.Terms.End <= now || answered.Contains(one.Terms.Nonce)))
        {
            _files.DeletePending(pending.Terms.Nonce);
            _pending.TryRemove(pending.Terms.Nonce, out _);
        }
    }
}
