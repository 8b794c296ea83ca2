using System.Security.Cryptography;
using Sdk.Core;
using Sdk.Core.Networking;

namespace Sdk.Interop.Libp2p;

/// <summary>
/// A certificate (TLS) or a payload (Noise) that the identity has not signed as the specification wants is refused by js-libp2p and by
/// us, whoever dialled. The same peer with the right signature is accepted by both: the signature is what was refused.
/// </summary>
[Collection(JsSuite.Name)]
public class ForgedIdentityTests(JsPeers peers)
{
    [JsTheory]
    [InlineData("tls", ForgedPeer.WrongSignature)]
    [InlineData("tls", ForgedPeer.HighS)]
    [InlineData("noise", ForgedPeer.WrongSignature)]
    [InlineData("noise", ForgedPeer.HighS)]
    public async Task Js_refuses_a_forged_listener(string security, string signature)
    {
        var js = await peers.GetAsync(security, "ed25519");
        await using var forged = new ForgedPeer(security, signature);
        var refusal = await Assert.ThrowsAsync<JsErrorException>(() => js.AskAsync("dial", new { to = forged.Address.ToString() }));
        Assert.Equal("EncryptionFailedError", refusal.Name);
        Assert.Contains("signature", refusal.Message, StringComparison.OrdinalIgnoreCase);
    }

    [JsTheory]
    [InlineData("tls", ForgedPeer.WrongSignature)]
    [InlineData("tls", ForgedPeer.HighS)]
    [InlineData("noise", ForgedPeer.WrongSignature)]
    [InlineData("noise", ForgedPeer.HighS)]
    public async Task Js_refuses_a_forged_dialer(string security, string signature)
    {
        var js = await peers.GetAsync(security, "ed25519");
        await using var forged = new ForgedPeer(security, signature);
        Assert.Null(await forged.DialAsync(js.Address));
    }

    [JsTheory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task Js_accepts_the_same_peer_with_the_right_signature(string security)
    {
        var js = await peers.GetAsync(security, "ed25519");
        await using var honest = new ForgedPeer(security, ForgedPeer.RightSignature);
        Assert.NotNull(await honest.DialAsync(js.Address));
        await js.AskAsync("hangUp", new { peer = honest.PeerId.ToString() });
        var dialled = await js.AskAsync("dial", new { to = honest.Address.ToString() });
        Assert.Equal(honest.PeerId.ToString(), dialled.GetProperty("peer").GetString());
    }

    [Theory]
    [InlineData("tls", ForgedPeer.WrongSignature)]
    [InlineData("tls", ForgedPeer.HighS)]
    [InlineData("noise", ForgedPeer.WrongSignature)]
    [InlineData("noise", ForgedPeer.HighS)]
    public async Task We_refuse_a_forged_listener(string security, string signature)
    {
        await using var node = await LocalNode.StartAsync();
        await using var forged = new ForgedPeer(security, signature);
        var refusal = await Assert.ThrowsAsync<PeerRefusedException>(async () => await node.Switch.DialAsync(forged.Address));
        Assert.EndsWith("is not signed by the identity it names.", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(node.Switch.Connections);
    }

    [Theory]
    [InlineData("tls", ForgedPeer.WrongSignature)]
    [InlineData("tls", ForgedPeer.HighS)]
    [InlineData("noise", ForgedPeer.WrongSignature)]
    [InlineData("noise", ForgedPeer.HighS)]
    public async Task We_refuse_a_forged_dialer(string security, string signature)
    {
        await using var node = await LocalNode.StartAsync();
        await using var forged = new ForgedPeer(security, signature);
        Assert.Null(await forged.DialAsync(node.Address));
        Assert.Empty(node.Switch.Connections);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task We_accept_the_same_peer_with_the_right_signature(string security)
    {
        await using var node = await LocalNode.StartAsync();
        await using var honest = new ForgedPeer(security, ForgedPeer.RightSignature);
        Assert.NotNull(await honest.DialAsync(node.Address));
        await using var dialer = await LocalNode.StartAsync();
        var connection = await dialer.Switch.DialAsync(honest.Address);
        Assert.Equal(honest.PeerId, connection.RemotePeer);
    }

    /// <summary>Js-libp2p has no ECDSA identities; other implementations do.</summary>
    [Theory]
    [InlineData("tls", "nistP256")]
    [InlineData("noise", "nistP256")]
    [InlineData("tls", "nistP384")]
    [InlineData("noise", "nistP521")]
    public async Task We_verify_an_ECDSA_identity_whoever_dials(string security, string curve)
    {
        await using var node = await LocalNode.StartAsync();
        await using var foreign = new ForgedPeer(security, ForgedPeer.RightSignature, ECDsa.Create(ECCurve.CreateFromFriendlyName(curve)));
        var connection = await node.Switch.DialAsync(foreign.Address);
        Assert.Equal(foreign.PeerId, connection.RemotePeer);
        Assert.Equal(IdentityKeyType.Ecdsa, connection.RemoteIdentity.Type);
        Assert.Null(connection.RemoteKey);

        await using var other = await LocalNode.StartAsync();
        Assert.NotNull(await foreign.DialAsync(other.Address));
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task We_refuse_an_ECDSA_identity_that_did_not_sign(string security)
    {
        await using var node = await LocalNode.StartAsync();
        await using var forged = new ForgedPeer(security, ForgedPeer.WrongSignature, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var refusal = await Assert.ThrowsAsync<PeerRefusedException>(async () => await node.Switch.DialAsync(forged.Address));
        Assert.EndsWith("is not signed by the identity it names.", refusal.Message, StringComparison.Ordinal);
        Assert.Null(await forged.DialAsync(node.Address));
    }
}
