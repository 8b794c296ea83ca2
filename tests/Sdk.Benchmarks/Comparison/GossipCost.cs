using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Benchmarks.Comparison;

/// <summary>
/// What gossip costs: nodes in this process, all connected, publishing signed messages in turn, each awaited until all others have it.
/// <c>js/gossip.mjs</c> does the same.
/// </summary>
internal static class GossipCost
{
    public const int Nodes = 11;
    public const int MessageBytes = 200;

    /// <summary>Publishes before the counting begins, for the compilers.</summary>
    public const int WarmUp = 100;

    private const string Topic = "interop/cost";

    /// <summary>Milliseconds of processor time for one publish, everybody's work together.</summary>
    public static async Task<double> MeasureAsync(int publishes)
    {
        var nodes = new List<(Switch Switch, Gossipsub Pubsub, KeyPair Key)>();
        var arrivals = new Arrivals();
        var addresses = new List<Multiaddr>();
        for (var i = 0; i < Nodes; i++)
        {
            var key = KeyPair.GenerateTestOnly();
            var node = new Switch(new SwitchOptions { NodeKey = key });
            nodes.Add((node, new Gossipsub(node, key), key));
            foreach (var other in addresses)
            {
                await node.DialAsync(other);
            }

            addresses.Add(await node.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")));
        }

        var readers = nodes.Select(node => arrivals.CountAsync(node.Pubsub.Subscribe(Topic))).ToArray();
        while (nodes.Any(node => node.Pubsub.MeshOf(Topic).Count < 4))
        {
            await Task.Delay(50);
        }

        await PublishAsync(WarmUp);
        var before = Environment.CpuUsage.TotalTime;
        await PublishAsync(publishes);
        var cost = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / publishes;
        foreach (var (node, pubsub, key) in nodes)
        {
            await pubsub.DisposeAsync();
            await node.DisposeAsync();
            key.Dispose();
        }

        await Task.WhenAll(readers);
        return cost;

        async Task PublishAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var all = arrivals.Expect(Nodes - 1);
                await nodes[i % Nodes].Pubsub.PublishAsync(Topic, RandomNumberGenerator.GetBytes(MessageBytes));
                await all;
            }
        }
    }

    /// <summary>Says when as many messages have come, wherever.</summary>
    private sealed class Arrivals
    {
        private TaskCompletionSource _all = new();
        private int _missing;

        public Task Expect(int count)
        {
            _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _missing, count);
            return _all.Task;
        }

        public async Task CountAsync(PubsubSubscription subscription)
        {
            await foreach (var message in subscription)
            {
                if (Interlocked.Decrement(ref _missing) == 0)
                {
                    _all.SetResult();
                }
            }
        }
    }
}
