using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;
using Sdk.Core.Tests.Overlay;
using Sdk.Core.Tests.Persistence;
using Sdk.Core.Trust;

namespace Sdk.Core.Tests.Discovery;

/// <summary>Whole nodes over loopback TCP: what one announces in the overlay, others find and buy.</summary>
public sealed class NodeServicesTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task What_nodes_announce_every_node_finds_ranked_and_can_buy()
    {
        await using var town = await Town.StartAsync(12);
        for (var i = 0; i < 5; i++)
        {
            var price = (ulong)(100 - i);
            await town.Nodes[i].Services.AnnounceAsync(Party.Draft(d => (d.Prices, d.Region) = ([new(0, price)], i < 2 ? "DE" : "FR")), town.Cancelled);
        }

        var buyer = town.Nodes[11];
        var all = await buyer.Services.FindAsync(new OfferFilter(ServiceKind.Exit), town.Cancelled);
        Assert.Equal(["96", "97", "98", "99", "100"], all.Select(offer => offer.Prices[0].PricePerUnit.ToString()));
        Assert.Equal(town.Nodes.Take(5).Reverse().Select(node => node.Account), all.Select(offer => offer.Provider));
        var german = await town.Nodes[10].Services.FindAsync(new OfferFilter(ServiceKind.Exit) { Regions = ["DE"] }, town.Cancelled);
        Assert.Equal([town.Nodes[1].Account, town.Nodes[0].Account], german.Select(offer => offer.Provider));
        Assert.Equal(town.Nodes[1].Overlay.Address, german[0].Overlay);
        Assert.Empty(await buyer.Services.FindAsync(new OfferFilter(ServiceKind.Relay), town.Cancelled));

        var agreement = (await buyer.Services.AcceptAsync(all[0], 3, Hour, cancellationToken: town.Cancelled)).GetAgreement();
        Assert.Null(agreement.FindFault(buyer.NetworkId));
        Assert.Equal((buyer.Account, town.Nodes[4].Account, (TokenAmount)288), (agreement.Terms.Buyer, agreement.Terms.Provider, agreement.Terms.Total));
        Assert.Equal(agreement.Hash, Assert.Single(await town.Nodes[4].Services.GetSoldAsync(town.Cancelled)).Hash);
    }

    [Fact]
    public async Task A_withdrawn_offer_is_gone_from_the_overlay_and_a_new_one_takes_the_place_of_the_old()
    {
        await using var town = await Town.StartAsync(8);
        var filter = new OfferFilter(ServiceKind.Exit);
        var provider = town.Nodes[3];
        await provider.Services.AnnounceAsync(Party.Draft(), town.Cancelled);
        var second = await provider.Services.AnnounceAsync(Party.Draft(d => d.Capacity = 5), town.Cancelled);
        var other = await provider.Services.AnnounceAsync(Party.Draft(d => d.Number = 1), town.Cancelled);
        Assert.Equal(new[] { second.Hash, other.Hash }.Order(), (await town.Nodes[6].Services.FindAsync(filter, town.Cancelled)).Select(offer => offer.Hash).Order());
        Assert.True(await provider.Services.WithdrawAsync(0, town.Cancelled));
        Assert.Equal([other.Hash], (await town.Nodes[6].Services.FindAsync(filter, town.Cancelled)).Select(offer => offer.Hash));
        var third = await provider.Services.AnnounceAsync(Party.Draft(), town.Cancelled);
        Assert.Equal(new[] { third.Hash, other.Hash }.Order(), (await town.Nodes[7].Services.FindAsync(filter, town.Cancelled)).Select(offer => offer.Hash).Order());
    }

    [Fact]
    public async Task A_node_alone_finds_its_own_offers_and_sells_to_whoever_comes()
    {
        await using var alone = await Node.StartAsync(NodeOptions.Local());
        var offer = await alone.Services.AnnounceAsync(Party.Draft());
        await using var guest = await Node.StartAsync(NodeOptions.Local());
        Assert.Equal([offer.Hash], (await alone.Services.FindAsync(new OfferFilter(ServiceKind.Exit))).Select(found => found.Hash));
        Assert.NotNull((await guest.Services.AcceptAsync(offer, 1, Hour)).Agreement);
    }

    [Fact]
    public async Task A_provider_that_comes_back_elsewhere_has_its_agreements_and_is_found_by_its_overlay_address()
    {
        using var home = new TemporaryDirectory();
        using var account = KeyPair.GenerateTestOnly();
        await using var town = await Town.StartAsync(8);
        var buyer = town.Nodes[5];
        ServiceOffer offer;
        Agreement agreement;
        await using (var provider = await StartProviderAsync())
        {
            offer = await provider.Services.AnnounceAsync(Party.Draft(), town.Cancelled);
            agreement = (await buyer.Services.AcceptAsync(offer, 6, Hour, cancellationToken: town.Cancelled)).GetAgreement();
        }

        await using var again = await StartProviderAsync();
        Assert.NotEqual(offer.Addresses, again.Addresses);
        Assert.Equal(agreement.Encode(), Assert.Single(await again.Services.GetSoldAsync(town.Cancelled)).Encode());
        await again.Overlay.WhenJoinedAsync(town.Cancelled);
        var rest = await buyer.Services.AcceptAsync(offer, 6, Hour, new AgreementOptions { MinQuantity = 1 }, town.Cancelled);
        Assert.Equal(4UL, rest.GetAgreement().Terms.Quantity);

        async Task<Node> StartProviderAsync()
        {
            var options = NodeOptions.Provider(account, home.FullPath, Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
            options.Overlay.Bootstrap.Add(town.Nodes[0].Addresses[0]);
            var provider = await Node.StartAsync(options, town.Cancelled);
            await provider.Overlay.WhenJoinedAsync(town.Cancelled);
            return provider;
        }
    }

    [Fact]
    public async Task A_node_deals_with_whom_its_trust_policy_lets_it()
    {
        var policy = new LocalTrustPolicy();
        await using var provider = await Node.StartAsync(NodeOptions.Local());
        var options = NodeOptions.Local();
        options.Trust = policy;
        await using var buyer = await Node.StartAsync(options);
        Assert.Same(policy, buyer.Trust);
        policy.Block(provider.Account);
        var offer = await provider.Services.AnnounceAsync(Party.Draft());
        Assert.Equal(AgreementRefusal.Blocked, (await buyer.Services.AcceptAsync(offer, 1, Hour)).Refusal);
    }
}
