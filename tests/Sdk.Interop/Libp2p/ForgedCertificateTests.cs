using Sdk.Core;

namespace Sdk.Interop.Libp2p;

/// <summary>
/// A certificate whose extension is not signed as the specification wants is refused by js-libp2p and by us, whoever dialled. The same
/// peer with the right signature is accepted by both: the signature is what was refused.
/// </summary>
[Collection(JsSuite.Name)]
public class ForgedCertificateTests(JsPeers peers)
{
    [JsTheory]
    [InlineData(ForgedPeer.WrongSignature)]
    [InlineData(ForgedPeer.HighS)]
    public async Task Js_refuses_a_forged_listener(string signature)
    {
        var js = await peers.GetAsync("tls", "ed25519");
        await using var forged = new ForgedPeer(signature);
        var refusal = await Assert.ThrowsAsync<JsErrorException>(() => js.AskAsync("dial", new { to = forged.Address.ToString() }));
        Assert.Equal("EncryptionFailedError", refusal.Name);
        Assert.Contains("signature", refusal.Message, StringComparison.OrdinalIgnoreCase);
    }

    [JsTheory]
    [InlineData(ForgedPeer.WrongSignature)]
    [InlineData(ForgedPeer.HighS)]
    public async Task Js_refuses_a_forged_dialer(string signature)
    {
        var js = await peers.GetAsync("tls", "ed25519");
        await using var forged = new ForgedPeer(signature);
        Assert.Null(await forged.DialAsync(js.Address));
    }

    [JsFact]
    public async Task Js_accepts_the_same_peer_with_the_right_signature()
    {
        var js = await peers.GetAsync("tls", "ed25519");
        await using var honest = new ForgedPeer(ForgedPeer.RightSignature);
        Assert.NotNull(await honest.DialAsync(js.Address));
        await js.AskAsync("hangUp", new { peer = honest.PeerId.ToString() });
        var dialled = await js.AskAsync("dial", new { to = honest.Address.ToString() });
        Assert.Equal(honest.PeerId.ToString(), dialled.GetProperty("peer").GetString());
    }

    [Theory]
    [InlineData(ForgedPeer.WrongSignature)]
    [InlineData(ForgedPeer.HighS)]
    public async Task We_refuse_a_forged_listener(string signature)
    {
        await using var node = await LocalNode.StartAsync();
        await using var forged = new ForgedPeer(signature);
        var refusal = await Assert.ThrowsAsync<PeerRefusedException>(async () => await node.Switch.DialAsync(forged.Address));
        Assert.Equal("The peer's certificate is not signed by the identity it names.", refusal.Message);
        Assert.Empty(node.Switch.Connections);
    }

    [Theory]
    [InlineData(ForgedPeer.WrongSignature)]
    [InlineData(ForgedPeer.HighS)]
    public async Task We_refuse_a_forged_dialer(string signature)
    {
        await using var node = await LocalNode.StartAsync();
        await using var forged = new ForgedPeer(signature);
        Assert.Null(await forged.DialAsync(node.Address));
        Assert.Empty(node.Switch.Connections);
    }

    [Fact]
    public async Task We_accept_the_same_peer_with_the_right_signature()
    {
        await using var node = await LocalNode.StartAsync();
        await using var honest = new ForgedPeer(ForgedPeer.RightSignature);
        Assert.NotNull(await honest.DialAsync(node.Address));
        await using var dialer = await LocalNode.StartAsync();
        var connection = await dialer.Switch.DialAsync(honest.Address);
        Assert.Equal(honest.PeerId, connection.RemotePeer);
    }
}
