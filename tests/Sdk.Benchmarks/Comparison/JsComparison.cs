using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Diagnostics;
using Sdk.Interop.Libp2p;
using Switch = Sdk.Core.Networking.Switch;

namespace Sdk.Benchmarks.Comparison;

/// <summary>
/// The network beside js-libp2p's and beside bare TLS, in one run: every measurement is repeated in turn with the others, so that what
/// else the machine does falls on all alike, and medians are compared.
/// </summary>
internal sealed class JsComparison : IAsyncDisposable
{
    public const string Argument = "--js";

    private const string Help =
        """
        dotnet run -c Release --project tests/Sdk.Benchmarks -- --js [--quick] [--rounds N] [--records]

        Compares connections (TLS, and Noise beside it) with js-libp2p's and with bare TLS, in one run, and prints medians, ratios and whether the targets are
        reached. The exit code is 0 only if all are. Takes about eight minutes on two idle cores; nothing else should run meanwhile.

          --quick      small amounts, two rounds: shows that it works; the figures mean little
          --rounds N   how often each measurement is repeated, in turn with the others (default 7)
          --records    only what a record on the overlay costs beside one in js-libp2p's kad-dht

        Needs js-libp2p in artifacts/interop/js (.ci/run installs it; or: copy tests/Sdk.Interop/Libp2p/js/package*.json there and run
        `npm ci`), or SDK_INTEROP_JS naming a folder that holds its node_modules.

        Processes: every echo, ping and dial is between two processes, ours and js's alike; transfers also with both ends in one. Pairs of
        connections, gossip, and records have all their ends in one process of their own.
        """;

    /// <summary>Timers and compilers allocate now and then; the median of these does not see them.</summary>
    private const int AllocationRounds = 9;

    private const int JsRecordNodes = 20;

    private readonly Scale _scale;
    private readonly KeyPair _key = KeyPair.GenerateTestOnly();
    private readonly KeyPair _noiseKey = KeyPair.GenerateTestOnly();
    private readonly byte[] _data = new byte[BareTls.WriteBytes];
    private readonly Switch _node;
    private readonly Switch _noiseNode;
    private readonly Dictionary<string, List<double>> _figures = [];
    private TwinProcess _twin = null!;
    private JsPeer _js = null!;
    private JsPeer _jsTwin = null!;
    private JsPeer _jsNoise = null!;
    private JsPeer _jsNoiseTwin = null!;
    private Multiaddr _here = null!;
    private Multiaddr _there = null!;
    private readonly KeyPair _nearKey = KeyPair.GenerateTestOnly();
    private readonly BareTls _bareListener;
    private readonly Switch _near;
    private Multiaddr _nearby = null!;
    private SslStream _bare = null!;
    private SslStream _bareHere = null!;
    private bool _areAllReached = true;

    private JsComparison(Scale scale)
    {
        _scale = scale;
        _node = new Switch(new SwitchOptions { NodeKey = _key });
        _node.Register(new SinkProtocol());
        _node.Register(new EchoProtocol());

        // The other process answers whichever is proposed.
        _noiseNode = new Switch(new SwitchOptions { NodeKey = _noiseKey, Securities = [SecurityProtocol.Noise] });
        _near = new Switch(new SwitchOptions { NodeKey = _nearKey });
        _near.Register(new SinkProtocol());
        _bareListener = new BareTls(_nearKey);
    }

    public static async Task<int> RunAsync(string[] options)
    {
        if (!Scale.TryParse(options, out var scale))
        {
            Console.WriteLine(Help);
            return options is ["--help"] ? 0 : 1;
        }

        if (JsInstallation.Missing is { } missing)
        {
            Console.WriteLine(missing);
            return 1;
        }

        await using var comparison = new JsComparison(scale);
        if (scale.IsOfRecordsOnly)
        {
            await comparison.ReportRecordsAsync();
        }
        else
        {
            await comparison.StartAsync();
            await comparison.MeasureAsync();
            await comparison.ReportAsync();
        }

        return comparison._areAllReached ? 0 : 1;
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _noiseNode.DisposeAsync();
        await _near.DisposeAsync();
        foreach (var other in new IAsyncDisposable?[] { _bare, _bareHere, _twin, _js, _jsTwin, _jsNoise, _jsNoiseTwin })
        {
            if (other is not null)
            {
                await other.DisposeAsync();
            }
        }

        _bareListener.Dispose();
        _key.Dispose();
        _noiseKey.Dispose();
        _nearKey.Dispose();
    }

    private async Task StartAsync()
    {
        _here = await _node.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        _twin = await TwinProcess.StartAsync("serve");
        _there = Multiaddr.Parse(_twin.Ready.GetProperty("address").GetString()!);
        _js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519"));
        _jsTwin = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519"));
        _jsNoise = await JsPeer.StartAsync(new JsPeerOptions("noise", "ed25519"));
        _jsNoiseTwin = await JsPeer.StartAsync(new JsPeerOptions("noise", "ed25519"));
        _nearby = await _near.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        _bare = await BareTls.ConnectAsync(_twin.Ready.GetProperty("bare").GetInt32());
        _bareHere = await BareTls.ConnectAsync(_bareListener.Port);
    }

    private async Task MeasureAsync()
    {
        // The first round is for the compilers of both sides.
        for (var round = 0; round <= _scale.Rounds; round++)
        {
            var isCounted = round > 0;
            async Task TakeAsync(string name, Func<Task<double>> measure)
            {
                var figure = await measure();
                if (isCounted)
                {
                    if (!_figures.TryGetValue(name, out var figures))
                    {
                        _figures[name] = figures = [];
                    }

                    figures.Add(figure);
                }
            }

            Console.Error.WriteLine(isCounted ? $"round {round} of {_scale.Rounds}" : "warming up");
            await TakeAsync("transfer", () => SendAsync(_node, _there, _scale.TransferBytes));
            await TakeAsync("transfer bare", () => SendBareAsync(_bare));
            await TakeAsync("transfer js", () => JsSendAsync(_js, _jsTwin.Address));
            await TakeAsync("transfer here", () => SendAsync(_node, _nearby, _scale.TransferBytes));
            await TakeAsync("transfer bare here", () => SendBareAsync(_bareHere));
            await TakeAsync("transfer js here", JsSendToItselfAsync);
            await TakeAsync("transfer to js", () => SendAsync(_node, _js.Address, _scale.TransferBytes));
            await TakeAsync("transfer from js", () => JsSendAsync(_js, _here));
            await TakeAsync("transfer noise", () => SendAsync(_noiseNode, _there, _scale.TransferBytes));
            await TakeAsync("transfer noise js", () => JsSendAsync(_jsNoise, _jsNoiseTwin.Address));
            foreach (var (suffix, node, js, jsTwin) in new[] { ("", _node, _js, _jsTwin), (" noise", _noiseNode, _jsNoise, _jsNoiseTwin) })
            {
                Task<double> TimesOfJsAsync(string command, int count, int bytes) => JsTimesAsync(js, jsTwin, command, count, bytes);
                await TakeAsync("echo" + suffix, () => EchoAsync(node));
                await TakeAsync("echo" + suffix + " js", () => TimesOfJsAsync("timeEchoes", _scale.Echoes, 32));
                await TakeAsync("ping" + suffix, () => PingAsync(node));
                await TakeAsync("ping" + suffix + " js", () => TimesOfJsAsync("timePings", _scale.Echoes, 32));
                await TakeAsync("dial" + suffix, () => DialAsync(node, isReadyWhenAnswered: false));
                await TakeAsync("dial" + suffix + " js", () => TimesOfJsAsync("timeDials", _scale.Dials, 0));
                await TakeAsync("dial answered" + suffix, () => DialAsync(node, isReadyWhenAnswered: true));
                await TakeAsync("dial answered" + suffix + " js", () => TimesOfJsAsync("timeAnsweredDials", _scale.Dials, 32));
            }
        }

        // The connection is new since the dials: its window grows first.
        await SendAsync(_node, _there, _scale.TransferBytes);
        _figures["allocated"] = [];
        for (var i = 0; i < AllocationRounds; i++)
        {
            _figures["allocated"].Add(await AllocatedAsync());
        }
    }

    private async Task ReportAsync()
    {
        await using var pairs = await TwinProcess.StartAsync("pairs", _scale.Pairs.ToString(CultureInfo.InvariantCulture));
        var resident = pairs.Ready.GetProperty("resident").GetInt64() / 1048576.0;
        var connections = pairs.Ready.GetProperty("ends").GetInt32() / 2;

        Console.WriteLine($"{_scale.TransferBytes / 1048576} MiB in one stream, MB/s, medians of {_scale.Rounds} rounds");
        ReportTransfer("between two processes", "");
        ReportTransfer("both ends in one process", " here");
        Row("ours to js", Median("transfer to js"));
        Row("js to ours", Median("transfer from js"));
        Row("bytes allocated per 64 KiB, both processes", Median("allocated"), Math.Abs(Median("allocated")), atMost: 16);
        Console.WriteLine($"p50, milliseconds: ours, js's (TLS, two processes)");
        Pair("echo of 32 bytes on an open stream", "echo", 1.0 / 2);
        Pair("new stream and ping", "ping", 1.0 / 4);
        Pair("dial", "dial", 1.0 / 2);
        Pair("dial and first echo", "dial answered", 1.0 / 2);
        ReportNoise();
        await ReportGossipAsync();
        await ReportRecordsAsync();
        Console.WriteLine($"{connections} connections, both ends in one process, secured and identified");
        var before = pairs.Ready.GetProperty("before").GetInt64() / 1048576.0;
        Row("resident memory, MiB; at that rate for 1000", resident, before + ((resident - before) * 1000 / connections), atMost: 200);
        Row("before the first connection", before);
        Row("live objects after collection", pairs.Ready.GetProperty("heap").GetInt64() / 1048576.0);
    }

    private void ReportTransfer(string where, string suffix)
    {
        var ours = Median("transfer" + suffix);
        Console.WriteLine($" {where}");
        Row("ours, TLS + yamux", ours);
        Row("bare SslStream", Median("transfer bare" + suffix), ours / Median("transfer bare" + suffix), atLeast: 0.7);
        Row("js, TLS + yamux", Median("transfer js" + suffix), ours / Median("transfer js" + suffix), atLeast: 5);
    }

    /// <summary>The second choice has no targets of its own.</summary>
    private void ReportNoise()
    {
        Console.WriteLine("Noise + yamux, two processes: ours, js's");
        Row("one stream, MB/s", Median("transfer noise"));
        Row("  js", Median("transfer noise js"), Median("transfer noise") / Median("transfer noise js"));
        Pair("echo of 32 bytes on an open stream, ms", "echo noise");
        Pair("new stream and ping, ms", "ping noise");
        Pair("dial, ms", "dial noise");
        Pair("dial and first echo, ms", "dial answered noise");
    }

    private async Task ReportGossipAsync()
    {
        await using var ours = await TwinProcess.StartAsync("gossip", _scale.Publishes.ToString(CultureInfo.InvariantCulture));
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519"));
        var told = await js.AskAsync(
            "timeGossip",
            new { count = GossipCost.Nodes, publishes = _scale.Publishes, warmUp = GossipCost.WarmUp, bytes = GossipCost.MessageBytes },
            TimeSpan.FromMinutes(5));
        var (cost, jsCost) = (ours.Ready.GetProperty("ms").GetDouble(), told.GetProperty("ms").GetDouble());
        Console.WriteLine($"gossipsub, {GossipCost.Nodes} nodes in one process, {GossipCost.MessageBytes}-byte signed messages: processor milliseconds per publish");
        Row("ours", cost);
        Row("js", jsCost, cost / jsCost, atMost: 1.0 / 5);
    }

    private async Task ReportRecordsAsync()
    {
        await using var ours = await TwinProcess.StartAsync("records", (5 * _scale.Records).ToString(CultureInfo.InvariantCulture));
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519"));
        var told = await js.AskAsync(
            "timeRecords",
            new { count = JsRecordNodes, times = _scale.Records, warmUp = 2 * JsRecordNodes, bytes = RecordCost.RecordBytes },
            TimeSpan.FromMinutes(5));
        var (cost, jsCost) = (ours.Ready.GetProperty("ms").GetDouble(), told.GetProperty("ms").GetDouble());
        Console.WriteLine($"record of {RecordCost.RecordBytes} bytes put at one node and got at another, all in one process: processor milliseconds");
        Row($"ours, {RecordCost.Nodes} nodes, {ours.Ready.GetProperty("asked").GetDouble():0} keep it", cost);
        Row($"js, kad-dht, {JsRecordNodes} nodes, {told.GetProperty("holders").GetDouble() + 1:0} keep it", jsCost, cost / jsCost, atMost: 1.0 / 20);
        Row("ours, milliseconds until both are done", ours.Ready.GetProperty("elapsed").GetDouble());
        Row("js", told.GetProperty("elapsed").GetDouble());
    }

    private void Pair(string name, string figure, double? atMost = null)
    {
        Row(name, Median(figure));
        Row("  js", Median(figure + " js"), Median(figure) / Median(figure + " js"), atMost: atMost);
    }

    private void Row(string name, double figure, double? ratio = null, double? atLeast = null, double? atMost = null)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"  {name,-46}{figure,12:0.000}");
        if (ratio is { } is_)
        {
            var isReached = (atLeast is null || is_ >= atLeast) && (atMost is null || is_ <= atMost);
            _areAllReached &= isReached;
            var target = atLeast is null ? $"≤ {atMost:0.##}" : $"≥ {atLeast:0.##}";
            var verdict = atLeast is null && atMost is null ? "" : $"{target,-8} {(isReached ? "reached" : "MISSED")}";
            line += string.Create(CultureInfo.InvariantCulture, $"   {is_,8:0.00} {verdict}");
        }

        Console.WriteLine(line);
    }

    private double Median(string name)
    {
        var sorted = _figures[name].Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }

    private async Task<double> SendAsync(Switch node, Multiaddr to, long bytes)
    {
        var connection = await node.DialAsync(to);
        await using var stream = await connection.OpenStreamAsync(SinkProtocol.Name);
        var begin = Stopwatch.GetTimestamp();
        for (long sent = 0; sent < bytes; sent += _data.Length)
        {
            await stream.Output.WriteAsync(_data);
        }

        await stream.CloseWriteAsync();
        var answer = await stream.Input.ReadAtLeastAsync(sizeof(long));
        var time = Stopwatch.GetElapsedTime(begin);
        var counted = BinaryPrimitives.ReadInt64BigEndian(answer.Buffer.ToArray());
        stream.Input.AdvanceTo(answer.Buffer.End);
        return counted == bytes
            ? bytes / 1e6 / time.TotalSeconds
            : throw new InvalidOperationException($"{counted} bytes arrived of {bytes}.");
    }

    private async Task<double> SendBareAsync(SslStream bare)
    {
        var begin = Stopwatch.GetTimestamp();
        await BareTls.SendAsync(bare, _scale.TransferBytes, _data);
        return _scale.TransferBytes / 1e6 / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private async Task<double> JsSendAsync(JsPeer from, Multiaddr to) =>
        RateOf(await from.AskAsync("timeUpload", new { to = to.ToString(), bytes = _scale.TransferBytes }, TimeSpan.FromMinutes(5)));

    private async Task<double> JsSendToItselfAsync() =>
        RateOf(await _js.AskAsync("timeUploadHere", new { bytes = _scale.TransferBytes }, TimeSpan.FromMinutes(5)));

    private double RateOf(JsonElement answer)
    {
        return answer.GetProperty("total").GetInt64() == _scale.TransferBytes
            ? _scale.TransferBytes / 1e3 / answer.GetProperty("ms").GetDouble()
            : throw new InvalidOperationException("Bytes are missing.");
    }

    private static async Task<double> JsTimesAsync(JsPeer js, JsPeer twin, string command, int count, int bytes)
    {
        var answer = await js.AskAsync(command, new { to = twin.Address.ToString(), count, bytes }, TimeSpan.FromMinutes(5));
        return Median([.. answer.GetProperty("ms").EnumerateArray().Select(ms => ms.GetDouble())]);
    }

    private async Task<double> EchoAsync(Switch node)
    {
        var connection = await node.DialAsync(_there);
        await using var stream = await connection.OpenStreamAsync(EchoProtocol.Name);
        return await MedianTimeAsync(_scale.Echoes, () => EchoOnceAsync(stream));
    }

    private async Task<double> PingAsync(Switch node)
    {
        var connection = await node.DialAsync(_there);
        return await MedianTimeAsync(_scale.Echoes, async () =>
        {
            await using var stream = await connection.OpenStreamAsync(PingProtocol.Name);
            await EchoOnceAsync(stream);
        });
    }

    private async Task<double> DialAsync(Switch node, bool isReadyWhenAnswered)
    {
        var times = new List<double>();
        await (await node.DialAsync(_there)).DisposeAsync();
        for (var i = 0; i < _scale.Dials; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            var connection = await node.DialAsync(_there);
            if (isReadyWhenAnswered)
            {
                await using var stream = await connection.OpenStreamAsync(EchoProtocol.Name);
                await EchoOnceAsync(stream);
            }

            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            await connection.DisposeAsync();
        }

        return Median(times);
    }

    private async Task EchoOnceAsync(PeerStream stream)
    {
        await stream.Output.WriteAsync(_data.AsMemory(0, 32));
        var read = await stream.Input.ReadAtLeastAsync(32);
        stream.Input.AdvanceTo(read.Buffer.End);
    }

    private static async Task<double> MedianTimeAsync(int count, Func<Task> act)
    {
        var times = new List<double>(count);
        for (var i = 0; i < count; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            await act();
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return Median(times);
    }

    /// <summary>Bytes allocated by both processes for each 64 KiB of a transfer that goes on: what one of twice the length takes beyond a single one.</summary>
    private async Task<double> AllocatedAsync()
    {
        async Task<long> CountAsync() => GC.GetTotalAllocatedBytes(precise: true) + (await _twin.AskAsync("allocated")).GetProperty("allocated").GetInt64();
        var before = await CountAsync();
        await SendAsync(_node, _there, _scale.TransferBytes);
        var between = await CountAsync();
        await SendAsync(_node, _there, 2 * _scale.TransferBytes);
        return (double)(await CountAsync() - between - (between - before)) / (_scale.TransferBytes / BareTls.WriteBytes);
    }

    /// <summary>How much is measured.</summary>
    private sealed record Scale(int Rounds, long TransferBytes, int Echoes, int Dials, int Pairs, int Publishes, int Records)
    {
        public bool IsOfRecordsOnly { get; private init; }

        public static bool TryParse(string[] options, out Scale scale)
        {
            scale = new Scale(7, 256 * 1048576, 3000, 50, 1000, 300, 60);
            for (var i = 0; i < options.Length; i++)
            {
                if (options[i] == "--quick")
                {
                    scale = new Scale(2, 32 * 1048576, 200, 10, 100, 50, 10) { IsOfRecordsOnly = scale.IsOfRecordsOnly };
                }
                else if (options[i] == "--records")
                {
                    scale = scale with { IsOfRecordsOnly = true };
                }
                else if (options[i] == "--rounds" && i + 1 < options.Length && int.TryParse(options[++i], CultureInfo.InvariantCulture, out var rounds) && rounds > 0)
                {
                    scale = scale with { Rounds = rounds };
                }
                else
                {
                    return false;
                }
            }

            return true;
        }
    }
}
