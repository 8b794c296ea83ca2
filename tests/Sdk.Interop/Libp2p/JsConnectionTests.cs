using System.Text.Json;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Interop.Libp2p;

/// <summary>Connections with js-libp2p over every security protocol, with every type of identity that js-libp2p has; both sides dial.</summary>
[Collection(JsSuite.Name)]
public class JsConnectionTests(JsPeers peers)
{
    private const int TransferBytes = 64 * 1024 * 1024;
    private const int Streams = 200;

    public static TheoryData<string, string> Kinds => new()
    {
        { "tls", "ed25519" },
        { "tls", "secp256k1" },
        { "tls", "rsa" },
        { "noise", "ed25519" },
        { "noise", "secp256k1" },
        { "noise", "rsa" },
    };

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task We_dial_js_and_both_know_who_the_other_is(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);

        Assert.Equal(js.PeerId, connection.RemotePeer);
        Assert.Equal(js.PeerId, PeerId.FromIdentity(connection.RemoteIdentity));
        Assert.Equal(key, connection.RemoteIdentity.Type.ToString(), ignoreCase: true);
        await js.EventAsync("connect", node.PeerId);
        AssertSeen(await ConnectionSeenAsync(js, node.PeerId), security, "inbound");
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Js_dials_us_and_both_know_who_the_other_is(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var dialled = await js.AskAsync("dial", new { to = node.Address.ToString() });
        var connection = await node.ConnectionWithAsync(js.PeerId);

        Assert.Equal(node.PeerId.ToString(), dialled.GetProperty("peer").GetString());
        Assert.False(connection.IsDialer);
        Assert.Equal(js.PeerId, PeerId.FromIdentity(connection.RemoteIdentity));
        AssertSeen(await ConnectionSeenAsync(js, node.PeerId), security, "outbound");
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Sixty_four_mebibytes_go_each_way_whoever_dialled_and_after_the_asking_side_has_ended_its_own(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        AssertWhole(await TestProtocols.UploadAsync(connection, TransferBytes));
        AssertWhole(await TestProtocols.DownloadAsync(connection, TransferBytes));

        // The other way round: js dials, and asks.
        await using var other = await LocalNode.StartAsync();
        AssertWhole(await js.AskAsync("upload", new { to = other.Address.ToString(), bytes = TransferBytes }));
        AssertWhole(await js.AskAsync("download", new { to = other.Address.ToString(), bytes = TransferBytes }));
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Two_hundred_streams_that_we_open_echo_at_once(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        var payload = new byte[10_000];
        Random.Shared.NextBytes(payload);

        // All are open, and have echoed once, before the first is closed.
        var streams = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => connection.OpenStreamAsync(TestProtocols.Echo).AsTask()));
        var echoes = await Task.WhenAll(streams.Select(async stream =>
        {
            await stream.Output.WriteAsync(payload);
            return await TestProtocols.ReadExactlyAsync(stream.Input, payload.Length);
        })).WaitAsync(JsPeer.Limit);
        Assert.All(echoes, echo => Assert.Equal(payload, echo));
        foreach (var stream in streams)
        {
            await stream.CloseWriteAsync();
        }

        var rests = await Task.WhenAll(streams.Select(stream => TestProtocols.ReadToEndAsync(stream.Input))).WaitAsync(JsPeer.Limit);
        Assert.All(rests, Assert.Empty);
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Two_hundred_streams_that_js_opens_echo_at_once(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var answer = await js.AskAsync("streams", new { to = node.Address.ToString(), count = Streams, bytes = 10_000 });
        Assert.Equal(Streams, answer.GetProperty("echoed").GetInt32());
        Assert.Equal(Streams, answer.GetProperty("open").GetInt32());
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task A_reset_by_either_side_is_a_reset_to_the_other_and_the_connection_lives(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);

        // Js resets what we opened.
        var refused = await connection.OpenStreamAsync(TestProtocols.Refuse);
        await refused.Output.WriteAsync("anything"u8.ToArray());
        await Assert.ThrowsAsync<StreamResetException>(() => TestProtocols.ReadToEndAsync(refused.Input).WaitAsync(JsPeer.Limit));

        // We reset what js opened.
        var reset = await js.AskAsync("refused", new { to = node.Address.ToString() });
        Assert.Equal("StreamResetError", reset.GetProperty("end").GetString());

        // We reset what we opened.
        var held = await connection.OpenStreamAsync(TestProtocols.Hold);
        await held.Output.WriteAsync("held"u8.ToArray());
        Assert.Equal("held"u8.ToArray(), await TestProtocols.ReadExactlyAsync(held.Input, 4).WaitAsync(JsPeer.Limit));
        held.Reset();
        Assert.Equal("StreamResetError", (await js.EventAsync("held")).GetProperty("end").GetString());

        // Js resets what js opened.
        var aborted = await js.AskAsync("abort", new { to = node.Address.ToString() });
        Assert.Equal("held", aborted.GetProperty("echoed").GetString());
        using var limit = new CancellationTokenSource(JsPeer.Limit);
        Assert.IsType<StreamResetException>(await node.Protocols.Held.ReadAsync(limit.Token));

        Assert.True(await TestProtocols.EchoesAsync(connection, 100_000));
        Assert.Same(connection, Assert.Single(node.Switch.Connections));
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task We_refuse_a_js_peer_that_is_not_who_was_dialled_and_say_so(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        using var other = KeyPair.GenerateTestOnly();
        var wrong = PeerId.FromPublicKey(other.PublicKey);
        var refusal = await Assert.ThrowsAsync<PeerRefusedException>(async () => await node.Switch.DialAsync(js.Address.WithPeer(wrong)));
        Assert.Contains(js.PeerId.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(wrong.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Empty(node.Switch.Connections);
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Js_refuses_us_where_it_dialled_somebody_else_and_says_so(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync();
        using var other = KeyPair.GenerateTestOnly();
        var wrong = node.Address.WithPeer(PeerId.FromPublicKey(other.PublicKey)).ToString();
        var refusal = await Assert.ThrowsAsync<JsErrorException>(() => js.AskAsync("dial", new { to = wrong }));
        Assert.Equal("EncryptionFailedError", refusal.Name);
        Assert.Contains(security == "tls" ? "Unexpected Peer" : "does not match expected remote", refusal.Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>js-libp2p makes a certificate for every connection, with random numbers in it: none of them is unacceptable to us.</summary>
    [JsFact]
    public async Task A_hundred_dials_of_js_are_all_accepted()
    {
        var js = await peers.GetAsync("tls", "rsa");
        await using var node = await LocalNode.StartAsync(options => options.MaxConnectionsPerPeer = 200);
        var dials = await js.AskAsync("timeDials", new { to = node.Address.ToString(), count = 100 });
        Assert.Equal(100, dials.GetProperty("ms").GetArrayLength());
    }

    [JsTheory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task A_protocol_that_the_other_side_does_not_speak_is_refused_and_the_connection_lives(string security)
    {
        var js = await peers.GetAsync(security, "ed25519");
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await connection.OpenStreamAsync("/interop/unknown/1.0.0"));
        Assert.True(await TestProtocols.EchoesAsync(connection, 1000));
    }

    [JsTheory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task A_connection_that_js_closes_is_closed_for_us(string security)
    {
        var js = await peers.GetAsync(security, "ed25519");
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        Assert.True(await TestProtocols.EchoesAsync(connection, 1000));
        await js.AskAsync("hangUp", new { peer = node.PeerId.ToString() });
        await connection.Closed.WaitAsync(JsPeer.Limit);
        await Assert.ThrowsAsync<StreamResetException>(async () => await connection.OpenStreamAsync(TestProtocols.Echo));
    }

    [JsTheory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task A_connection_that_we_close_is_closed_for_js(string security)
    {
        var js = await peers.GetAsync(security, "ed25519");
        await using var node = await LocalNode.StartAsync();
        var connection = await node.Switch.DialAsync(js.Address);
        await js.EventAsync("connect", node.PeerId);

        // At once: where js does not notice, ours gives up after five seconds.
        await connection.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(4));
        await js.EventAsync("disconnect", node.PeerId);
    }

    [JsTheory]
    [InlineData(new[] { SecurityProtocol.Tls, SecurityProtocol.Noise }, "tls")]
    [InlineData(new[] { SecurityProtocol.Noise, SecurityProtocol.Tls }, "noise")]
    [InlineData(new[] { SecurityProtocol.Noise }, "noise")]
    public async Task With_a_js_peer_that_has_both_what_the_dialer_wants_first_is_taken(SecurityProtocol[] ours, string agreed)
    {
        var js = await peers.GetAsync("both", "ed25519");
        await using var node = await LocalNode.StartAsync(options => options.Securities = ours);
        var connection = await node.Switch.DialAsync(js.Address);
        await js.EventAsync("connect", node.PeerId);
        AssertSeen(await ConnectionSeenAsync(js, node.PeerId), agreed, "inbound");
        Assert.True(await TestProtocols.EchoesAsync(connection, 100_000));
    }

    private static async Task<JsonElement> ConnectionSeenAsync(JsPeer js, PeerId peer) =>
        Assert.Single((await js.AskAsync("connections")).GetProperty("connections").EnumerateArray(), seen => seen.GetProperty("peer").GetString() == peer.ToString());

    private static void AssertSeen(JsonElement seen, string security, string direction)
    {
        Assert.Equal(security == "tls" ? "/tls/1.0.0" : "/noise", seen.GetProperty("encryption").GetString());
        Assert.Equal("/yamux/1.0.0", seen.GetProperty("muxer").GetString());
        Assert.Equal(direction, seen.GetProperty("direction").GetString());
    }

    private static void AssertWhole((byte[] Sent, long Count, byte[] Received) transfer)
    {
        Assert.Equal(TransferBytes, transfer.Count);
        Assert.Equal(Convert.ToHexStringLower(transfer.Sent), Convert.ToHexStringLower(transfer.Received));
    }

    private static void AssertWhole(JsonElement transfer)
    {
        Assert.Equal(TransferBytes, transfer.GetProperty("count").GetInt64());
        Assert.Equal(transfer.GetProperty("sent").GetString(), transfer.GetProperty("received").GetString());
    }
}
