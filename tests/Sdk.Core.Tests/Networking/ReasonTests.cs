using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Diagnostics;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Core.Tests.Networking;

[Collection(Alone.Name)]
public sealed class ReasonTests : IDisposable
{
    private readonly ConcurrentDictionary<(string Instrument, string Reason), long> _counts = new();
    private readonly MeterListener _meter = new();

    public ReasonTests()
    {
        _meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Telemetry.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meter.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            foreach (var tag in tags)
            {
                _counts.AddOrUpdate((instrument.Name, (string)tag.Value!), value, (_, sum) => sum + value);
            }
        });
        _meter.Start();
    }

    public void Dispose() => _meter.Dispose();

    [Fact]
    public async Task Refusals_are_counted_by_reason()
    {
        await using var pair = await SwitchPair.StartAsync(configureListener: options =>
        {
            options.HandshakeTimeout = TimeSpan.FromSeconds(2);
            options.MaxPendingHandshakesPerAddress = 2;
        });
        await using (var garbage = (await BarePeer.ConnectAsync(pair.Address, IPAddress.Loopback)).Stream)
        {
            await garbage.WriteAsync(new byte[100]);
            await CountedAsync("sdk.network.refusals", "violation");
        }

        var standing = new List<TransportConnection>();
        for (var i = 0; i < 3; i++)
        {
            standing.Add(await BarePeer.ConnectAsync(pair.Address, IPAddress.Loopback));
        }

        await CountedAsync("sdk.network.refusals", "handshakes");
        await CountedAsync("sdk.network.refusals", "time");
        foreach (var each in standing)
        {
            await each.Stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Stream_resets_and_closures_are_counted_by_reason()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(new PerfProtocol(new PerfOptions { MaxBytes = 1 }));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<StreamResetException>(async () => await PerfProtocol.MeasureAsync(connection, 0, 2));
        await CountedAsync("sdk.network.stream_resets", "refused");

        var ping = await connection.OpenStreamAsync(PingProtocol.Name);
        await ping.Output.WriteAsync(new byte[1]);
        await ping.CloseWriteAsync();
        await CountedAsync("sdk.network.stream_resets", "violation");

        await connection.DisposeAsync();
        await CountedAsync("sdk.network.closures", "local");
        await CountedAsync("sdk.network.closures", "remote");
    }

    [Fact]
    public async Task What_the_muxer_resets_or_ends_is_counted_by_reason_and_logged()
    {
        using var logs = new LogLines();
        await using var pair = await SwitchPair.StartAsync(configureListener: options =>
        {
            options.LoggerFactory = logs;
            options.MaxInboundStreamsPerConnection = 1;
        });
        pair.Listener.Register(Handler.Echo);

        // A peer that asks nothing itself: its one stream is this test's.
        await using var peer = await BarePeer.DialAsync(pair.Address);
        var open = await peer.Connection.OpenStreamAsync(Handler.Echo.Id);
        await Assert.ThrowsAsync<StreamResetException>(async () => await peer.Connection.OpenStreamAsync(Handler.Echo.Id));
        await CountedAsync("sdk.network.yamux_faults", "streams");
        await logs.HaveAsync("streams", peer.Id.ToString());
        open.Reset();
    }

    [Fact]
    public async Task A_violation_on_a_stream_that_this_side_opened_is_counted_and_logged_too()
    {
        using var logs = new LogLines();
        await using var pair = await SwitchPair.StartAsync(configureDialer: options => options.LoggerFactory = logs);
        pair.Listener.Unregister(PingProtocol.Name);
        pair.Listener.Register(new Handler(PingProtocol.Name, async (stream, token) => await stream.Output.WriteAsync(new byte[32], token)));
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await connection.PingAsync());
        await CountedAsync("sdk.network.stream_resets", "violation");
        await logs.HaveAsync(PingProtocol.Name, "was reset");
    }

    [Fact]
    public async Task What_pubsub_peers_do_against_the_rules_is_counted_by_reason_and_logged()
    {
        using var logs = new LogLines();
        await using var pair = await SwitchPair.StartAsync();
        using var key = KeyPair.GenerateTestOnly();
        await using var node = new Switch(new SwitchOptions { NodeKey = key, Transports = [pair.Transport] });
        await using var pubsub = new Gossipsub(node, key, new PubsubOptions { LoggerFactory = logs });
        using var subscription = pubsub.Subscribe("t");

        // A peer that takes no stream of ours is no peer of pubsub for long.
        pair.Dialer.Register(new Handler("/meshsub/1.1.0", (taken, token) => taken.Input.CopyToAsync(Stream.Null, token)));
        var connection = await pair.Dialer.DialAsync(await node.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")));
        var stream = await connection.OpenStreamAsync("/meshsub/1.1.0");

        // A message without its proof: length, publish, data and topic; then a frame that ends within a field.
        await stream.Output.WriteAsync(new byte[] { 8, 0x12, 6, 0x12, 1, 9, 0x22, 1, (byte)'t' });
        await CountedAsync("sdk.pubsub.faults", "policy");
        await stream.Output.WriteAsync(new byte[] { 3, 0xFF, 0xFF, 0xFF });
        await CountedAsync("sdk.pubsub.faults", "garbage");
        await logs.HaveAsync("policy");
        await logs.HaveAsync("garbage");
    }

    private Task CountedAsync(string instrument, string reason) => Eventually.TrueAsync(() => _counts.ContainsKey((instrument, reason)));
}

/// <summary>Everything that is logged, as text.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Waits for a line that holds all of the words.</summary>
    public Task HaveAsync(params string[] words) =>
        Eventually.TrueAsync(() => _lines.Any(line => words.All(word => line.Contains(word, StringComparison.Ordinal))));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(formatter(state, exception));

    public void Dispose()
    {
        // Nothing is held.
    }
}
