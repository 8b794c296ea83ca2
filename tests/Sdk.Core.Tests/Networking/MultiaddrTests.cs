using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class MultiaddrTests
{
    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/4001", "047f000001060fa1")]
    [InlineData("/ip4/127.0.0.1/udp/1234", "047f000001910204d2")]
    [InlineData("/ip6/::1/tcp/0", "290000000000000000000000000000000106" + "0000")]
    [InlineData("/dns4/example.com/tcp/443/wss", "360b6578616d706c652e636f6d0601bbde03")]
    [InlineData("/memory/7", "89060000000000000007")]
    public void Text_and_bytes_name_one_address(string text, string hex)
    {
        var address = Multiaddr.Parse(text);
        Assert.Equal(hex, Convert.ToHexStringLower(address.Bytes.Span));
        Assert.True(Multiaddr.TryFromBytes(address.Bytes.Span, out var back));
        Assert.Equal(address, back);
        Assert.Equal(text, back.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("ip4/127.0.0.1")]
    [InlineData("/ip4/127.0.0.1/tcp")]
    [InlineData("/ip4/127.1/tcp/1")]
    [InlineData("/ip4/256.0.0.1/tcp/1")]
    [InlineData("/ip4/127.0.0.1/tcp/65536")]
    [InlineData("/ip4/127.0.0.1/tcp/-1")]
    [InlineData("/ip6/fe80::1%eth0/tcp/1")]
    [InlineData("/ip4/127.0.0.1/tcp/1/p2p/nobody")]
    [InlineData("/unheard/1")]
    public void Text_that_is_no_address_is_refused(string text) => Assert.False(Multiaddr.TryParse(text, out _));

    [Theory]
    [InlineData("")]
    [InlineData("047f0000")]
    [InlineData("84007f000001")]
    [InlineData("35ff01")]
    [InlineData("3500")]
    [InlineData("a50302" + "0000")]
    public void Bytes_that_are_no_address_are_refused(string hex) => Assert.False(Multiaddr.TryFromBytes(Convert.FromHexString(hex), out _));

    [Fact]
    public void The_peer_is_the_last_part_and_can_be_replaced()
    {
        using KeyPair first = KeyPair.GenerateTestOnly(), second = KeyPair.GenerateTestOnly();
        var (one, two) = (PeerId.FromPublicKey(first.PublicKey), PeerId.FromPublicKey(second.PublicKey));
        var place = Multiaddr.Parse("/ip4/10.0.0.1/tcp/1");
        Assert.Null(place.Peer);
        Assert.Equal(one, place.WithPeer(one).Peer);
        Assert.Equal(place.WithPeer(two), place.WithPeer(one).WithPeer(two));
        Assert.Equal(place.WithPeer(one), Multiaddr.Parse($"/ip4/10.0.0.1/tcp/1/ipfs/{one}"));
    }
}
