using System.Net;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public sealed class ConnectionManagerTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly MemoryTransport _transport = new();
    private readonly List<Switch> _switches = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var each in _switches)
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task Past_the_high_water_mark_protected_and_valuable_peers_stay()
    {
        var (hub, address) = await ListenAsync(high: 4, low: 2, TimeSpan.Zero);
        var peers = Enumerable.Range(0, 5).Select(_ => Add(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() })).ToArray();
        hub.ConnectionManager.Protect(peers[0].LocalPeer, "test");
        hub.ConnectionManager.SetValue(peers[1].LocalPeer, "test", 10);
        hub.ConnectionManager.SetValue(peers[2].LocalPeer, "test", 10);
        hub.ConnectionManager.SetValue(peers[2].LocalPeer, "other", -10);
        foreach (var peer in peers)
        {
            await peer.DialAsync(address);
        }

        await (await peers[0].DialAsync(address)).PingAsync();
        await Eventually.TrueAsync(() => hub.Connections.Count == 2);
        Assert.Equal(new HashSet<PeerId> { peers[0].LocalPeer, peers[1].LocalPeer }, hub.Connections.Select(connection => connection.RemotePeer).ToHashSet());
        Assert.True(hub.ConnectionManager.IsProtected(peers[0].LocalPeer));
        hub.ConnectionManager.Unprotect(peers[0].LocalPeer, "test");
        Assert.False(hub.ConnectionManager.IsProtected(peers[0].LocalPeer));
    }

    [Fact]
    public async Task Of_equal_peers_an_idle_one_goes_first()
    {
        var (hub, address) = await ListenAsync(high: 3, low: 3, TimeSpan.Zero);
        hub.Register(Handler.Echo);
        var peers = Enumerable.Range(0, 4).Select(_ => Add(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() })).ToArray();
        foreach (var peer in peers)
        {
            if (peer == peers[3])
            {
                await Eventually.TrueAsync(() => hub.Connections.Any(of => of.StreamCount == 0));
            }

            var connection = await peer.DialAsync(address);
            if (peer != peers[1] && peer != peers[3])
            {
                var stream = await connection.OpenStreamAsync(Handler.Echo.Id);
                await stream.Output.WriteAsync(new byte[1]);
                await stream.Input.ReadAsync();
            }
        }

        await Eventually.TrueAsync(() => hub.Connections.All(connection => connection.RemotePeer != peers[1].LocalPeer));
        Assert.Equal(3, hub.Connections.Count);
    }

    [Fact]
    public async Task Connections_that_have_just_opened_stay_while_the_grace_lasts()
    {
        var (hub, address) = await ListenAsync(high: 1, low: 1, TimeSpan.FromHours(1));
        for (var i = 0; i < 3; i++)
        {
            await (await Add(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() }).DialAsync(address)).PingAsync();
        }

        Assert.Equal(3, hub.Connections.Count);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task Two_that_dial_each_other_at_once_both_have_a_connection_that_lasts(string kind)
    {
        var anywhere = Multiaddr.Parse(kind == "tcp" ? "/ip4/127.0.0.1/tcp/0" : "/memory/0");
        for (var round = 0; round < 20; round++)
        {
            var pair = Enumerable.Range(0, 2).Select(_ => Add(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() }, kind)).ToArray();
            var addresses = new[] { await pair[0].ListenAsync(anywhere), await pair[1].ListenAsync(anywhere) };
            var closed = 0;
            foreach (var each in pair)
            {
                each.Register(Handler.Echo);
                each.ConnectionClosed += _ => Interlocked.Increment(ref closed);
            }

            using var start = new Barrier(2);
            var dials = Enumerable.Range(0, 2).Select(i => Task.Run(async () =>
            {
                start.SignalAndWait();
                return await pair[i].DialAsync(addresses[1 - i]);
            })).ToArray();
            foreach (var connection in await Task.WhenAll(dials).WaitAsync(Limit))
            {
                await connection.PingAsync();
                await connection.WhenIdentifiedAsync().WaitAsync(Limit);
            }

            Assert.Equal(0, closed);
            Assert.Same(await pair[0].DialAsync(pair[1].LocalPeer), await pair[0].DialAsync(addresses[1]));
        }
    }

    [Fact]
    public async Task Half_open_handshakes_of_one_address_leave_room_for_others()
    {
        var hub = Add(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly(), MaxPendingHandshakes = 8, MaxPendingHandshakesPerAddress = 4 }, "tcp");
        var address = await hub.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        var standing = new List<TransportConnection>();
        for (var i = 0; i < 50; i++)
        {
            standing.Add(await BarePeer.ConnectAsync(address, IPAddress.Loopback));
        }

        // The fiftieth is closed, the first ones stand; a peer of another address is served.
        Assert.Equal(0, await standing[^1].Stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Limit));
        await using var other = await BarePeer.DialAsync(address, IPAddress.Parse("127.0.0.2"));
        await other.Connection.PingAsync();
        foreach (var each in standing)
        {
            await each.Stream.DisposeAsync();
        }
    }

    private async Task<(Switch Hub, Multiaddr Address)> ListenAsync(int high, int low, TimeSpan grace)
    {
        var hub = Add(new SwitchOptions
        {
            NodeKey = KeyPair.GenerateTestOnly(),
            ConnectionsHighWater = high,
            ConnectionsLowWater = low,
            TrimGrace = grace,
        });
        return (hub, await hub.ListenAsync(Multiaddr.Parse("/memory/0")));
    }

    private Switch Add(SwitchOptions options, string kind = "memory")
    {
        options.Transports = kind == "memory" ? [_transport] : [new TcpTransport()];
        _switches.Add(new Switch(options));
        return _switches[^1];
    }
}
