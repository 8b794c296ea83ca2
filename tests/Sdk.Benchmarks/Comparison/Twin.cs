using System.Globalization;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Benchmarks.Comparison;

/// <summary>The other process of a measurement: answers streams, or measures something that wants a process to itself.</summary>
internal static class Twin
{
    private static readonly Multiaddr AnyPort = Multiaddr.Parse("/ip4/127.0.0.1/tcp/0");

    public static async Task<int> RunAsync(string[] arguments)
    {
        switch (arguments)
        {
            case ["serve"]:
                await ServeAsync();
                return 0;
            case ["pairs", var count]:
                await HoldPairsAsync(int.Parse(count, CultureInfo.InvariantCulture));
                return 0;
            case ["gossip", var publishes]:
                Tell(new { ms = await GossipCost.MeasureAsync(int.Parse(publishes, CultureInfo.InvariantCulture)) });
                return 0;
            case ["records", var times]:
                var (cpu, elapsed, asked) = await RecordCost.MeasureAsync(int.Parse(times, CultureInfo.InvariantCulture), warmUp: 4 * RecordCost.Nodes);
                Tell(new { ms = cpu, elapsed, asked });
                return 0;
            default:
                return 1;
        }
    }

    /// <summary>Answers the comparison's protocols, and bare TLS; told <c>allocated</c>, says how many bytes this process has allocated.</summary>
    private static async Task ServeAsync()
    {
        using var key = KeyPair.GenerateTestOnly();
        await using var node = new Switch(new SwitchOptions { NodeKey = key });
        node.Register(new SinkProtocol());
        node.Register(new EchoProtocol());
        var address = await node.ListenAsync(AnyPort);
        using var bare = new BareTls(key);
        Tell(new { address = address.ToString(), bare = bare.Port });
        while (await Console.In.ReadLineAsync() is not null)
        {
            Tell(new { allocated = GC.GetTotalAllocatedBytes(precise: true) });
        }
    }

    /// <summary>
    /// Holds that many connections with both their ends in this process, each secured, identified and idle, and tells what the process
    /// needs for them. 25 switches dial 40 others, so that it is connections that are weighed and not switches.
    /// </summary>
    private static async Task HoldPairsAsync(int count)
    {
        const int Listeners = 40;
        const int AtOnce = 16;
        var keys = new List<KeyPair>();
        Switch Make()
        {
            keys.Add(KeyPair.GenerateTestOnly());
            return new Switch(new SwitchOptions { NodeKey = keys[^1] });
        }

        var listeners = Enumerable.Range(0, Listeners).Select(_ => Make()).ToArray();
        var addresses = new List<Multiaddr>();
        foreach (var listener in listeners)
        {
            addresses.Add(await listener.ListenAsync(AnyPort));
        }

        var dialers = Enumerable.Range(0, (count + Listeners - 1) / Listeners).Select(_ => Make()).ToArray();
        var before = Resident();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, token) =>
        {
            var connection = await dialers[i / Listeners].DialAsync(addresses[i % Listeners], token);
            await connection.WhenIdentifiedAsync(token);
        });
        await Task.WhenAll(listeners.SelectMany(listener => listener.Connections).Select(connection => connection.WhenIdentifiedAsync()));
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var open = listeners.Sum(listener => listener.Connections.Count) + dialers.Sum(dialer => dialer.Connections.Count);
        Tell(new { ends = open, before, resident = Resident(), heap = GC.GetTotalMemory(forceFullCollection: true) });
        await Console.In.ReadLineAsync();
        await Task.WhenAll(dialers.Concat(listeners).Select(each => each.DisposeAsync().AsTask()));
        keys.ForEach(key => key.Dispose());
    }

    private static long Resident()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static void Tell(object line)
    {
        Console.WriteLine(JsonSerializer.Serialize(line));
        Console.Out.Flush();
    }
}
