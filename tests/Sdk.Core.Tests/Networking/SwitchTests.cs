using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Tests.Networking;

public class SwitchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    [InlineData("tcp/noise")]
    [InlineData("memory/noise")]
    public async Task What_one_side_writes_the_other_reads_and_answers(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        Assert.Equal(pair.Listener.LocalPeer, connection.RemotePeer);
        Assert.Equal(connection.RemotePeer, PeerId.FromPublicKey(connection.RemoteKey!));
        Assert.True(await EchoesAsync(connection, 3_000_000));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    [InlineData("tcp/noise")]
    [InlineData("memory/noise")]
    public async Task Sixty_four_streams_at_once_deliver_every_byte_to_the_right_one(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var results = await Task.WhenAll(Enumerable.Range(1, 64).Select(i => EchoesAsync(connection, i * 9_973)));
        Assert.All(results, Assert.True);
    }

    [Fact]
    public async Task Both_sides_hear_of_a_connection_and_of_its_end_even_if_another_listener_throws()
    {
        await using var pair = await SwitchPair.StartAsync();
        var opened = new TaskCompletionSource<Connection>();
        var closed = new TaskCompletionSource<Connection>();
        var dialled = new TaskCompletionSource<Connection>();
        pair.Listener.ConnectionOpened += _ => throw new InvalidOperationException("A listener's bug.");
        pair.Listener.ConnectionOpened += opened.SetResult;
        pair.Listener.ConnectionClosed += closed.SetResult;
        pair.Dialer.ConnectionOpened += dialled.SetResult;
        var connection = await pair.Dialer.DialAsync(pair.Address);

        Assert.Same(connection, await dialled.Task.WaitAsync(Limit));
        Assert.Equal(pair.Dialer.LocalPeer, (await opened.Task.WaitAsync(Limit)).RemotePeer);
        Assert.False(closed.Task.IsCompleted);
        await connection.DisposeAsync();
        Assert.Same(await opened.Task, await closed.Task.WaitAsync(Limit));
        Assert.Empty(pair.Listener.Connections);
    }

    [Fact]
    public async Task Both_sides_of_a_connection_open_streams()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Dialer.Register(Handler.Echo);
        var accepted = new TaskCompletionSource<Connection>();
        pair.Listener.Register(new Handler("/test/hello/1", (stream, _) =>
        {
            accepted.SetResult(stream.Connection);
            return Task.CompletedTask;
        }));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await using var hello = await connection.OpenStreamAsync("/test/hello/1");
        Assert.True(await EchoesAsync(await accepted.Task.WaitAsync(Limit), 100_000));
    }

    [Fact]
    public async Task Dialling_again_returns_the_live_connection()
    {
        await using var pair = await SwitchPair.StartAsync();
        var dials = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => pair.Dialer.DialAsync(pair.Address).AsTask()));
        Assert.All(dials, connection => Assert.Same(dials[0], connection));
        await dials[0].DisposeAsync();
        Assert.NotSame(dials[0], await pair.Dialer.DialAsync(pair.Address));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("tcp/noise")]
    public async Task A_peer_other_than_the_one_dialled_is_refused(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        using var other = KeyPair.GenerateTestOnly();
        var wrong = pair.Address.WithPeer(PeerId.FromPublicKey(other.PublicKey));
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await pair.Dialer.DialAsync(wrong));
        Assert.Empty(pair.Dialer.Connections);
    }

    [Fact]
    public async Task An_address_where_nobody_listens_is_a_dial_exception()
    {
        await using var pair = await SwitchPair.StartAsync();
        await pair.Listener.DisposeAsync();
        await Assert.ThrowsAsync<DialException>(async () => await pair.Dialer.DialAsync(pair.Address));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_whose_certificate_is_forged_gets_no_stream(bool isHighS)
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(Handler.Echo);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = LibP2PCertificateTests.Forge.WithKey(
            key,
            sign: (by, message) => isHighS
                ? LibP2PCertificateTests.Forge.WithHighS(IdentityKey.Sign(by, message))
                : IdentityKey.Sign(by, [.. message, 0]),
            from: DateTimeOffset.UnixEpoch);
        await using var stream = await ConnectAsync(pair.Address);
        await MultistreamSelect.ProposeAsync(stream, TlsHandshake.Protocol, default);
        await using var tls = new SslStream(stream, false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "",
            ApplicationProtocols = [new SslApplicationProtocol("/yamux/1.0.0")],
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        });

        // TLS 1.3: the client is done before the server has judged it. What follows is an alert or the end, never yamux.
        var failure = await Record.ExceptionAsync(async () => Assert.Equal(0, await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Limit)));
        Assert.True(failure is null or IOException);
        Assert.Empty(pair.Listener.Connections);
    }

    [Fact]
    public async Task Garbage_on_the_port_is_closed_and_counted_while_other_peers_are_served()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(Handler.Echo);
        var refusals = 0L;
        using var meter = new MeterListener();
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument == Telemetry.Refusals)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meter.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref refusals, value));
        meter.Start();

        var connection = await pair.Dialer.DialAsync(pair.Address);
        for (var i = 0; i < 20; i++)
        {
            await using var stream = await ConnectAsync(pair.Address);
            var garbage = new byte[2000];
            new Random(i).NextBytes(garbage);
            await Record.ExceptionAsync(async () =>
            {
                await stream.WriteAsync(garbage);
                while (await stream.ReadAsync(garbage).AsTask().WaitAsync(Limit) > 0)
                {
                }
            });
            Assert.True(await EchoesAsync(connection, 1000));
        }

        await using var late = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        Assert.True(await EchoesAsync(await late.DialAsync(pair.Address), 1000));
        Assert.InRange(Interlocked.Read(ref refusals), 20, long.MaxValue);
    }

    [Fact]
    public async Task A_handshake_that_stands_still_is_cut_off()
    {
        await using var pair = await SwitchPair.StartAsync(configureListener: options => options.HandshakeTimeout = TimeSpan.FromMilliseconds(100));
        await using var stream = await ConnectAsync(pair.Address);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Limit));
    }

    [Fact]
    public async Task Handshakes_and_connections_beyond_the_limits_are_closed()
    {
        await using var pair = await SwitchPair.StartAsync(configureListener: options =>
        {
            options.MaxPendingHandshakes = 1;
            options.MaxConnections = 1;
        });
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        Assert.True(await EchoesAsync(connection, 10));

        await using var third = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        await (await third.DialAsync(pair.Address)).Closed.WaitAsync(Limit);
        await using var standing = await ConnectAsync(pair.Address);
        await using var refused = await ConnectAsync(pair.Address);
        Assert.Equal(0, await refused.ReadAsync(new byte[1]).AsTask().WaitAsync(Limit));
        Assert.True(await EchoesAsync(connection, 10));
    }

    [Fact]
    public async Task A_protocol_that_the_peer_does_not_speak_is_refused_and_the_connection_lives()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await connection.OpenStreamAsync("/test/unknown/1"));
        Assert.True(await EchoesAsync(connection, 10));
    }

    [Fact]
    public async Task A_handler_that_throws_resets_its_stream_only()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(Handler.Echo);
        pair.Listener.Register(new Handler("/test/throws/1", (_, _) => throw new InvalidOperationException("on purpose")));
        var connection = await pair.Dialer.DialAsync(pair.Address);

        // A reset overtakes what was queued, so it may be seen as early as the negotiation.
        await Assert.ThrowsAsync<StreamResetException>(async () =>
        {
            var stream = await connection.OpenStreamAsync("/test/throws/1");
            await stream.Input.ReadToEndAsync().WaitAsync(Limit);
        });
        Assert.True(await EchoesAsync(connection, 10));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("tcp/noise")]
    public async Task A_stream_that_is_never_read_blocks_no_other(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        pair.Listener.Register(Handler.Echo);
        pair.Listener.Register(new Handler("/test/deaf/1", (_, token) => Task.Delay(Timeout.Infinite, token)));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var deaf = await connection.OpenStreamAsync("/test/deaf/1");
        var stuck = deaf.Output.WriteAsync(new byte[2_000_000]).AsTask();

        Assert.True(await EchoesAsync(connection, 5_000_000));
        Assert.False(stuck.IsCompleted);
        deaf.Reset();
        await Assert.ThrowsAsync<StreamResetException>(() => stuck.WaitAsync(Limit));
    }

    [Fact]
    public async Task Streams_reset_at_random_moments_disturb_no_other_stream()
    {
        await using var pair = await SwitchPair.StartAsync("memory");
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var steady = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EchoesAsync(connection, 2_000_000)));
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            var failure = await Record.ExceptionAsync(async () =>
            {
                var stream = await connection.OpenStreamAsync(Handler.Echo.Id);
                var reading = stream.Input.ReadToEndAsync();
                var writing = stream.Output.WriteAsync(new byte[i * 3_000]).AsTask();
                await Task.Yield();
                stream.Reset();
                await Task.WhenAll(reading, writing);
            });
            Assert.True(failure is StreamResetException, failure?.ToString());
        }));
        Assert.All(await steady.WaitAsync(Limit), Assert.True);
    }

    [Fact]
    public async Task Cancelling_a_dial_leaves_the_switch_in_working_order()
    {
        await using var pair = await SwitchPair.StartAsync();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var someone = KeyPair.GenerateTestOnly();
        var address = Multiaddr.FromTcp((IPEndPoint)silent.LocalEndpoint).WithPeer(PeerId.FromPublicKey(someone.PublicKey));
        using var cancellation = new CancellationTokenSource();
        var dial = pair.Dialer.DialAsync(address, cancellation.Token).AsTask();
        using var accepted = await silent.AcceptSocketAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial);

        pair.Listener.Register(Handler.Echo);
        Assert.True(await EchoesAsync(await pair.Dialer.DialAsync(pair.Address), 10));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    [InlineData("tcp/noise")]
    [InlineData("memory/noise")]
    public async Task Disposing_ends_every_handler_and_connection_on_both_sides(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        TaskCompletionSource<Connection> entered = new(), left = new();
        pair.Listener.Register(new Handler("/test/waits/1", async (stream, token) =>
        {
            entered.SetResult(stream.Connection);
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                left.SetResult(stream.Connection);
            }
        }));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var stream = await connection.OpenStreamAsync("/test/waits/1");
        var far = await entered.Task.WaitAsync(Limit);

        await pair.Listener.DisposeAsync().AsTask().WaitAsync(Limit);

        Assert.True(left.Task.IsCompleted);
        Assert.True(far.Closed.IsCompleted);
        await connection.Closed.WaitAsync(Limit);
        await Assert.ThrowsAsync<StreamResetException>(async () => await stream.Input.ReadToEndAsync().WaitAsync(Limit));
        await Assert.ThrowsAsync<StreamResetException>(async () => await connection.OpenStreamAsync("/test/waits/1"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await pair.Listener.DialAsync(pair.Address.WithPeer(pair.Dialer.LocalPeer)));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("tcp/noise")]
    public async Task What_was_written_before_disposing_still_arrives(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        var arrived = new TaskCompletionSource<byte[]>();
        pair.Listener.Register(new Handler("/test/keeps/1", async (stream, _) => arrived.SetResult(await stream.Input.ReadToEndAsync())));
        var stream = await (await pair.Dialer.DialAsync(pair.Address)).OpenStreamAsync("/test/keeps/1");
        var sent = RandomNumberGenerator.GetBytes(200_000);
        await stream.Output.WriteAsync(sent);
        await stream.DisposeAsync();
        await pair.Dialer.DisposeAsync();
        Assert.Equal(sent, await arrived.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task Registering_a_protocol_twice_throws()
    {
        await using var pair = await SwitchPair.StartAsync("memory");
        pair.Listener.Register(Handler.Echo);
        Assert.Throws<InvalidOperationException>(() => pair.Listener.Register(Handler.Echo));
    }

    private static async Task<NetworkStream> ConnectAsync(Multiaddr address)
    {
        Assert.True(address.TryGetTcp(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<bool> EchoesAsync(Connection connection, int bytes)
    {
        var sent = RandomNumberGenerator.GetBytes(bytes);
        await using var stream = await connection.OpenStreamAsync(Handler.Echo.Id);
        var reading = stream.Input.ReadToEndAsync();
        await stream.Output.WriteAsync(sent);
        await stream.CloseWriteAsync();
        var received = await reading.WaitAsync(Limit);
        return SHA256.HashData(sent).SequenceEqual(SHA256.HashData(received));
    }
}
