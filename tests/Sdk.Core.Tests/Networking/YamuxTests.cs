using System.Buffers.Binary;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Muxing;

namespace Sdk.Core.Tests.Networking;

/// <summary>One real session against a peer that the test plays frame by frame.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit ends it through IAsyncLifetime.")]
public sealed class YamuxTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly DuplexStream _peer;
    private readonly Yamux _session;
    private readonly System.Collections.Concurrent.ConcurrentQueue<YamuxFault> _faults = new();
    private readonly System.Threading.Channels.Channel<YamuxStream> _inbound = System.Threading.Channels.Channel.CreateUnbounded<YamuxStream>();

    public YamuxTests()
    {
        (var wire, _peer) = DuplexStream.CreatePair(1 << 20);
        var limits = new YamuxLimits { MaxInboundStreams = 4, MaxUnreadBytesPerConnection = 600_000, DrainTimeout = TimeSpan.FromSeconds(1) };
        _session = new Yamux(wire, wire, isDialer: false, limits, TimeProvider.System, stream => _inbound.Writer.TryWrite(stream), _faults.Enqueue);
        _session.Start();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _peer.Dispose();
        await _session.Closed.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_ping_is_answered_with_its_value()
    {
        await SendAsync(new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, 77));
        Assert.Equal(new YamuxHeader(YamuxType.Ping, YamuxFlags.Ack, 0, 77), await NextAsync(header => header.Flags == YamuxFlags.Ack));
    }

    [Fact]
    public async Task An_opened_stream_is_acknowledged_and_carries_data_both_ways_until_each_end_is_closed()
    {
        await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.Syn | YamuxFlags.Fin, 1, 5), "hello"u8.ToArray());
        var stream = await InboundAsync();
        Assert.Equal("hello"u8.ToArray(), await stream.Input.ReadToEndAsync());

        await stream.Output.WriteAsync("still open"u8.ToArray());
        await stream.Output.CompleteAsync();
        var received = new List<byte>();
        YamuxHeader header;
        var flags = YamuxFlags.None;
        do
        {
            (header, var payload) = await ReceiveAsync();
            if (header.StreamId == 1)
            {
                flags |= header.Flags;
                received.AddRange(payload);
            }
        }
        while (!header.Flags.HasFlag(YamuxFlags.Fin));

        // js-libp2p drops the payload of a data frame that carries FIN.
        Assert.Equal(0u, header.Length);
        Assert.Equal("still open"u8.ToArray(), received);
        Assert.True(flags.HasFlag(YamuxFlags.Ack));
        Assert.True(stream.IsRemoved);
    }

    [Fact]
    public async Task More_than_the_window_is_a_violation_that_ends_the_connection()
    {
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.None, 1, YamuxLimits.InitialWindowBytes + 1));
        Assert.Equal((uint)YamuxGoAway.ProtocolError, (await NextAsync(header => header.Type == YamuxType.GoAway)).Length);
        await _session.Closed.WaitAsync(Limit);
        Assert.IsType<ProtocolViolationException>(_session.Failure);
        Assert.Equal([YamuxFault.Window], _faults);
    }

    [Fact]
    public async Task A_frame_for_a_stream_that_is_gone_is_skipped_but_not_one_larger_than_any_window()
    {
        await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.None, 9, 100_000), new byte[100_000]);
        await SendAsync(new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, 5));
        await NextAsync(header => header is { Type: YamuxType.Ping, Length: 5 });

        await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.None, 9, uint.MaxValue));
        await _session.Closed.WaitAsync(Limit);
        Assert.IsType<ProtocolViolationException>(_session.Failure);
        Assert.Equal([YamuxFault.Length], _faults);
    }

    [Theory]
    [InlineData("010000000000000100000000")]
    [InlineData("000400000000000100000000")]
    [InlineData("000000100000000100000000")]
    [InlineData("000000010000000000000000")]
    [InlineData("000200010000000100000000")]
    [InlineData("474554202f20485454502f31")]
    public async Task A_frame_that_the_specification_does_not_know_ends_the_connection(string hex)
    {
        await _peer.WriteAsync(Convert.FromHexString(hex));
        await _session.Closed.WaitAsync(Limit);
        Assert.IsType<ProtocolViolationException>(_session.Failure);
        Assert.Equal([YamuxFault.Frame], _faults);
    }

    [Fact]
    public async Task A_stream_beyond_the_limit_is_reset_and_the_others_live()
    {
        for (var id = 1u; id <= 9; id += 2)
        {
            await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0));
        }

        Assert.Equal(9u, (await NextAsync(header => header.Flags.HasFlag(YamuxFlags.Reset))).StreamId);
        Assert.True(_session.IsOpen);
        Assert.Equal([YamuxFault.Streams], _faults);
    }

    [Fact]
    public async Task Unread_bytes_beyond_the_connections_bound_reset_the_stream_that_brings_them()
    {
        for (var id = 1u; id <= 5; id += 2)
        {
            await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.Syn, id, 250_000), new byte[250_000]);
        }

        Assert.Equal(5u, (await NextAsync(header => header.Flags.HasFlag(YamuxFlags.Reset))).StreamId);
        Assert.True(_session.IsOpen);
        Assert.Equal([YamuxFault.Unread], _faults);
    }

    [Fact]
    public async Task A_window_that_overflows_ends_the_connection()
    {
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, uint.MaxValue));
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.None, 1, uint.MaxValue));
        await _session.Closed.WaitAsync(Limit);
        Assert.IsType<ProtocolViolationException>(_session.Failure);
        Assert.Equal([YamuxFault.Overflow], _faults);
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(1u)]
    public async Task A_stream_under_an_id_that_is_not_free_ends_the_connection(uint id)
    {
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0));
        await _session.Closed.WaitAsync(Limit);
        Assert.IsType<ProtocolViolationException>(_session.Failure);
        Assert.Equal([YamuxFault.StreamId], _faults);
    }

    [Fact]
    public async Task No_more_than_the_peers_window_is_sent_until_the_peer_enlarges_it()
    {
        var stream = await _session.OpenAsync(default);
        var writing = stream.Output.WriteAsync(new byte[1_000_000]).AsTask();
        var received = 0;
        while (received < YamuxLimits.InitialWindowBytes)
        {
            received += (await ReceiveAsync()).Payload.Length;
        }

        Assert.Equal(YamuxLimits.InitialWindowBytes, received);
        Assert.False(writing.IsCompleted);
        await SendAsync(new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, 9));
        Assert.Equal(YamuxType.Ping, (await ReceiveAsync()).Header.Type);

        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Ack, stream.Id, 1_000_000));
        while (received < 1_000_000)
        {
            received += (await ReceiveAsync()).Payload.Length;
        }

        await writing.WaitAsync(Limit);
    }

    [Fact]
    public async Task The_peers_reset_fails_the_reader_and_a_waiting_writer()
    {
        var stream = await _session.OpenAsync(default);
        var writing = stream.Output.WriteAsync(new byte[1_000_000]).AsTask();
        var reading = stream.Input.ReadAsync().AsTask();
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Ack | YamuxFlags.Reset, stream.Id, 0));
        await Assert.ThrowsAsync<StreamResetException>(() => writing.WaitAsync(Limit));
        await Assert.ThrowsAsync<StreamResetException>(() => reading.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_waiting_flush_and_a_waiting_read_can_be_cancelled_and_the_stream_lives_on()
    {
        using var cancellation = new CancellationTokenSource();
        var stream = await _session.OpenAsync(default);
        var writing = stream.Output.WriteAsync(new byte[1_000_000], cancellation.Token).AsTask();
        var reading = stream.Input.ReadAsync(cancellation.Token).AsTask();
        Assert.False(writing.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Limit));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Limit));

        await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.Ack, stream.Id, 3), [1, 2, 3]);
        Assert.Equal(3, (await stream.Input.ReadAsync()).Buffer.Length);
    }

    [Fact]
    public async Task A_peer_that_asks_for_replies_and_reads_none_is_cut_off()
    {
        var pings = Enumerable.Range(0, 200_000).SelectMany(_ => ToBytes(new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, 1))).ToArray();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await _peer.WriteAsync(pings);
            }
        });
        await _session.Closed.WaitAsync(Limit);
        Assert.Equal([YamuxFault.Replies], _faults);
    }

    [Fact]
    public async Task Data_after_the_reader_has_gone_resets_the_stream()
    {
        await SendAsync(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        var stream = await InboundAsync();
        await stream.Input.CompleteAsync();
        await SendAsync(new YamuxHeader(YamuxType.Data, YamuxFlags.None, 1, 10), new byte[10]);
        Assert.Equal(1u, (await NextAsync(header => header.Flags.HasFlag(YamuxFlags.Reset))).StreamId);
        Assert.Equal([YamuxFault.Unwelcome], _faults);
    }

    private async Task<YamuxStream> InboundAsync() => await _inbound.Reader.ReadAsync().AsTask().WaitAsync(Limit);

    private static byte[] ToBytes(YamuxHeader header)
    {
        var bytes = new byte[YamuxHeader.Bytes];
        header.Write(bytes);
        return bytes;
    }

    private async Task SendAsync(YamuxHeader header, byte[]? payload = null) => await _peer.WriteAsync((byte[])[.. ToBytes(header), .. payload ?? []]);

    private async Task<(YamuxHeader Header, byte[] Payload)> ReceiveAsync()
    {
        var bytes = new byte[YamuxHeader.Bytes];
        await _peer.ReadExactlyAsync(bytes).AsTask().WaitAsync(Limit);
        Assert.True(YamuxHeader.TryRead(bytes, out var header));
        Assert.Equal(header.Length, BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(8)));
        var payload = new byte[header.Type == YamuxType.Data ? header.Length : 0];
        await _peer.ReadExactlyAsync(payload).AsTask().WaitAsync(Limit);
        return (header, payload);
    }

    private async Task<YamuxHeader> NextAsync(Func<YamuxHeader, bool> matches)
    {
        while (true)
        {
            var (header, _) = await ReceiveAsync();
            if (matches(header))
            {
                return header;
            }
        }
    }
}
