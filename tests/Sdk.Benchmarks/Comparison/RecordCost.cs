using System.Security.Cryptography;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Overlay.Records;

namespace Sdk.Benchmarks.Comparison;

/// <summary>
/// What a record on the overlay costs: nodes in this process, all joined, one after another putting a record that another one then gets.
/// <c>js/kad.mjs</c> does the same with kad-dht.
/// </summary>
internal static class RecordCost
{
    public const int Nodes = 50;
    public const int RecordBytes = 200;

    /// <summary>Nodes that join at the same time.</summary>
    private const int AtOnce = 8;

    /// <summary>Processor and other milliseconds for one record put and got, everybody's work together, and how many nodes keep it.</summary>
    public static async Task<(double CpuMs, double ElapsedMs, double Asked)> MeasureAsync(int times, int warmUp)
    {
        var nodes = new List<Node>();
        await AddNodeAsync();
        await Parallel.ForAsync(1, Nodes, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, _) => await AddNodeAsync());
        await Task.WhenAll(nodes.Select(node => node.Overlay.WhenJoinedAsync()));
        await SettleAsync();

        await PutAndGetAsync(0, warmUp);
        var cpu = Environment.CpuUsage.TotalTime;
        var time = TimeProvider.System.GetTimestamp();
        var asked = await PutAndGetAsync(warmUp, times);
        var cost = ((Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / times, TimeProvider.System.GetElapsedTime(time).TotalMilliseconds / times, (double)asked / times);
        await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
        return cost;

        async Task AddNodeAsync()
        {
            var options = NodeOptions.Local();
            lock (nodes)
            {
                if (nodes.Count > 0)
                {
                    options.Overlay.Bootstrap.Add(nodes[0].Addresses[0]);
                }
            }

            var node = await Node.StartAsync(options);
            lock (nodes)
            {
                nodes.Add(node);
            }

            _ = node.Overlay; // it takes part from the first use on
        }

        // Until nobody has connected for two seconds: joining is not what is weighed.
        async Task SettleAsync()
        {
            const int Quiet = 10;
            for (int quiet = 0, last = -1; quiet < Quiet;)
            {
                await Task.Delay(200);
                var now = nodes.Sum(node => node.Overlay.ConnectedNodes.Count);
                quiet = now == last ? quiet + 1 : 0;
                last = now;
            }
        }

        async Task<int> PutAndGetAsync(int first, int count)
        {
            var asked = 0;
            for (var i = first; i < first + count; i++)
            {
                var (writer, reader) = (nodes[i % Nodes], nodes[(i + (Nodes / 2)) % Nodes]);
                using var key = KeyPair.GenerateTestOnly();
                var value = RandomNumberGenerator.GetBytes(RecordBytes);
                var kind = RecordKinds.PacketHolder;
                var record = OverlayRecord.Create(
                    key, writer.NetworkId, kind, kind.KeyOf(key.Address), version: 1, value, writer.TimeProvider.GetUtcNow(), TimeSpan.FromHours(1));
                var put = await writer.Overlay.PutAsync(record);
                var got = await reader.Overlay.GetAsync(kind, record.Key);
                if (!put.IsStored || got.Count != 1 || !got[0].Value.Span.SequenceEqual(value))
                {
                    throw new InvalidOperationException($"Record {i} did not come back.");
                }

                asked += put.Asked;
            }

            return asked;
        }
    }
}
