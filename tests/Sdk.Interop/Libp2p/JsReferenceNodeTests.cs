using System.Text;
using System.Text.Json;
using Sdk.ReferenceNode.Tests;

namespace Sdk.Interop.Libp2p;

/// <summary>The reference node as a program: a libp2p peer that nobody here wrote is pointed at it, and each sees the other.</summary>
[Collection(JsSuite.Name)]
public class JsReferenceNodeTests(JsPeers peers)
{
    private const int PerfBytes = 1_000_000;

    [JsTheory]
    [InlineData("tls", "rsa")]
    [InlineData("noise", "ed25519")]
    public async Task A_js_peer_dials_the_reference_node_identifies_pings_measures_and_publishes(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        var topic = $"interop/{Guid.NewGuid():N}";
        using var program = SdkNode.Start(null, "node", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--security", security, "--subscribe", topic);
        var ready = Read(await program.ReadLineAsync());
        var peer = ready.GetProperty("peerId").GetString()!;
        var address = ready.GetProperty("addresses")[0].GetString()!;

        var dialled = await js.AskAsync("dial", new { to = address });
        Assert.Equal(peer, dialled.GetProperty("peer").GetString());
        var identified = await js.EventAsync("identify", told => told.GetProperty("peer").GetString() == peer);
        Assert.Equal([address], identified.GetProperty("addresses").EnumerateArray().Select(each => $"{each.GetString()}/p2p/{peer}"));
        Assert.Equal(3, (await js.AskAsync("ping", new { to = address, count = 3 })).GetProperty("ms").GetArrayLength());
        var perf = await js.AskAsync("perf", new { to = address, upload = PerfBytes, download = PerfBytes });
        Assert.Equal(PerfBytes, perf.GetProperty("received").GetInt64());

        await js.EventAsync(
            "subscription",
            told => told.GetProperty("peer").GetString() == peer && told.GetProperty("topics").EnumerateArray().Any(each => each.GetString() == topic));
        await js.AskAsync("publish", new { topic, data = Convert.ToBase64String(Encoding.UTF8.GetBytes("from afar")) });

        var seen = new Dictionary<string, JsonElement>();
        while (!seen.ContainsKey("message"))
        {
            var line = Read(await program.ReadLineAsync());
            if (line.TryGetProperty("peer", out var who) && who.GetString() == js.PeerId.ToString())
            {
                seen.TryAdd(line.GetProperty("event").GetString()!, line);
            }
        }

        Assert.Contains("connect", seen);
        Assert.Contains("identify", seen);
        Assert.Equal(topic, seen["message"].GetProperty("topic").GetString());
        Assert.Equal("from afar", seen["message"].GetProperty("text").GetString());
    }

    private static JsonElement Read(string? line)
    {
        using var document = JsonDocument.Parse(line ?? throw new InvalidOperationException("The reference node ended."));
        return document.RootElement.Clone();
    }
}
