using System.Diagnostics;
using Sdk.Core;
using Sdk.Core.Discovery;
using Sdk.Core.Ledger;
using Sdk.Core.Trust;

namespace Sdk.ReferenceNode.Market;

/// <summary>
/// Nodes with throw-away keys in this process, on loopback TCP: a third of them sells places by the hour, and the last one buys. They know each
/// other only through the overlay.
/// </summary>
internal sealed class TrialMarket : IAsyncDisposable
{
    private const ulong Capacity = 10;

    /// <summary>A score above the second price band of every offer.</summary>
    private const int GoodReputation = 800;

    private static readonly TimeSpan Duration = TimeSpan.FromHours(8);
    private static readonly string[] Regions = ["DE", "FR", "JP", "BR"];

    private readonly List<(Node Node, LocalTrustPolicy Trust)> _nodes = [];

    private Node Buyer => _nodes[^1].Node;

    /// <summary>Starts the nodes and waits until all have joined.</summary>
    public async Task StartAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var trust = new LocalTrustPolicy();
            var options = NodeOptions.Local();
            options.Trust = trust;
            if (i > 0)
            {
                options.Overlay.Bootstrap.Add(_nodes[0].Node.Addresses[0]);
            }

            _nodes.Add((await Node.StartAsync(options, cancellationToken), trust));
            _ = _nodes[i].Node.Overlay;
        }

        await Task.WhenAll(_nodes.Select(one => one.Node.Overlay.WhenJoinedAsync(cancellationToken)));
    }

    /// <summary>Sells and buys.</summary>
    public async Task TradeAsync(MarketReport report, CancellationToken cancellationToken)
    {
        var sellers = _nodes.Take(Math.Max(2, _nodes.Count / 3)).ToList();
        for (var i = 0; i < sellers.Count; i++)
        {
            await sellers[i].Node.Services.AnnounceAsync(DraftOf(i), cancellationToken);
            report.Announced++;
        }

        var begin = Stopwatch.GetTimestamp();
        var found = await Buyer.Services.FindAsync(new OfferFilter(ServiceKind.Exit) { Unit = ServiceUnit.Hour }, cancellationToken);
        report.FindMilliseconds = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        report.Found = [.. found.Select(View)];
        if (found.Count == report.Announced)
        {
            await BuyAsync(report, sellers, found[0], cancellationToken);
        }

        report.Ok = report.Purchases.Count > 0 && report.Purchases.All(purchase => purchase.IsAsExpected);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(one => one.Node.DisposeAsync().AsTask()));

    private async Task BuyAsync(MarketReport report, List<(Node Node, LocalTrustPolicy Trust)> sellers, ServiceOffer offer, CancellationToken cancellationToken)
    {
        var seller = sellers.Single(one => one.Node.Account == offer.Provider);
        var dear = offer.PriceAt(Reputation.Unknown)!.Value;
        var cheap = offer.PriceAt(GoodReputation)!.Value;

        await AttemptAsync("4 places at the price for unknown buyers", 4, new AgreementOptions(), null);
        await AttemptAsync("1 place at the price for good buyers", 1, new AgreementOptions { BidPerUnit = cheap }, AgreementRefusal.Price);
        await AttemptAsync("the same, and up to the full price", 1, new AgreementOptions { BidPerUnit = cheap, MaxPricePerUnit = dear }, null);
        seller.Trust.SetScore(Buyer.Account, GoodReputation);
        await AttemptAsync("1 place, now that the provider thinks well of the buyer", 1, new AgreementOptions { BuyerReputation = GoodReputation }, null);
        await AttemptAsync("10 places, or what is left", 10, new AgreementOptions { MinQuantity = 1 }, null);
        await AttemptAsync("1 place of a provider that has none left", 1, new AgreementOptions(), AgreementRefusal.Capacity);
        seller.Trust.Block(Buyer.Account);
        await AttemptAsync("1 place of a provider that blocks the buyer", 1, new AgreementOptions(), AgreementRefusal.Blocked);

        async Task AttemptAsync(string what, ulong quantity, AgreementOptions options, AgreementRefusal? expected)
        {
            var result = await Buyer.Services.AcceptAsync(offer, quantity, Duration, options, cancellationToken);
            var kept = await seller.Node.Services.GetSoldAsync(cancellationToken);
            var isGood = result.Agreement is not { } made
                || (made.FindFault(Buyer.NetworkId) is null && kept.Any(one => one.Hash == made.Hash) && Buyer.Services.Bought.Any(one => one.Hash == made.Hash));
            var terms = result.Agreement?.Terms;
            report.Purchases.Add(new PurchaseView(
                what,
                offer.Provider.ToString(),
                result.Refusal?.ToString() ?? "agreed",
                terms?.Quantity ?? result.Counter?.Quantity,
                (terms?.PricePerUnit ?? result.Counter?.PricePerUnit)?.ToTokenString(),
                terms?.Total.ToTokenString(),
                result.Agreement?.Hash.ToString(),
                isGood && result.Refusal == expected));
        }
    }

    /// <summary>The later sellers are cheaper.</summary>
    private static ServiceOfferDraft DraftOf(int seller)
    {
        var price = TokenAmount.ParseTokens("0.02") - (TokenAmount.ParseTokens("0.0001") * (ulong)seller);
        return new ServiceOfferDraft(ServiceKind.Exit, ServiceUnit.Hour)
        {
            Prices = [new(300, price), new(700, price.MultiplyBy(3, 4, TokenRounding.Up))],
            Capacity = Capacity,
            Region = Regions[seller % Regions.Length],
        };
    }

    private static OfferView View(ServiceOffer offer) => new(
        offer.Provider.ToString(), offer.Region, [.. offer.Prices.Select(band => $"{band.MinReputation}: {band.PricePerUnit.ToTokenString()}")], offer.Capacity);
}
