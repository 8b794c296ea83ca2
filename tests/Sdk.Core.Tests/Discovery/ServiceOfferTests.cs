using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Discovery;
using Sdk.Core.Ledger;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Discovery;

public sealed class ServiceOfferTests : IDisposable
{
    private readonly Party _provider = new();

    public void Dispose() => _provider.Dispose();

    [Fact]
    public void An_offer_survives_its_encoding_and_is_good()
    {
        var nonce = Hash256.Sha256([1], [2]);
        var draft = Party.Draft(d =>
        {
            d.Number = 3;
            d.TermsHash = nonce;
            d.Attributes = new Dictionary<string, string> { ["speed"] = "1 Gbit/s", ["area"] = "北京" };
        });
        var address = Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001");
        var offer = ServiceOffer.Sign(draft, _provider.Device, [address], nonce, 9, Party.Now.AddMilliseconds(300));
        var read = ServiceOffer.Decode(offer.Encoded.Span);
        Assert.True(offer.Encoded.Length <= ServiceOffer.MaxBytes);
        Assert.Equal(offer.Encoded.ToArray(), read.Encoded.ToArray());
        Assert.Null(read.FindFault(Party.Network, Party.Now));
        Assert.Equal(offer.Hash, read.Hash);
        Assert.Equal((_provider.Account, 3U, 9UL, ServiceKind.Exit, ServiceUnit.Hour, 10UL), (read.Provider, read.Number, read.Version, read.Kind, read.Unit, read.Capacity));
        Assert.Equal(draft.Prices, read.Prices);
        Assert.Equal("DE", read.Region);
        Assert.Equal(draft.Payments, read.Payments);
        Assert.Equal(draft.MaxDuration, read.MaxDuration);
        Assert.Equal(nonce, read.TermsHash);
        Assert.Equal(["area", "speed"], read.Attributes.Keys);
        Assert.Equal("北京", read.Attributes["area"]);
        Assert.Equal(PeerId.FromPublicKey(_provider.Device.NodeKey.PublicKey), read.Peer);
        Assert.Equal([address.WithPeer(read.Peer)], read.Addresses);
        Assert.Equal(OverlayAddress.Create(_provider.Account, Party.Network, nonce.Bytes), read.Overlay);
        Assert.Equal((Party.Now, Party.Now.AddHours(6)), (read.Issued, read.Expires));
    }

    // Typed data is built here a second time, from the documented type string, so that the wire format cannot drift.
    [Fact]
    public void The_signed_digest_is_that_of_the_documented_typed_data()
    {
        var offer = _provider.Offer();
        var content = offer.Encoded.Span[..^Signature.LengthBytes];
        var structHash = new TypedStruct("ServiceOffer(address provider,string kind,bytes content)").Add(_provider.Account).Add("exit").Add(content).Hash();
        Assert.Equal(TypedStruct.Digest(TypedStruct.Domain("Sdk", "1", Party.Network), structHash), offer.Hash);
        Assert.Equal(_provider.Device.NodeKey.PublicKey, PublicKey.Recover(offer.Hash.Bytes, offer.Signature));
    }

    [Fact]
    public void No_altered_byte_of_an_offer_goes_unnoticed()
    {
        var encoded = _provider.Offer(d => d.Attributes = new Dictionary<string, string> { ["a"] = "b" }).Encoded.ToArray();
        for (var at = 0; at < encoded.Length; at++)
        {
            var altered = (byte[])encoded.Clone();
            altered[at] ^= (byte)(1 << (at % 8));
            var isGood = ServiceOffer.TryDecode(altered, out var offer, out var fault) && offer.FindFault(Party.Network, Party.Now) is null;
            Assert.False(isGood, $"byte {at}");
            Assert.True(offer is not null || fault != default, $"byte {at}");
        }
    }

    [Fact]
    public void Every_other_length_is_refused()
    {
        var encoded = _provider.Offer().Encoded.ToArray();
        for (var length = 0; length < encoded.Length; length++)
        {
            Assert.False(ServiceOffer.TryDecode(encoded.AsSpan(0, length), out _, out var fault));
            Assert.Equal(OfferFault.Malformed, fault);
        }

        Assert.Equal(OfferFault.Malformed, Fault([.. encoded, 0]));
        Assert.Equal(OfferFault.TooLong, Fault(new byte[ServiceOffer.MaxBytes + 1]));
        encoded[0] = 2;
        Assert.Equal(OfferFault.UnknownVersion, Fault(encoded));
    }

    [Fact]
    public void An_offer_is_good_for_its_network_and_time_only()
    {
        var offer = _provider.Offer();
        Assert.Equal(OfferFault.WrongNetwork, offer.FindFault(Party.Network + 1, Party.Now));
        Assert.Null(offer.FindFault(Party.Network, Party.Now - ServiceOffer.ClockTolerance));
        Assert.Equal(OfferFault.NotYetValid, offer.FindFault(Party.Network, Party.Now - ServiceOffer.ClockTolerance - TimeSpan.FromSeconds(1)));
        Assert.Null(offer.FindFault(Party.Network, offer.Expires.AddTicks(-1)));
        Assert.Equal(OfferFault.Expired, offer.FindFault(Party.Network, offer.Expires));
    }

    [Fact]
    public void A_device_that_may_not_trade_sells_nothing()
    {
        using var holder = new Party(KeyScopes.Connect | KeyScopes.HoldData);
        Assert.Equal(OfferFault.Scope, holder.Offer().FindFault(Party.Network, Party.Now));
    }

    [Fact]
    public void Somebody_elses_credential_or_signature_is_noticed()
    {
        using var thief = new Party();
        var encoded = _provider.Offer().Encoded.ToArray();
        var stolen = (byte[])encoded.Clone();
        thief.Device.Credential.Encode().CopyTo(stolen, 1);
        Assert.Equal(OfferFault.Signature, Fault(stolen));

        // The thief's device under the provider's account: the account did not sign that.
        thief.Device.Credential.NodeKey.Bytes.CopyTo(encoded.AsMemory(1 + 1 + AccountAddress.LengthBytes));
        Assert.Equal(OfferFault.Credential, Fault(encoded));
    }

    [Fact]
    public void An_offer_outlives_neither_its_device_nor_the_longest_lifetime()
    {
        using var short1 = new Party(expires: Party.Now.AddHours(1));
        Assert.Equal(OfferFault.Lifetime, Refusal(() => short1.Offer()));
        Assert.Null(short1.Offer(d => d.Lifetime = TimeSpan.FromHours(1)).FindFault(Party.Network, Party.Now));
        Assert.Equal(OfferFault.Lifetime, Refusal(() => _provider.Offer(d => d.Lifetime = TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1))));
        Assert.Equal(OfferFault.Lifetime, Refusal(() => _provider.Offer(d => d.Lifetime = TimeSpan.FromMilliseconds(999))));
        Assert.Equal(OfferFault.Lifetime, Refusal(() => _provider.Offer(d => d.Lifetime = TimeSpan.FromHours(-1))));
    }

    public static TheoryData<OfferFault, Action<ServiceOfferDraft>> Drafts => new()
    {
        { OfferFault.Number, d => d.Number = 16 },
        { OfferFault.Prices, d => d.Prices = [] },
        { OfferFault.Prices, d => d.Prices = [new(-1, 1)] },
        { OfferFault.Prices, d => d.Prices = [new(1001, 1)] },
        { OfferFault.Prices, d => d.Prices = [new(5, 1), new(5, 1)] },
        { OfferFault.Prices, d => d.Prices = [new(5, 1), new(4, 1)] },
        { OfferFault.Prices, d => d.Prices = [.. Enumerable.Range(0, 9).Select(i => new PriceBand(i, 1))] },
        { OfferFault.Capacity, d => d.Capacity = 0 },
        { OfferFault.Region, d => d.Region = "de" },
        { OfferFault.Region, d => d.Region = "DEU" },
        { OfferFault.Region, d => d.Region = "" },
        { OfferFault.Region, d => d.Region = "ДЕ" },
        { OfferFault.Payments, d => d.Payments = [] },
        { OfferFault.Payments, d => d.Payments = [PaymentMethod.Free, PaymentMethod.Free] },
        { OfferFault.Payments, d => d.Payments = [default] },
        { OfferFault.Payments, d => d.Payments = [.. Enumerable.Range(0, 5).Select(i => PaymentMethod.Parse($"a{i}"))] },
        { OfferFault.Duration, d => d.MaxDuration = TimeSpan.Zero },
        { OfferFault.Duration, d => d.MaxDuration = TimeSpan.FromMilliseconds(1500) },
        { OfferFault.Duration, d => d.MaxDuration = TimeSpan.FromDays(366) },
        { OfferFault.Attributes, d => d.Attributes = new Dictionary<string, string> { ["Upper"] = "x" } },
        { OfferFault.Attributes, d => d.Attributes = new Dictionary<string, string> { ["a"] = new string('x', 129) } },
        { OfferFault.Attributes, d => d.Attributes = new Dictionary<string, string> { ["a"] = new string('京', 43) } },
        { OfferFault.Attributes, d => d.Attributes = new Dictionary<string, string> { ["a"] = "line\nline" } },
        { OfferFault.Attributes, d => d.Attributes = new Dictionary<string, string> { ["a"] = "\ud800" } },
        { OfferFault.Attributes, d => d.Attributes = Enumerable.Range(0, 9).ToDictionary(i => $"a{i}", _ => "") },
    };

    [Theory]
    [MemberData(nameof(Drafts))]
    public void A_draft_beyond_the_limits_is_not_signed(OfferFault fault, Action<ServiceOfferDraft> change) =>
        Assert.Equal(fault, Refusal(() => _provider.Offer(change)));

    [Fact]
    public void An_offer_that_would_be_too_long_as_a_whole_is_not_signed()
    {
        var draft = Party.Draft(d => d.Attributes = Enumerable.Range(0, 8).ToDictionary(i => new string('a', 30) + i, _ => new string('x', 128)));
        var addresses = Enumerable.Range(1, 8).Select(i => Multiaddr.Parse($"/dns4/{new string('a', 60)}.{new string('b', 40)}/tcp/{i}"));
        Assert.Equal(OfferFault.TooLong, Refusal(() => ServiceOffer.Sign(draft, _provider.Device, addresses, null, 1, Party.Now)));
    }

    [Fact]
    public void A_unit_that_does_not_exist_is_refused() => Assert.Equal(OfferFault.Prices, Refusal(() => _provider.Offer(unit: (ServiceUnit)6)));

    [Fact]
    public void Addresses_that_are_too_long_or_too_many_are_left_out()
    {
        var addresses = Enumerable.Range(1, 20).Select(i => Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{i}"))
            .Prepend(Multiaddr.Parse("/dns4/" + new string('a', 60) + "." + new string('b', 60) + "." + new string('c', 60) + "/tcp/1"));
        var offer = ServiceOffer.Sign(Party.Draft(), _provider.Device, addresses, null, 1, Party.Now);
        Assert.Equal(8, offer.Addresses.Count);
        Assert.Equal("/ip4/127.0.0.1/tcp/1", offer.Addresses[0].WithoutPeer().ToString());
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(99, null)]
    [InlineData(100, 100UL)]
    [InlineData(699, 100UL)]
    [InlineData(700, 80UL)]
    [InlineData(1000, 80UL)]
    public void The_price_is_that_of_the_highest_band_reached(int reputation, ulong? price) =>
        Assert.Equal(price is { } units ? (TokenAmount)units : (TokenAmount?)null, _provider.Offer().PriceAt(reputation));

    [Theory]
    [InlineData(ServiceUnit.Hour, 7, 3, 90, 32)] // 31.5
    [InlineData(ServiceUnit.Second, 7, 3, 1, 1260)]
    [InlineData(ServiceUnit.GibibyteMonth, 1000, 3, 60 * 24 * 15, 1500)]
    [InlineData(ServiceUnit.GibibyteMonth, 1, 1, 1, 1)]
    [InlineData(ServiceUnit.Mebibyte, 7, 3, 90, 21)]
    [InlineData(ServiceUnit.Piece, 0, 3, 90, 0)]
    public void The_total_counts_time_where_the_unit_does_and_is_rounded_up(ServiceUnit unit, ulong price, ulong quantity, int minutes, ulong total) =>
        Assert.Equal((TokenAmount)total, _provider.Offer(unit: unit).TotalOf(price, quantity, TimeSpan.FromMinutes(minutes)));

    [Theory]
    [InlineData("")]
    [InlineData("Storage")]
    [InlineData("1st")]
    [InlineData("-a")]
    [InlineData("a_b")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefg")]
    public void Names_are_short_and_lower_case(string name)
    {
        Assert.False(ServiceKind.TryParse(name, out var kind));
        Assert.Equal(default, kind);
        Assert.Throws<FormatException>(() => ServiceKind.Parse(name));
        Assert.Throws<FormatException>(() => PaymentMethod.Parse(name));
        Assert.Equal(ServiceKind.DataAgent, ServiceKind.Parse("data-agent"));
    }

    private static OfferFault? Fault(byte[] encoded) =>
        ServiceOffer.TryDecode(encoded, out var offer, out var fault) ? offer.FindFault(Party.Network, Party.Now) : fault;

    private static OfferFault Refusal(Func<ServiceOffer> sign) =>
        Assert.IsType<InvalidOfferException>(Assert.Throws<ArgumentException>(sign).InnerException).Fault;
}
