using System.Net;
using System.Net.Sockets;
using System.Text;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Mdns;

namespace Sdk.Core.Tests.Networking.Mdns;

public class MdnsPeersTests
{
    private static readonly IPAddress Source = IPAddress.Parse("10.1.0.9");
    private static readonly DnsName Self = DnsName.Of("me", "_p2p", "_udp", "local");
    private static readonly DnsName Other = DnsName.Of("other", "_p2p", "_udp", "local");
    private static readonly MdnsLink Lan = new(
        2, AddressFamily.InterNetwork, "lan", [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00:1::/64"), IPNetwork.Parse("192.0.2.0/24")], IsLoopback: false);

    private readonly MdnsPeers _peers = new(PeerOf(0), Self);
    private readonly MdnsQuota _quota = new();
    private TimeSpan _now;

    public MdnsPeersTests() => _quota.TryTakeMessage(TimeSpan.Zero, Source);

    [Fact]
    public void A_peer_is_found_once_and_believed_for_as_long_as_it_said()
    {
        var sighting = Assert.Single(Learn(Announce(Other, 120, At(1))));
        Assert.Equal((PeerOf(1), true, TimeSpan.FromSeconds(120)), (sighting.Peer, sighting.IsNew, sighting.Lifetime));
        Assert.Equal([At(1)], sighting.Addresses);
        _now += TimeSpan.FromSeconds(119);
        Assert.False(Assert.Single(Learn(Announce(Other, 1, At(1)))).IsNew);
        Assert.Equal([At(1)], Assert.Single(_peers.At(_now)).Addresses);
        _now += TimeSpan.FromSeconds(1);
        Assert.Empty(_peers.At(_now));
        Assert.True(Assert.Single(Learn(Announce(Other, 120, At(1)))).IsNew);
        Assert.True(Assert.Single(Learn(Announce(Other, 120, At(1), At(1, "/ip4/10.1.0.2/tcp/7")))).IsNew);
    }

    [Fact]
    public void Whatever_it_says_it_is_not_believed_for_longer_than_ten_minutes()
    {
        Assert.Equal(TimeSpan.FromMinutes(10), Assert.Single(Learn(Announce(Other, uint.MaxValue, At(1)))).Lifetime);
        Assert.Equal((Other, 600u), Assert.Single(_peers.KnownOver(_now, Lan)));
        Assert.Empty(_peers.KnownOver(_now, Lan with { Index = 3 }));
    }

    [Fact]
    public void A_goodbye_is_heeded_a_second_later()
    {
        Learn(Announce(Other, 120, At(1)));
        Assert.Empty(Learn(Announce(Other, 0, At(1))));
        _now += TimeSpan.FromMilliseconds(999);
        Assert.Single(_peers.At(_now));
        _now += TimeSpan.FromMilliseconds(1);
        Assert.Empty(_peers.At(_now));
    }

    [Fact]
    public void Itself_it_does_not_find()
    {
        Assert.Empty(Learn(Announce(Self, 120, At(1))));
        Assert.Empty(Learn(Announce(Other, 120, At(0))));
        Assert.Empty(Learn(Announce(Other, 120, At(1), At(0))));
    }

    [Fact]
    public void Who_names_two_peers_is_believed_about_none()
    {
        Assert.Empty(Learn(Announce(Other, 120, At(1), At(2))));
        Assert.Empty(Learn(Announce(Other, 120, At(1), Multiaddr.Parse("/ip4/10.1.0.2/tcp/1"))));
    }

    [Theory]
    [InlineData("/ip4/10.1.0.2/tcp/4001", true)]
    [InlineData("/ip6/fd00:1::5/tcp/4001", true)]
    [InlineData("/ip4/10.2.0.2/tcp/4001", false)] // a private network that is not this one
    [InlineData("/ip4/192.168.1.1/tcp/80", false)]
    [InlineData("/ip6/fd00:2::5/tcp/4001", false)]
    [InlineData("/ip4/8.8.8.8/tcp/53", false)] // public
    [InlineData("/ip4/192.0.2.7/tcp/4001", false)] // public, though it lies here
    [InlineData("/ip4/127.0.0.1/tcp/4001", false)] // our own machine, says another one
    [InlineData("/ip6/::1/tcp/4001", false)]
    [InlineData("/ip4/0.0.0.0/tcp/4001", false)]
    [InlineData("/ip4/10.1.0.2/tcp/0", false)]
    [InlineData("/ip6/fe80::1/tcp/4001", false)] // of which interface, a multiaddress does not say
    [InlineData("/dns4/printer.local/tcp/4001", false)]
    [InlineData("/ip4/10.1.0.2/udp/4001/quic-v1", false)]
    [InlineData("/ip4/10.1.0.2/tcp/4001/ws", false)]
    [InlineData("/memory/1", false)]
    public void Only_private_addresses_of_the_link_are_believed(string place, bool isBelieved)
    {
        Assert.Equal(isBelieved, Learn(Announce(Other, 120, At(1, place))).Count == 1);
        Assert.Equal([At(1)], Assert.Single(Learn(Announce(Other, 120, At(1, place), At(1)))).Addresses.Where(address => address == At(1)));
    }

    [Fact]
    public void Loopback_is_believed_where_this_machine_speaks()
    {
        var message = Announce(Other, 120, At(1, "/ip4/127.0.0.1/tcp/5"));
        Assert.Empty(_peers.Learn(_now, message, Lan, Source, isSpokenHere: false, _quota));
        Assert.Single(_peers.Learn(_now, message, Lan, Source, isSpokenHere: true, _quota));
    }

    [Fact]
    public void What_is_told_over_a_link_is_how_this_node_is_reached_there_and_nothing_else()
    {
        var loopback = new MdnsLink(1, AddressFamily.InterNetwork, "lo", [IPNetwork.Parse("127.0.0.0/8")], IsLoopback: true);
        bool[] Told(string place) => [Lan.Tells(At(1, place)), loopback.Tells(At(1, place))];
        Assert.Equal([true, false], Told("/ip4/10.1.0.2/tcp/1"));
        Assert.Equal([false, true], Told("/ip4/127.0.0.1/tcp/1"));
        Assert.Equal([false, false], Told("/ip4/192.168.0.1/tcp/1"));
        Assert.Equal([false, false], Told("/ip4/192.0.2.7/tcp/1"));
        Assert.Equal([false, false], Told("/ip6/fe80::1/tcp/1"));
        Assert.True(Lan.Holds(IPAddress.Parse("fe80::1")) && Lan.Holds(Source) && !Lan.Holds(IPAddress.Parse("10.2.0.1")));
    }

    [Fact]
    public void Records_that_do_not_belong_together_say_nothing()
    {
        DnsRecord Pointer(DnsName name, DnsName target) => new(name, DnsType.Ptr, 1, 120, target.Wire.ToArray());
        DnsRecord Text(DnsName name, ushort @class = 1) => new(name, DnsType.Txt, @class, 120, DnsText.Write([Encoding.ASCII.GetBytes($"DNSADDR={At(1)}")]));
        var elsewhere = DnsName.Of("other", "_ipp", "_tcp", "local");
        Assert.Empty(Learn(DnsMessage.Response([], [Text(Other)])));
        Assert.Empty(Learn(DnsMessage.Response([Pointer(MdnsResponder.Service, Other)], [])));
        Assert.Empty(Learn(DnsMessage.Response([Pointer(MdnsResponder.Service, Other)], [Text(elsewhere)])));
        Assert.Empty(Learn(DnsMessage.Response([Pointer(MdnsResponder.Service, elsewhere)], [Text(elsewhere)])));
        Assert.Empty(Learn(DnsMessage.Response([Pointer(MdnsResponder.Services, Other)], [Text(Other)])));
        Assert.Empty(Learn(DnsMessage.Response([Pointer(MdnsResponder.Service, Other)], [Text(Other, @class: 3)])));
        Assert.Single(Learn(DnsMessage.Response([Pointer(MdnsResponder.Service, Other), Text(Other)], [])));
    }

    [Fact]
    public void Peers_and_addresses_are_bounded_and_who_speaks_for_many_takes_room_from_itself()
    {
        Learn(Announce(Other, 60, At(1)));
        var flooder = IPAddress.Parse("10.1.6.6");
        for (var i = 2; i < 2000; i++)
        {
            _quota.TryTakeMessage(_now += TimeSpan.FromMilliseconds(10), flooder);
            _peers.Learn(_now, Announce(NameOf(i), 600, At(i)), Lan, flooder, false, _quota);
        }

        Assert.Equal(MdnsPeers.MaxPeersPerSource + 1, _peers.At(_now).Count);
        Assert.Contains(_peers.At(_now), peer => peer.Peer == PeerOf(1));
        for (var i = 2; i < 3000; i++)
        {
            _quota.TryTakeMessage(_now += TimeSpan.FromMilliseconds(10), Source);
            _peers.Learn(_now, Announce(NameOf(i), 600, At(i)), Lan, IPAddress.Parse($"10.1.7.{i % 200}"), false, _quota);
        }

        Assert.Equal(MdnsPeers.MaxPeers, _peers.At(_now).Count);
        Learn(Announce(Other, 600, [.. Enumerable.Range(1, 40).Select(port => At(1, $"/ip4/10.1.0.2/tcp/{port}"))]));
        Learn(Announce(Other, 600, At(1, "/ip4/10.1.0.2/tcp/99")));
        Assert.Equal(MdnsPeers.MaxAddressesPerPeer, _peers.At(_now).Single(peer => peer.Peer == PeerOf(1)).Addresses.Count);
    }

    [Fact]
    public void Work_for_strangers_is_bounded_in_every_second()
    {
        var quota = new MdnsQuota();
        var taken = Enumerable.Range(0, 10_000).Count(i => quota.TryTakeMessage(TimeSpan.FromMilliseconds(i / 10.0), Source));
        Assert.Equal(MdnsQuota.MaxMessagesPerSource, taken);
        taken = Enumerable.Range(0, 10_000).Count(i => quota.TryTakeMessage(TimeSpan.FromSeconds(0.5), IPAddress.Parse($"10.1.2.{i % 250}")));
        Assert.Equal(MdnsQuota.MaxMessages - MdnsQuota.MaxMessagesPerSource, taken);
        Assert.False(quota.TryTakeMessage(TimeSpan.FromSeconds(0.9), IPAddress.Parse("10.1.9.9")));
        Assert.True(quota.TryTakeMessage(TimeSpan.FromSeconds(1), Source));

        var addresses = Enumerable.Range(0, 1000).Count(_ => quota.TryTakeAddress());
        Assert.Equal(MdnsQuota.MaxAddresses, addresses);
        Assert.Empty(_peers.Learn(_now, Announce(Other, 120, At(1)), Lan, Source, false, quota));
    }

    private IReadOnlyList<MdnsSighting> Learn(DnsMessage message)
    {
        // As it comes off the wire.
        Assert.True(DnsMessage.TryRead(message.Encode(), out var read));
        _quota.TryTakeMessage(_now, Source);
        return _peers.Learn(_now, read, Lan, Source, isSpokenHere: false, _quota);
    }

    private static DnsMessage Announce(DnsName instance, uint ttl, params Multiaddr[] addresses) => DnsMessage.Response(
        [new DnsRecord(MdnsResponder.Service, DnsType.Ptr, 1, ttl, instance.Wire.ToArray())],
        [new DnsRecord(instance, DnsType.Txt, 1, ttl, DnsText.Write(addresses.Select(address => Encoding.ASCII.GetBytes($"dnsaddr={address}"))))]);

    private static DnsName NameOf(int number) => DnsName.Of($"n{number}", "_p2p", "_udp", "local");

    private static Multiaddr At(int peer, string place = "/ip4/10.1.0.2/tcp/4001") => Multiaddr.Parse(place).WithPeer(PeerOf(peer));

    private static PeerId PeerOf(int number)
    {
        Assert.True(PeerId.TryFromBytes([0x12, 32, (byte)number, (byte)(number >> 8), .. new byte[30]], out var peer));
        return peer;
    }
}
