using System.Security.Cryptography;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Overlay;

/// <summary>Nodes of one network on loopback TCP, each of which was told of the first.</summary>
internal sealed class Town : IAsyncDisposable
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    public List<Node> Nodes { get; } = [];

    public CancellationToken Cancelled => _timeout.Token;

    public Node AnyNode() => Nodes[RandomNumberGenerator.GetInt32(Nodes.Count)];

    /// <summary>The addresses of all nodes, the nearest to the target first.</summary>
    public IEnumerable<OverlayAddress> Nearest(OverlayAddress target) => Nodes.Select(node => node.Overlay.Address)
        .Order(Comparer<OverlayAddress>.Create((one, other) => OverlayAddress.CompareDistance(target, one, other)));

    public static async Task<Town> StartAsync(int count, Action<NodeOptions>? configure = null)
    {
        var town = new Town();
        for (var i = 0; i < count; i++)
        {
            await town.AddAsync(configure);
        }

        await Task.WhenAll(town.Nodes.Select(node => node.Overlay.WhenJoinedAsync(town.Cancelled)));
        return town;
    }

    public async Task<Node> AddAsync(Action<NodeOptions>? configure = null)
    {
        var options = NodeOptions.Local();
        foreach (var address in Nodes.Take(1).SelectMany(first => first.Addresses))
        {
            options.Overlay.Bootstrap.Add(address);
        }

        configure?.Invoke(options);
        var node = await Node.StartAsync(options, Cancelled);
        _ = node.Overlay;
        Nodes.Add(node);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(node => node.DisposeAsync().AsTask()));
        _timeout.Dispose();
    }
}
