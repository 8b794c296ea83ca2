using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Tests;

/// <summary>Storage nodes in this process, on loopback TCP, each with a data directory of its own.</summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sdk-storage-").FullName;
    private readonly List<KeyPair> _keys = [];

    public List<Node> Nodes { get; } = [];

    public IReadOnlyList<Multiaddr> Members { get; private set; } = [];

    public static async Task<TestNetwork> StartAsync(int nodes, long capacityBytes = 64 << 20)
    {
        var network = new TestNetwork();
        for (var i = 0; i < nodes; i++)
        {
            network._keys.Add(KeyPair.GenerateTestOnly());
            network.Nodes.Add(null!);
            await network.StartNodeAsync(i, "/ip4/127.0.0.1/tcp/0", capacityBytes);
        }

        network.Members = [.. network.Nodes.Select(node => node.Addresses[0])];
        return network;
    }

    /// <summary>A data directory's files, for those who look for what must not be there.</summary>
    public string DirectoryOf(int node) => Path.Combine(_folder, $"node-{node}");

    public async Task StopNodeAsync(int i) => await Nodes[i].DisposeAsync();

    public Task RestartNodeAsync(int i) => StartNodeAsync(i, Members[i].ToString().Split("/p2p/")[0], 64 << 20);

    public static async Task<Node> StartClientAsync(KeyPair account) => await Node.StartAsync(NodeOptions.LightClient(account));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        _keys.ForEach(key => key.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartNodeAsync(int i, string address, long capacityBytes)
    {
        Nodes[i] = await Node.StartAsync(NodeOptions.Provider(_keys[i], DirectoryOf(i), Multiaddr.Parse(address)));
        await StorageNode.StartAsync(Nodes[i], new StorageNodeOptions { CapacityBytes = capacityBytes });
    }
}
