using System.Buffers;
using System.Security.Cryptography;
using Sdk.Core.Networking.Diagnostics;

namespace Sdk.Core.Tests.Networking.Diagnostics;

public class PingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task Either_side_measures_the_round_trip(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        Assert.InRange(await connection.PingAsync(), TimeSpan.FromTicks(1), Limit);
        Assert.InRange(await (await pair.Listener.ConnectionAsync(pair.Dialer.LocalPeer)).PingAsync(), TimeSpan.FromTicks(1), Limit);
    }

    [Fact]
    public async Task Pings_are_answered_while_other_streams_are_full_of_data()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new Handler("/test/sink/1", async (stream, token) => await stream.Input.CopyToAsync(Stream.Null, token)));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var stream = await connection.OpenStreamAsync("/test/sink/1");
            var block = new byte[100_000];
            while (!stop.IsCancellationRequested)
            {
                await stream.Output.WriteAsync(block);
            }
        }).ToArray();
        await using var session = await connection.OpenPingAsync();
        for (var i = 0; i < 50; i++)
        {
            // js-libp2p gives up after 5 seconds.
            Assert.InRange(await session.PingAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }

        await stop.CancelAsync();
        await Task.WhenAll(load).WaitAsync(Limit);
    }

    [Fact]
    public async Task Bytes_are_echoed_in_whole_payloads_however_they_are_cut_until_the_peer_ends()
    {
        await using var pair = await SwitchPair.StartAsync();
        var stream = await (await pair.Dialer.DialAsync(pair.Address)).OpenStreamAsync(PingProtocol.Name);
        var reading = stream.Input.ReadToEndAsync();
        var sent = RandomNumberGenerator.GetBytes(32 * 100);
        for (var (start, length) = (0, 1); start < sent.Length; start += length, length = Math.Min(length + 3, sent.Length - start))
        {
            await stream.Output.WriteAsync(sent.AsMemory(start, length));
        }

        await stream.CloseWriteAsync();
        Assert.Equal(sent, await reading.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_peer_that_ends_within_a_payload_is_reset()
    {
        await using var pair = await SwitchPair.StartAsync();
        var stream = await (await pair.Dialer.DialAsync(pair.Address)).OpenStreamAsync(PingProtocol.Name);
        await stream.Output.WriteAsync(new byte[33]);
        await stream.CloseWriteAsync();
        await Assert.ThrowsAsync<StreamResetException>(() => stream.Input.ReadToEndAsync().WaitAsync(Limit));
    }

    [Theory]
    [InlineData("other bytes")]
    [InlineData("more bytes")]
    [InlineData("the end")]
    public async Task An_answer_that_is_no_echo_is_a_violation_and_ends_the_session(string answer)
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var peer = await BarePeer.DialAsync(pair.Address, new Handler(PingProtocol.Name, async (stream, token) =>
        {
            var payload = (await stream.Input.ReadAtLeastAsync(32, token)).Buffer;
            byte[] echo = [.. payload.ToArray(), .. answer == "more bytes" ? new byte[1] : []];
            echo[0] ^= answer == "other bytes" ? (byte)1 : (byte)0;
            stream.Input.AdvanceTo(payload.End);
            if (answer != "the end")
            {
                await stream.Output.WriteAsync(echo, token);
                await stream.Input.ReadAsync(token);
            }
        }));
        await using var session = await (await pair.Listener.ConnectionAsync(peer.Id)).OpenPingAsync();
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.PingAsync());
        await Assert.ThrowsAsync<StreamResetException>(async () => await session.PingAsync());
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_pings_in_time_or_at_all_is_told_apart()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var mute = await BarePeer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await (await pair.Listener.ConnectionAsync(mute.Id)).PingAsync());

        await using var slow = await BarePeer.DialAsync(pair.Address, new Handler(PingProtocol.Name, (_, token) => Task.Delay(Timeout.Infinite, token)));
        var connection = await pair.Listener.ConnectionAsync(slow.Id);
        await using var session = await connection.OpenPingAsync();
        using var cancellation = new CancellationTokenSource();
        var ping = session.PingAsync(cancellation.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.PingAsync());
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ping);
    }
}
