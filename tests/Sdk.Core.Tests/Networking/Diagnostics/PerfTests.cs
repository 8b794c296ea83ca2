using System.Buffers.Binary;
using Sdk.Core.Networking.Diagnostics;

namespace Sdk.Core.Tests.Networking.Diagnostics;

public class PerfTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("tcp", 0, 0)]
    [InlineData("tcp", 10_000_000, 0)]
    [InlineData("tcp", 0, 10_000_000)]
    [InlineData("memory", 3_000_001, 5_000_003)]
    public async Task As_many_bytes_go_each_way_as_were_asked_for(string kind, long up, long down)
    {
        await using var pair = await SwitchPair.StartAsync(kind);
        pair.Listener.Register(new PerfProtocol());
        var result = await PerfProtocol.MeasureAsync(await pair.Dialer.DialAsync(pair.Address), up, down).AsTask().WaitAsync(Limit);
        Assert.Equal((up, down), (result.UploadBytes, result.DownloadBytes));
        Assert.Equal((up > 0, down > 0), (result.UploadBytesPerSecond > 0, result.DownloadBytesPerSecond > 0));
    }

    [Fact]
    public async Task A_node_that_was_not_told_to_answer_refuses()
    {
        await using var pair = await SwitchPair.StartAsync();
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await PerfProtocol.MeasureAsync(connection, 1, 1));
    }

    [Theory]
    [InlineData(1001, 0)]
    [InlineData(0, 1001)]
    [InlineData(0, long.MaxValue)]
    public async Task More_than_the_limit_is_reset(long up, long down)
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new PerfProtocol(new PerfOptions { MaxBytes = 1000 }));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<StreamResetException>(async () => await PerfProtocol.MeasureAsync(connection, up, down).AsTask().WaitAsync(Limit));
        await PerfProtocol.MeasureAsync(connection, 1000, 1000).AsTask().WaitAsync(Limit);
    }

    [Fact]
    public async Task Measurements_beyond_the_limit_are_refused_until_one_ends()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new PerfProtocol(new PerfOptions { MaxStreams = 1 }));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var first = await connection.OpenStreamAsync(PerfProtocol.Name);
        await Assert.ThrowsAsync<StreamResetException>(async () => await PerfProtocol.MeasureAsync(connection, 0, 1).AsTask().WaitAsync(Limit));
        await first.Output.WriteAsync(new byte[8]);
        await first.CloseWriteAsync();
        Assert.Empty(await first.Input.ReadToEndAsync().WaitAsync(Limit));
        await first.DisposeAsync();
        await PerfProtocol.MeasureAsync(connection, 0, 1).AsTask().WaitAsync(Limit);
    }

    [Fact]
    public async Task A_measurement_that_stands_still_is_cut_off()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new PerfProtocol(new PerfOptions { Timeout = TimeSpan.FromMilliseconds(100) }));
        var stream = await (await pair.Dialer.DialAsync(pair.Address)).OpenStreamAsync(PerfProtocol.Name);
        await stream.Output.WriteAsync(new byte[8]);
        await Assert.ThrowsAsync<StreamResetException>(() => stream.Input.ReadToEndAsync().WaitAsync(Limit));
    }

    [Fact]
    public async Task A_request_that_ends_early_is_reset()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new PerfProtocol());
        var stream = await (await pair.Dialer.DialAsync(pair.Address)).OpenStreamAsync(PerfProtocol.Name);
        await stream.Output.WriteAsync(new byte[7]);
        await stream.CloseWriteAsync();
        await Assert.ThrowsAsync<StreamResetException>(() => stream.Input.ReadToEndAsync().WaitAsync(Limit));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_server_that_sends_less_or_more_is_found_out(int difference)
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new Handler(PerfProtocol.Name, async (stream, token) =>
        {
            var request = await stream.Input.ReadToEndAsync();
            await stream.Output.WriteAsync(new byte[BinaryPrimitives.ReadInt64BigEndian(request) + difference], token);
        }));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await PerfProtocol.MeasureAsync(connection, 0, 1000).AsTask().WaitAsync(Limit));
    }
}
