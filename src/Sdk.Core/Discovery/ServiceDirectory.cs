using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Persistence;
using Sdk.Core.Trust;

namespace Sdk.Core.Discovery;

/// <summary>
/// Services that a node sells and buys: it announces offers in the overlay, finds those of others by kind, and makes agreements that both
/// sides sign and keep. Thread-safe.
/// </summary>
/// <remarks>
/// With a data directory, agreements, proposals without an answer and own offers survive the node. Announced offers are renewed at half of
/// their lifetime until they are withdrawn; offers from before a restart are honoured until they expire, and renewed once announced again.
/// </remarks>
public sealed partial class ServiceDirectory : IAsyncDisposable
{
    /// <summary>Keys that one search asks for at the same time.</summary>
    private const int ParallelQuestions = 4;

    /// <summary>Regions that one search can name: each is a round of questions.</summary>
    private const int MaxRegions = 16;

    /// <summary>How often is looked whether an offer is due to be renewed, or still has to be put up.</summary>
    private static readonly TimeSpan UpkeepInterval = TimeSpan.FromMinutes(1);

    private readonly Switch _network;
    private readonly DeviceIdentity _device;
    private readonly IOfferBoard _board;
    private readonly ITrustPolicy _trust;
    private readonly Hash256? _overlayNonce;
    private readonly AgreementFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _upkeep;
    private int _isDisposed;

    // ---- One at a time, across writes to the disk ----
    private readonly SemaphoreSlim _turn = new(1);
    private readonly AgreementDesk _desk;
    private readonly HashSet<uint> _announced = [];
    private readonly HashSet<Hash256> _notPutUp = [];
    private ulong _lastVersion;

    internal ServiceDirectory(
        Switch network, DeviceIdentity device, IOfferBoard board, ITrustPolicy trust, Hash256? overlayNonce, DataDirectory? directory, ServiceOptions options)
    {
        options.Validate();
        (_network, _device, _board, _trust, _overlayNonce) = (network, device, board, trust, overlayNonce);
        (_files, _time, _options) = (new AgreementFiles(directory), options.TimeProvider, options);
        _logger = network.LoggerFactory.CreateLogger(typeof(ServiceDirectory).FullName!);
        _desk = new AgreementDesk(device, options);
        Restore();
        network.Register(new AgreementProtocol(AnswerAsync, _time));
        _upkeep = Task.Run(UpkeepAsync);
    }

    /// <summary>Announces an offer, in place of the one that had its number, and renews it until it is withdrawn.</summary>
    /// <returns>The offer as it was signed. Renewed ones have higher versions. Where the overlay does not take it now, it is put up as soon as it does.</returns>
    /// <exception cref="ArgumentException">The draft is beyond the limits.</exception>
    /// <exception cref="InvalidOfferException">The account does not let this device trade (<see cref="KeyScopes.Trade"/>), or its credential has expired.</exception>
    /// <exception cref="DiskFullException">The offer cannot be kept.</exception>
    public async Task<ServiceOffer> AnnounceAsync(ServiceOfferDraft draft, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        var (offer, before) = await PublishAsync(
            (version, now) => ServiceOffer.Sign(draft, _device, _network.ListenAddresses, _overlayNonce, version, now), draft.Number, cancellationToken).ConfigureAwait(false);
        if (before is not null)
        {
            // What the old one said of kind or region may have led elsewhere.
            foreach (var key in OfferPlaces.Of(before).Except(OfferPlaces.Of(offer)))
            {
                await _board.RemoveAsync(key, offer.Version, cancellationToken).ConfigureAwait(false);
            }
        }

        await PostAsync(offer, cancellationToken).ConfigureAwait(false);
        return offer;
    }

    /// <summary>Takes an offer back: nobody finds it or can accept it any more. Agreements about it stand.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> WithdrawAsync(uint number, CancellationToken cancellationToken = default)
    {
        ServiceOffer? offer;
        ulong version;
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            _announced.Remove(number);
            _files.DeleteOffer(number);
            offer = _desk.Withdraw(number);
            version = NextVersion(_time.GetUtcNow());
        }

        foreach (var key in offer is null ? [] : OfferPlaces.Of(offer))
        {
            await _board.RemoveAsync(key, version, cancellationToken).ConfigureAwait(false);
        }

        return offer is not null;
    }

    /// <summary>This node's offers that can be accepted now.</summary>
    public async Task<IReadOnlyList<ServiceOffer>> GetOffersAsync(CancellationToken cancellationToken = default)
    {
        var now = _time.GetUtcNow();
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            return [.. _desk.Offers.Where(offer => now < offer.Expires)];
        }
    }

    /// <summary>
    /// Finds offers of others, and this node's own. Forged, expired and foreign ones, and those of providers that this node has no dealings
    /// with, are left out.
    /// </summary>
    /// <returns>The cheapest first at the buyer's reputation, then by the provider's; offers with different units one unit after the other.</returns>
    /// <exception cref="ArgumentException">The filter makes no sense.</exception>
    public async Task<IReadOnlyList<ServiceOffer>> FindAsync(OfferFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        filter.Validate();
        if (filter.Regions.Count > MaxRegions)
        {
            throw new ArgumentException($"A search names at most {MaxRegions} regions.", nameof(filter));
        }

        var keys = filter.Regions.Count == 0
            ? OfferPlaces.Of(filter.Kind, region: null)
            : filter.Regions.Distinct().SelectMany(region => OfferPlaces.Of(filter.Kind, region));
        var found = new Dictionary<Hash256, ServiceOffer>();
        var gate = new Lock();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelQuestions, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(keys, parallel, async (key, token) =>
        {
            foreach (var encoded in await _board.GetAsync(key, token).ConfigureAwait(false))
            {
                if (Read(encoded.Span) is { } offer)
                {
                    lock (gate)
                    {
                        found[offer.Hash] = offer;
                    }
                }
            }
        }).ConfigureAwait(false);

        var judged = new List<(ServiceOffer, TrustVerdict)>();
        foreach (var offer in found.Values)
        {
            judged.Add((offer, await _trust.JudgeAsync(offer.Provider, cancellationToken).ConfigureAwait(false)));
        }

        return OfferRanking.Rank(judged, filter);
    }

    /// <summary>Stops selling and renewing. What was announced expires.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _upkeep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        _network.Unregister(AgreementProtocol.Name);

        // Whoever has its turn finishes it: an agreement is written down or not made.
        await _turn.WaitAsync().ConfigureAwait(false);
        _turn.Release();
        _stopping.Dispose();
    }

    private async Task<(ServiceOffer Offer, ServiceOffer? Before)> PublishAsync(
        Func<ulong, DateTimeOffset, ServiceOffer> sign, uint number, CancellationToken cancellationToken)
    {
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            var now = _time.GetUtcNow();
            var offer = sign(NextVersion(now), now);

            // Better told here than refused by everybody: the device may not be allowed to trade, or its credential has run out.
            if (offer.FindFault(_device.Credential.NetworkId, now) is { } fault)
            {
                throw new InvalidOfferException(fault);
            }

            var before = _desk.Offers.FirstOrDefault(one => one.Number == number);
            _files.WriteOffer(offer);
            _desk.Publish(offer, now);
            _announced.Add(number);
            return (offer, before);
        }
    }

    private async Task PostAsync(ServiceOffer offer, CancellationToken cancellationToken)
    {
        var isPutUp = true;
        foreach (var key in OfferPlaces.Of(offer))
        {
            isPutUp &= await _board.PutAsync(key, offer, cancellationToken).ConfigureAwait(false);
        }

        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            _ = isPutUp ? _notPutUp.Remove(offer.Hash) : _notPutUp.Add(offer.Hash);
        }

        if (!isPutUp)
        {
            DiscoveryLog.NotPutUp(_logger, offer.Number, UpkeepInterval);
        }
    }

    /// <summary>Versions rise with the clock, and where it stands still or goes back, by one.</summary>
    private ulong NextVersion(DateTimeOffset now) => _lastVersion = Math.Max(_lastVersion + 1, (ulong)now.ToUnixTimeMilliseconds());

    /// <summary>An offer that was found; null for one that is not good.</summary>
    private ServiceOffer? Read(ReadOnlySpan<byte> encoded)
    {
        var fault = ServiceOffer.TryDecode(encoded, out var offer, out var malformed)
            ? offer.FindFault(_device.Credential.NetworkId, _time.GetUtcNow())
            : malformed;
        if (fault is null)
        {
            return offer;
        }

        DiscoveryTelemetry.BadOffer(fault.Value);
        DiscoveryLog.BadOffer(_logger, fault.Value);
        return null;
    }

    private async Task UpkeepAsync()
    {
        while (true)
        {
            await Task.Delay(UpkeepInterval, _time, _stopping.Token).ConfigureAwait(false);
            foreach (var offer in await GetOffersAsync(_stopping.Token).ConfigureAwait(false))
            {
                await UpkeepAsync(offer).ConfigureAwait(false);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An offer that could not be renewed is logged and tried again: the overlay may be away for a while.")]
    private async Task UpkeepAsync(ServiceOffer offer)
    {
        try
        {
            if (await RenewAsync(offer).ConfigureAwait(false) is { } due)
            {
                await PostAsync(due, _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (!_stopping.IsCancellationRequested)
        {
            DiscoveryLog.RenewalFailed(_logger, error, offer.Number, UpkeepInterval);
        }
    }

    /// <summary>What is to be put up now in an offer's place: its next version at half of its life, or itself where that failed before; null for nothing.</summary>
    private async Task<ServiceOffer?> RenewAsync(ServiceOffer old)
    {
        using (await TakeTurnAsync(_stopping.Token).ConfigureAwait(false))
        {
            // It may have been withdrawn or replaced meanwhile, or not been announced since the start.
            if (!_announced.Contains(old.Number) || !_desk.Offers.Contains(old))
            {
                return null;
            }

            var now = _time.GetUtcNow();
            var isPutUp = !_notPutUp.Contains(old.Hash);
            if (old.Expires - now > (old.Expires - old.Issued) / 2)
            {
                return isPutUp ? null : old;
            }

            var renewed = old.Renew(_device, _network.ListenAddresses, NextVersion(now), now);
            _files.WriteOffer(renewed);
            _desk.Publish(renewed, now);
            _notPutUp.Remove(old.Hash);
            return renewed;
        }
    }

    private async Task<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_turn);
    }

    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
