using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Records;

namespace Sdk.Core.Tests.Networking;

public sealed class AddressBookTests : IDisposable
{
    private readonly Clock _clock = new();
    private readonly KeyPair _key = KeyPair.GenerateTestOnly();
    private readonly AddressBook _book;
    private readonly PeerId _peer;

    public AddressBookTests()
    {
        _book = new AddressBook(_clock);
        _peer = PeerId.FromPublicKey(_key.PublicKey);
    }

    public void Dispose() => _key.Dispose();

    [Fact]
    public void An_address_is_known_until_its_time_is_over_and_the_longer_life_counts()
    {
        var address = Multiaddr.Parse("/ip4/192.0.2.1/tcp/1").WithPeer(_peer);
        _book.Add(address, TimeSpan.FromMinutes(2));
        _book.Add(address, TimeSpan.FromMinutes(1));
        _clock.Now += TimeSpan.FromSeconds(119);
        Assert.Equal([address], _book.Find(_peer));
        _clock.Now += TimeSpan.FromSeconds(1);
        Assert.Empty(_book.Find(_peer));
        Assert.Throws<ArgumentException>(() => _book.Add(Multiaddr.Parse("/ip4/192.0.2.1/tcp/1"), TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void Peers_and_addresses_beyond_the_limits_push_out_those_that_expire_first()
    {
        for (var i = 0; i < AddressBook.MaxAddressesPerPeer + 5; i++)
        {
            _book.Add(Multiaddr.Parse($"/ip4/192.0.2.1/tcp/{i}").WithPeer(_peer), TimeSpan.FromMinutes(1 + i));
        }

        Assert.Equal(AddressBook.MaxAddressesPerPeer, _book.Find(_peer).Count);
        Assert.DoesNotContain(Multiaddr.Parse("/ip4/192.0.2.1/tcp/4").WithPeer(_peer), _book.Find(_peer));
        for (var i = 0; i < AddressBook.MaxPeers + 10; i++)
        {
            byte[] hash = [0x12, 32, (byte)i, (byte)(i >> 8), .. new byte[30]];
            Assert.True(PeerId.TryFromBytes(hash, out var other));
            _book.Add(Multiaddr.Parse("/ip4/192.0.2.1/tcp/1").WithPeer(other), TimeSpan.FromDays(1) + TimeSpan.FromSeconds(i));
        }

        Assert.Equal(AddressBook.MaxPeers, _book.Count);
        Assert.Empty(_book.Find(_peer));
    }

    [Fact]
    public async Task What_a_peer_signs_comes_first_and_replaces_what_it_said_and_relays_come_last()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var peer = await BarePeer.DialAsync(pair.Address);
        var connection = await pair.Listener.ConnectionAsync(peer.Id);
        Multiaddr At(string text) => Multiaddr.Parse(text).WithPeer(peer.Id);
        var relay = At($"/ip4/192.0.2.9/tcp/1/p2p/{_peer}/p2p-circuit");
        _book.Add(relay, TimeSpan.FromDays(1));
        _book.Add(At("/ip4/192.0.2.3/tcp/3"), TimeSpan.FromDays(1));
        _book.Learn(PeerIdentity.From(connection, new Identification { ListenAddrs = { Bytes("/ip4/192.0.2.1/tcp/1") } }, null));
        Assert.Equal([At("/ip4/192.0.2.1/tcp/1"), At("/ip4/192.0.2.3/tcp/3"), relay], _book.Find(peer.Id));

        var record = PeerRecord.Seal(peer.Key, 1, [Multiaddr.Parse("/ip4/192.0.2.2/tcp/2"), Multiaddr.Parse("/ip4/0.0.0.0/tcp/2")]);
        _book.Learn(PeerIdentity.From(connection, new Identification { SignedPeerRecord = ByteString.CopyFrom(record) }, null));
        Assert.Equal([At("/ip4/192.0.2.2/tcp/2"), At("/ip4/192.0.2.3/tcp/3"), relay], _book.Find(peer.Id));
        _clock.Now += AddressBook.LearntLifetime;
        Assert.Equal([At("/ip4/192.0.2.3/tcp/3"), relay], _book.Find(peer.Id));
        _book.Remove(peer.Id);
        Assert.Empty(_book.Find(peer.Id));
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/1", AddressReach.Machine)]
    [InlineData("/ip6/::1/tcp/1", AddressReach.Machine)]
    [InlineData("/ip6/::ffff:127.0.0.1/tcp/1", AddressReach.Machine)]
    [InlineData("/memory/1", AddressReach.Machine)]
    [InlineData("/ip4/0.0.0.0/tcp/1", AddressReach.Nowhere)]
    [InlineData("/ip4/10.1.2.3/tcp/1", AddressReach.Site)]
    [InlineData("/ip4/172.16.0.1/tcp/1", AddressReach.Site)]
    [InlineData("/ip4/172.32.0.1/tcp/1", AddressReach.World)]
    [InlineData("/ip4/192.168.1.1/tcp/1", AddressReach.Site)]
    [InlineData("/ip4/169.254.1.1/tcp/1", AddressReach.Site)]
    [InlineData("/ip4/100.64.1.1/tcp/1", AddressReach.Site)]
    [InlineData("/ip6/fd00::1/tcp/1", AddressReach.Site)]
    [InlineData("/ip6/fe80::1/tcp/1", AddressReach.Site)]
    [InlineData("/ip6/2001:db8::1/tcp/1", AddressReach.World)]
    [InlineData("/ip4/8.8.8.8/tcp/1", AddressReach.World)]
    [InlineData("/dns4/example.com/tcp/1", AddressReach.World)]
    public void Where_an_address_can_be_reached_from_is_told_by_its_range(string address, object reach) =>
        Assert.Equal(reach, Multiaddr.Parse(address).Reach);

    private static ByteString Bytes(string address) => ByteString.CopyFrom(Multiaddr.Parse(address).Bytes.Span);
}
