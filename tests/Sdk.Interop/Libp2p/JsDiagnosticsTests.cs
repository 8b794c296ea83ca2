using Sdk.Core.Networking.Diagnostics;

namespace Sdk.Interop.Libp2p;

/// <summary>Ping and perf with js-libp2p, both ways.</summary>
[Collection(JsSuite.Name)]
public class JsDiagnosticsTests(JsPeers peers)
{
    private const int PerfBytes = 8 * 1024 * 1024;

    public static TheoryData<string, string> Kinds => JsConnectionTests.Kinds;

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Each_side_pings_the_other_once_and_again_and_again(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        Assert.InRange(await connection.PingAsync(), TimeSpan.Zero, JsPeer.Limit);
        await using (var session = await connection.OpenPingAsync())
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.InRange(await session.PingAsync(), TimeSpan.Zero, JsPeer.Limit);
            }
        }

        var pings = await js.AskAsync("ping", new { to = node.Address.ToString(), count = 20 });
        Assert.Equal(20, pings.GetProperty("ms").GetArrayLength());
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Perf_measures_both_ways(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        node.Switch.Register(new PerfProtocol());
        var connection = await node.Switch.DialAsync(js.Address);
        var result = await PerfProtocol.MeasureAsync(connection, PerfBytes, 2 * PerfBytes);
        Assert.Equal((PerfBytes, 2 * PerfBytes), (result.UploadBytes, result.DownloadBytes));

        var told = await js.AskAsync("perf", new { to = node.Address.ToString(), upload = PerfBytes, download = 2 * PerfBytes });
        Assert.Equal(2 * PerfBytes, told.GetProperty("received").GetInt64());
    }

    /// <summary>js-libp2p pings whom it is connected to, every ten seconds unless told otherwise, and aborts a connection whose ping fails.</summary>
    [JsFact]
    public async Task A_connection_that_js_watches_lives()
    {
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519") { MonitorMs = 50 });
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        var watched = await js.AskAsync("watch", new { peer = node.PeerId.ToString(), ms = 1000 });
        Assert.Equal("open", watched.GetProperty("status").GetString());
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, watched.GetProperty("rtt").ValueKind);
        Assert.False(connection.Closed.IsCompleted);
        Assert.True(await TestProtocols.EchoesAsync(connection, 1000));
    }
}
