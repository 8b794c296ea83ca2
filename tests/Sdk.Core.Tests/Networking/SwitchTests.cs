using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class SwitchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task What_one_side_writes_the_other_reads_and_answers(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        Assert.Equal(pair.Listener.LocalPeer, connection.RemotePeer);

        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var stream = await connection.OpenStreamAsync("/test/echo/1");
        var reading = stream.Input.ReadToEndAsync();
        await stream.Output.WriteAsync(sent);
        await stream.CloseWriteAsync();

        Assert.Equal(sent, await reading.WaitAsync(Limit));
    }

    [Fact]
    public async Task Dialling_again_returns_the_live_connection()
    {
        await using var pair = await SwitchPair.StartAsync();
        var dials = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => pair.Dialer.DialAsync(pair.Address).AsTask()));
        Assert.All(dials, connection => Assert.Same(dials[0], connection));
    }

    [Fact]
    public async Task A_peer_other_than_the_one_dialled_is_refused()
    {
        await using var pair = await SwitchPair.StartAsync();
        using var other = KeyPair.GenerateTestOnly();
        var wrong = pair.Address.WithPeer(PeerId.FromPublicKey(other.PublicKey));
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await pair.Dialer.DialAsync(wrong));
    }
}
