using Sdk.Core.Networking.Pubsub;

namespace Sdk.ReferenceNode.Commands;

/// <summary>The topics that a node subscribes to, shown until this is disposed.</summary>
internal sealed class NodeTopics : IAsyncDisposable
{
    private readonly List<PubsubSubscription> _subscriptions = [];
    private readonly List<Task> _shows = [];

    public NodeTopics(Gossipsub pubsub, IEnumerable<string> topics, NodeScreen screen)
    {
        foreach (var topic in topics.Distinct())
        {
            var subscription = pubsub.Subscribe(topic);
            _subscriptions.Add(subscription);
            _shows.Add(ShowAsync(subscription, screen));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _subscriptions.ForEach(subscription => subscription.Dispose());
        await Task.WhenAll(_shows);
    }

    private static async Task ShowAsync(PubsubSubscription subscription, NodeScreen screen)
    {
        await foreach (var message in subscription)
        {
            screen.Show(message);
        }
    }
}
