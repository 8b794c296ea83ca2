using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Muxing;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Tests.Networking;

/// <summary>
/// Hostile peers over real sockets: whatever they do, what they make a node hold is bounded, and a peer that behaves is served meanwhile.
/// SDK_ABUSE_CONNECTIONS raises the number of half-open connections for a run by hand.
/// </summary>
[Collection(Alone)]
public sealed class AbuseTests(Xunit.Abstractions.ITestOutputHelper output) : IAsyncLifetime
{
    public const string Alone = "measures the process's memory";

    private const int MiB = 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly List<IAsyncDisposable> _things = [];
    private SwitchPair _pair = null!;
    private Connection _honest = null!;

    public static TheoryData<SecurityProtocol> Securities => new(SecurityProtocol.Tls, SecurityProtocol.Noise);

    public async Task InitializeAsync()
    {
        _pair = await SwitchPair.StartAsync(configureListener: options => options.HandshakeTimeout = TimeSpan.FromSeconds(3));
        _pair.Listener.Register(Handler.Echo);
        _pair.Listener.Register(new Handler("/test/deaf/1", (_, token) => Task.Delay(Timeout.Infinite, token)));
        _honest = await _pair.Dialer.DialAsync(_pair.Address);
        await IsServedAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var thing in _things)
        {
            await thing.DisposeAsync();
        }

        await _pair.DisposeAsync();
    }

    [Fact]
    public async Task Half_open_connections_beyond_the_limit_are_closed_and_those_within_it_cut_off()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("SDK_ABUSE_CONNECTIONS") ?? "2000", System.Globalization.CultureInfo.InvariantCulture);
        var before = Memory();
        for (var i = 0; i < count; i++)
        {
            _things.Add(await ConnectAsync());
            if (i % 500 == 0)
            {
                await IsServedAsync();
            }
        }

        await IsServedAsync();
        var more = Memory() - before;
        output.WriteLine($"{count:N0} half-open connections: {more / (double)MiB:F1} MiB more than before");
        Assert.InRange(more, long.MinValue, 64 * MiB);

        // Every one is closed: most at once, the others when their time is up. Then strangers get in again.
        foreach (var stream in _things.OfType<NetworkStream>())
        {
            await ReadsToItsEndAsync(stream);
        }

        await using var late = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        Assert.Equal(_pair.Listener.LocalPeer, (await late.DialAsync(_pair.Address)).RemotePeer);
    }

    [Fact]
    public async Task Handshakes_that_come_a_byte_at_a_time_are_cut_off_however_busy_they_look()
    {
        byte[] opening = [19, .. "/multistream/1.0.0\n"u8, 11, .. "/tls/1.0.0\n"u8, 0x16, 3, 1, 2, 0, .. new byte[60]];
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var strangers = Enumerable.Range(0, 50).Select(async _ =>
        {
            await using var stream = await ConnectAsync();
            foreach (var one in opening)
            {
                try
                {
                    await stream.WriteAsync(new[] { one });
                    await Task.Delay(TimeSpan.FromMilliseconds(100));
                }
                catch (IOException)
                {
                    return;
                }
            }

            await ReadsToItsEndAsync(stream);
        }).ToArray();
        while (!strangers.All(stranger => stranger.IsCompleted))
        {
            await IsServedAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        await Task.WhenAll(strangers);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 30);
    }

    [Theory]
    [MemberData(nameof(Securities))]
    public async Task Streams_that_are_opened_and_never_read_hold_no_more_than_the_connection_may(SecurityProtocol security)
    {
        // Every handler here is deaf, so what is sent is the node's to hold: 256 streams of 256 KiB each would be 64 MiB.
        await using var hostile = await HostileAsync(security);
        var before = Memory();
        var payload = new byte[32 * 1024];
        var open = Negotiation("/test/deaf/1");
        for (var id = 1u; id < 512; id += 2)
        {
            await hostile.SendAsync(YamuxType.Data, YamuxFlags.Syn, id, open);
        }

        for (var round = 0; round < 7; round++)
        {
            for (var id = 1u; id < 512; id += 2)
            {
                await hostile.SendAsync(YamuxType.Data, YamuxFlags.None, id, payload);
            }

            await IsServedAsync();
        }

        Assert.True(await hostile.IsAnsweredAsync(7));
        Assert.InRange(Memory() - before, long.MinValue, 80 * MiB);
    }

    [Theory]
    [MemberData(nameof(Securities))]
    public async Task More_than_the_window_ends_the_connection(SecurityProtocol security)
    {
        await using var hostile = await HostileAsync(security);
        await hostile.SendAsync(YamuxType.Data, YamuxFlags.Syn, 1, Negotiation("/test/deaf/1"));
        await hostile.SendHeaderAsync(YamuxType.Data, YamuxFlags.None, 1, YamuxLimits.InitialWindowBytes + 1);
        await ReadsToItsEndAsync(hostile.Stream);
        await IsServedAsync();
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x7FFF_FFFFu)]
    [InlineData(5u * MiB)]
    public async Task A_frame_larger_than_any_window_ends_the_connection_before_memory_is_taken(uint length)
    {
        await using var hostile = await HostileAsync(SecurityProtocol.Tls);
        var before = Memory();
        await hostile.SendHeaderAsync(YamuxType.Data, YamuxFlags.None, 99, length);
        await ReadsToItsEndAsync(hostile.Stream);
        Assert.InRange(Memory() - before, long.MinValue, 16 * MiB);
        await IsServedAsync();
    }

    [Fact]
    public async Task A_noise_frame_that_never_ends_holds_one_buffer()
    {
        var before = Memory();
        for (var i = 0; i < 50; i++)
        {
            var hostile = await HostileAsync(SecurityProtocol.Noise);
            _things.Add(hostile);
            await hostile.Wire.WriteAsync((byte[])[0xFF, 0xFF, 1, 2, 3]);
        }

        await IsServedAsync();
        Assert.InRange(Memory() - before, long.MinValue, 64 * MiB);
    }

    [Theory]
    [MemberData(nameof(Securities))]
    public async Task A_flood_of_pings_is_answered_or_cut_off_and_holds_nothing(SecurityProtocol security)
    {
        await using var hostile = await HostileAsync(security);
        var before = Memory();
        var pings = new byte[YamuxHeader.Bytes * 5000];
        for (var i = 0; i < 5000; i++)
        {
            new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, (uint)i).Write(pings.AsSpan(i * YamuxHeader.Bytes));
        }

        // Nobody reads the pongs: the node must stop sooner or later, and it is the connection that ends.
        var isCutOff = false;
        for (var i = 0; i < 400 && !isCutOff; i++)
        {
            try
            {
                await hostile.Stream.WriteAsync(pings).AsTask().WaitAsync(Limit);
            }
            catch (IOException)
            {
                isCutOff = true;
            }

            if (i % 20 == 0)
            {
                await IsServedAsync();
            }
        }

        Assert.True(isCutOff);
        await IsServedAsync();
        Assert.InRange(Memory() - before, long.MinValue, 32 * MiB);
    }

    [Theory]
    [MemberData(nameof(Securities))]
    public async Task A_flood_of_streams_opened_and_reset_holds_nothing(SecurityProtocol security)
    {
        await using var hostile = await HostileAsync(security);
        _ = hostile.DiscardAsync();
        var before = Memory();
        var id = 1u;
        var pair = new byte[2 * YamuxHeader.Bytes * 100];
        var isCutOff = false;
        for (var i = 0; i < 500 && !isCutOff; i++)
        {
            for (var at = 0; at < pair.Length; at += 2 * YamuxHeader.Bytes, id += 2)
            {
                new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0).Write(pair.AsSpan(at));
                new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Reset, id, 0).Write(pair.AsSpan(at + YamuxHeader.Bytes));
            }

            try
            {
                await hostile.Stream.WriteAsync(pair).AsTask().WaitAsync(Limit);
            }
            catch (IOException)
            {
                // More resets are due than anybody waits for: the node may have enough.
                isCutOff = true;
            }

            if (i % 100 == 0)
            {
                await IsServedAsync();
            }
        }

        await IsServedAsync();
        Assert.InRange(Memory() - before, long.MinValue, 48 * MiB);
    }

    /// <summary>What the process holds once garbage is gone, pools included.</summary>
    private static long Memory() => GC.GetTotalMemory(forceFullCollection: true);

    private static byte[] Negotiation(string protocol) => [19, .. "/multistream/1.0.0\n"u8, (byte)(protocol.Length + 1), .. System.Text.Encoding.ASCII.GetBytes(protocol), (byte)'\n'];

    private static async Task ReadsToItsEndAsync(Stream stream)
    {
        try
        {
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer).AsTask().WaitAsync(Limit) > 0)
            {
                // What it said before.
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }

    /// <summary>The peer that behaves gets its answer, in seconds at the very worst.</summary>
    private async Task IsServedAsync()
    {
        var sent = RandomNumberGenerator.GetBytes(10_000);
        await using var stream = await _honest.OpenStreamAsync(Handler.Echo.Id).AsTask().WaitAsync(Limit);
        var reading = stream.Input.ReadToEndAsync();
        await stream.Output.WriteAsync(sent);
        await stream.CloseWriteAsync();
        Assert.Equal(sent, await reading.WaitAsync(Limit));
    }

    private async Task<NetworkStream> ConnectAsync()
    {
        Assert.True(_pair.Address.TryGetTcp(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task<Hostile> HostileAsync(SecurityProtocol security)
    {
        var key = KeyPair.GenerateTestOnly();
        var upgrader = new Upgrader(key, [security], TimeProvider.System);
        var wire = await ConnectAsync();
        var secured = await upgrader.UpgradeAsync(new TransportConnection(wire, _pair.Address, _pair.Address), isDialer: true, null, default);
        return new Hostile(key, upgrader, wire, secured.Stream);
    }

    /// <summary>A peer that is who it says and then sends what it likes.</summary>
    private sealed class Hostile(KeyPair key, Upgrader upgrader, NetworkStream wire, Stream stream) : IAsyncDisposable
    {
        public NetworkStream Wire => wire;

        public Stream Stream => stream;

        public async Task SendHeaderAsync(YamuxType type, YamuxFlags flags, uint id, uint length)
        {
            var header = new byte[YamuxHeader.Bytes];
            new YamuxHeader(type, flags, id, length).Write(header);
            await stream.WriteAsync(header).AsTask().WaitAsync(Limit);
        }

        public async Task SendAsync(YamuxType type, YamuxFlags flags, uint id, byte[] payload)
        {
            var frame = new byte[YamuxHeader.Bytes + payload.Length];
            new YamuxHeader(type, flags, id, (uint)payload.Length).Write(frame);
            payload.CopyTo(frame, YamuxHeader.Bytes);
            await stream.WriteAsync(frame).AsTask().WaitAsync(Limit);
        }

        /// <summary>Whether the node has dealt with everything before: it answers a ping.</summary>
        public async Task<bool> IsAnsweredAsync(uint value)
        {
            await SendHeaderAsync(YamuxType.Ping, YamuxFlags.Syn, 0, value);
            var header = new byte[YamuxHeader.Bytes];
            while (true)
            {
                await stream.ReadExactlyAsync(header).AsTask().WaitAsync(Limit);
                var length = (int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
                if (header[1] == (byte)YamuxType.Ping && header[3] == (byte)YamuxFlags.Ack)
                {
                    return length == value;
                }

                await stream.ReadExactlyAsync(new byte[header[1] == (byte)YamuxType.Data ? length : 0]).AsTask().WaitAsync(Limit);
            }
        }

        /// <summary>Reads on, so that it is not for want of reading that the connection ends.</summary>
        public async Task DiscardAsync()
        {
            try
            {
                await stream.CopyToAsync(Stream.Null);
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or ProtocolViolationException)
            {
                // The test is over.
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            upgrader.Dispose();
            key.Dispose();
        }
    }
}

/// <summary>Tests that measure what the process holds run when no other does.</summary>
[CollectionDefinition(AbuseTests.Alone, DisableParallelization = true)]
public sealed class AloneGroup;
