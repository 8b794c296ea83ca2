using System.Collections.Concurrent;

namespace Sdk.Interop.Libp2p;

/// <summary>The js-libp2p peers that tests share: one for each kind that is asked for, since a process takes a second to start.</summary>
public sealed class JsPeers : IAsyncLifetime
{
    private readonly ConcurrentDictionary<(string Security, string Key), Lazy<Task<JsPeer>>> _peers = new();

    internal Task<JsPeer> GetAsync(string security, string key) =>
        _peers.GetOrAdd((security, key), kind => new(() => JsPeer.StartAsync(new JsPeerOptions(kind.Security, kind.Key) { Gossip = true }))).Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var peer in _peers.Values)
        {
            await (await peer.Value).DisposeAsync();
        }
    }
}

/// <summary>Tests against js-libp2p share its processes and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class JsSuite : ICollectionFixture<JsPeers>
{
    public const string Name = "js-libp2p";
}
