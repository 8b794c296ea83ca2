using Sdk.Core.Networking;
using Sdk.Core.Networking.Relay;

namespace Sdk.Interop.Libp2p;

/// <summary>Circuit relay v2 with js-libp2p in every role: the relay, the peer that hides behind it, the peer that dials through it.</summary>
[Collection(JsSuite.Name)]
public class JsRelayTests(JsPeers peers)
{
    /// <summary>js-libp2p's relay carries 128 KiB on a circuit by default; the handshake needs some.</summary>
    private const int EchoBytes = 20_000;

    [JsFact]
    public async Task We_are_reached_through_a_js_relay_by_us_and_by_js()
    {
        await using var relay = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519") { Relay = true });
        await using var hidden = await LocalNode.StartRelayedAsync(relay.Address);
        Assert.Equal(relay.Address.WithCircuit().WithPeer(hidden.PeerId), hidden.Address);

        await using var dialer = await LocalNode.StartRelayedAsync();
        var connection = await dialer.Switch.DialAsync(hidden.Address);
        Assert.True(connection.IsRelayed);
        Assert.Equal(hidden.PeerId, connection.RemotePeer);
        Assert.True(await TestProtocols.EchoesAsync(connection, EchoBytes));

        var js = await peers.GetAsync("tls", "secp256k1");
        var dialled = await js.AskAsync("dial", new { to = hidden.Address.ToString() });
        Assert.Equal(hidden.PeerId.ToString(), dialled.GetProperty("peer").GetString());
        var echo = await js.AskAsync("echo", new { to = hidden.Address.ToString(), bytes = EchoBytes });
        Assert.Equal(echo.GetProperty("sent").GetString(), echo.GetProperty("received").GetString());
        Assert.True((await hidden.ConnectionWithAsync(js.PeerId)).IsRelayed);
    }

    [JsFact]
    public async Task Js_is_reached_through_our_relay_by_us_and_by_js()
    {
        await using var relay = await LocalNode.StartAsync();
        var server = RelayServer.Start(relay.Switch);
        await using var hidden = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519") { Listen = [$"{relay.Address}/p2p-circuit"] });
        var self = await hidden.EventAsync("self", told => told.GetProperty("addresses").GetArrayLength() > 0);
        var address = Multiaddr.Parse(self.GetProperty("addresses")[0].GetString()!);
        Assert.Equal(relay.Address.WithCircuit().WithPeer(hidden.PeerId), address);
        Assert.Equal(1, server.ReservationCount);

        await using var dialer = await LocalNode.StartRelayedAsync();
        var connection = await dialer.Switch.DialAsync(address);
        Assert.True(connection.IsRelayed);
        Assert.Equal(hidden.PeerId, connection.RemotePeer);
        Assert.True(await TestProtocols.EchoesAsync(connection, EchoBytes));

        var js = await peers.GetAsync("tls", "secp256k1");
        var echo = await js.AskAsync("echo", new { to = address.ToString(), bytes = EchoBytes });
        Assert.Equal(echo.GetProperty("sent").GetString(), echo.GetProperty("received").GetString());
        Assert.Equal(2, server.CircuitCount);
    }
}
