using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Diagnostics;

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

    private Task CountedAsync(string instrument, string reason) => Eventually.TrueAsync(() => _counts.ContainsKey((instrument, reason)));
}
