using System.Net;
using System.Net.Sockets;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class DialByPeerTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task A_peer_that_was_met_is_dialled_by_its_id_alone(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        var first = await pair.Dialer.DialAsync(pair.Address);
        await Eventually.TrueAsync(() => pair.Dialer.AddressBook.Find(pair.Listener.LocalPeer).Count == 1);
        await first.DisposeAsync();
        var second = await pair.Dialer.DialAsync(pair.Listener.LocalPeer);
        Assert.NotSame(first, second);
        Assert.Same(second, await pair.Dialer.DialAsync(pair.Listener.LocalPeer));
        await second.PingAsync();
    }

    [Fact]
    public async Task An_address_that_answers_wins_over_one_that_keeps_silent_and_one_that_refuses()
    {
        await using var pair = await SwitchPair.StartAsync();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var dead = AddressOf(closed, pair.Listener.LocalPeer);
        closed.Stop();
        pair.Dialer.AddressBook.Add(AddressOf(silent, pair.Listener.LocalPeer), Lifetime);
        pair.Dialer.AddressBook.Add(dead, Lifetime);
        pair.Dialer.AddressBook.Add(pair.Address, Lifetime);
        var start = TimeProvider.System.GetTimestamp();
        var connection = await pair.Dialer.DialAsync(pair.Listener.LocalPeer);

        // The handshake's time is 10 s, which the silent one would have used up.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.Equal(pair.Address, connection.RemoteAddress.WithPeer(connection.RemotePeer));
    }

    [Fact]
    public async Task Where_nobody_answers_every_address_says_why_and_the_peer_is_left_alone_for_a_while()
    {
        await using var pair = await SwitchPair.StartAsync();
        using var someone = KeyPair.GenerateTestOnly();
        var peer = PeerId.FromPublicKey(someone.PublicKey);
        Assert.Empty((await Assert.ThrowsAsync<DialException>(async () => await pair.Dialer.DialAsync(peer))).Failures);

        // One address where somebody else answers, one where nobody does.
        var wrong = pair.Address.WithPeer(peer);
        var dead = Multiaddr.Parse("/ip4/127.0.0.1/tcp/1").WithPeer(peer);
        pair.Dialer.AddressBook.Add(wrong, Lifetime);
        pair.Dialer.AddressBook.Add(dead, Lifetime);
        for (var i = 0; i < 2; i++)
        {
            var failures = (await Assert.ThrowsAsync<DialException>(async () => await pair.Dialer.DialAsync(peer))).Failures;
            Assert.IsType<PeerRefusedException>(failures[wrong.ToString()]);
            Assert.IsType<DialException>(failures[dead.ToString()]);
        }

        var alone = await Assert.ThrowsAsync<DialException>(async () => await pair.Dialer.DialAsync(peer));
        Assert.Empty(alone.Failures);
        Assert.Contains("left alone", alone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_time_a_peer_is_left_alone_doubles_and_ends_when_it_answers()
    {
        var clock = new Clock();
        var backoff = new DialBackoff(clock);
        using var key = KeyPair.GenerateTestOnly();
        var peer = PeerId.FromPublicKey(key.PublicKey);
        var dials = 0;
        async Task FailAsync() => await Assert.ThrowsAsync<DialException>(() => backoff.RunAsync(peer, _ =>
        {
            dials++;
            throw new DialException("on purpose");
        }, default));

        await FailAsync();
        await FailAsync();
        Assert.Equal(2, dials);
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 })
        {
            clock.Now += TimeSpan.FromSeconds(seconds * 0.99);
            var before = dials;
            await FailAsync();
            Assert.Equal(before, dials);
            clock.Now += TimeSpan.FromSeconds(seconds * 0.27);
            await FailAsync();
            Assert.Equal(before + 1, dials);
        }

        backoff.Forget(peer);
        await FailAsync();
        Assert.Equal(14, dials);
    }

    private static Multiaddr AddressOf(TcpListener listener, PeerId peer) =>
        Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{((IPEndPoint)listener.LocalEndpoint).Port}").WithPeer(peer);
}

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class Clock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(60);

    public override DateTimeOffset GetUtcNow() => Now;
}
