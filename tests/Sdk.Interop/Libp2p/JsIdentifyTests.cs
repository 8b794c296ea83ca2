using System.Text.Json;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Identify;

namespace Sdk.Interop.Libp2p;

/// <summary>Identify and identify push with js-libp2p, both ways, whoever dialled.</summary>
[Collection(JsSuite.Name)]
public class JsIdentifyTests(JsPeers peers)
{
    private const string Agent = "interop-sdk/1";
    private const string JsAgent = "interop-js/1";

    public static TheoryData<string, string> Kinds => JsConnectionTests.Kinds;

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Both_learn_what_the_other_is_where_we_dial(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync(options => options.AgentVersion = Agent);
        var connection = await node.Switch.DialAsync(js.Address);
        AssertJs(await connection.WhenIdentifiedAsync().WaitAsync(JsPeer.Limit), js, connection);
        AssertUs(await js.EventAsync("identify", node.PeerId), node, connection);
    }

    [JsTheory]
    [MemberData(nameof(Kinds))]
    public async Task Both_learn_what_the_other_is_where_js_dials(string security, string key)
    {
        var js = await peers.GetAsync(security, key);
        await using var node = await LocalNode.StartAsync(options => options.AgentVersion = Agent);
        await js.AskAsync("dial", new { to = node.Address.ToString() });
        var connection = await node.ConnectionWithAsync(js.PeerId);
        AssertJs(await connection.WhenIdentifiedAsync().WaitAsync(JsPeer.Limit), js, connection);
        AssertUs(await js.EventAsync("identify", node.PeerId), node, connection);
    }

    [JsFact]
    public async Task Js_hears_of_a_protocol_and_of_an_address_that_come_later()
    {
        var js = await peers.GetAsync("tls", "ed25519");
        await using var node = await LocalNode.StartAsync();
        await node.Switch.DialAsync(js.Address);
        await js.EventAsync("identify", node.PeerId);

        node.Switch.Register(new Nothing("/interop/later/1.0.0"));
        await js.EventAsync("identify", told => IsOf(told, node.PeerId) && Texts(told, "protocols").Contains("/interop/later/1.0.0"));
        var address = await node.Switch.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        var told = await js.EventAsync("identify", told => IsOf(told, node.PeerId) && Texts(told, "addresses").Contains(address.WithoutPeer().ToString()));
        Assert.Contains(address.WithoutPeer().ToString(), Texts(told.GetProperty("record"), "addresses"));
    }

    [JsFact]
    public async Task We_hear_of_a_protocol_that_js_answers_later()
    {
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519"));
        await using var node = await LocalNode.StartAsync();
        var heard = new TaskCompletionSource<PeerIdentity>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Switch.Identify.PeerIdentified += identity =>
        {
            if (identity.Protocols.Contains("/interop/later/1.0.0"))
            {
                heard.TrySetResult(identity);
            }
        };
        var connection = await node.Switch.DialAsync(js.Address);
        Assert.DoesNotContain("/interop/later/1.0.0", (await connection.WhenIdentifiedAsync()).Protocols);

        await js.AskAsync("answer", new { protocol = "/interop/later/1.0.0" });
        AssertJs(await heard.Task.WaitAsync(JsPeer.Limit), js, connection);
    }

    private static void AssertJs(PeerIdentity identity, JsPeer js, Connection connection)
    {
        Assert.Equal(js.PeerId, identity.Peer);
        Assert.Equal(JsAgent, identity.AgentVersion);
        Assert.Equal("ipfs/0.1.0", identity.ProtocolVersion);
        Assert.Contains(TestProtocols.Echo, identity.Protocols);
        Assert.Contains("/ipfs/ping/1.0.0", identity.Protocols);
        Assert.Equal([js.Address], identity.Addresses);
        Assert.True(identity.AreAddressesCertified);
        Assert.Equal(connection.LocalAddress, identity.ObservedAddress?.WithoutPeer());
    }

    private static void AssertUs(JsonElement told, LocalNode node, Connection connection)
    {
        Assert.Equal(Agent, told.GetProperty("agent").GetString());
        Assert.Contains(TestProtocols.Echo, Texts(told, "protocols"));
        Assert.Contains("/ipfs/id/1.0.0", Texts(told, "protocols"));
        Assert.Contains("/ipfs/id/push/1.0.0", Texts(told, "protocols"));
        var address = node.Address.WithoutPeer().ToString();
        Assert.Equal([address], Texts(told, "addresses"));
        Assert.Equal([address], Texts(told.GetProperty("record"), "addresses"));

        // What we told js of itself: the address at which we see it.
        Assert.Equal(connection.RemoteAddress.ToString(), told.GetProperty("observed").GetString());
    }

    private static bool IsOf(JsonElement told, PeerId peer) => told.GetProperty("peer").GetString() == peer.ToString();

    private static IEnumerable<string?> Texts(JsonElement told, string name) => told.GetProperty(name).EnumerateArray().Select(text => text.GetString());

    private sealed class Nothing(string id) : IProtocol
    {
        public string Id => id;

        public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
