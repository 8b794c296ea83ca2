using System.Text;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;
using Sdk.Core.Tests.Networking.Relay;

namespace Sdk.Core.Tests.Networking.Pubsub;

/// <summary>Pubsub where a relay that limits what it carries stands between two nodes.</summary>
public sealed class LimitedConnectionTests
{
    private const string Topic = "news";

    [Fact]
    public async Task A_relays_limited_connection_carries_no_pubsub_and_a_direct_one_beside_it_does()
    {
        await using var network = await RelayNetwork.StartAsync();
        using KeyPair hiddenKey = KeyPair.GenerateTestOnly(), dialerKey = KeyPair.GenerateTestOnly();
        Switch hiddenNode = network.AddNode(hiddenKey), dialerNode = network.AddNode(dialerKey);
        await using var hidden = new Gossipsub(hiddenNode, hiddenKey);
        await using var dialer = new Gossipsub(dialerNode, dialerKey);
        var subscription = hidden.Subscribe(Topic);
        var (relayed, accepted) = await ConnectThroughRelayAsync(network, hiddenNode, dialerNode);

        // Who insists is refused.
        await Assert.ThrowsAsync<StreamResetException>(async () =>
        {
            var insisting = await relayed.OpenStreamAsync("/meshsub/1.1.0");
            await insisting.Input.ReadAsync().AsTask().WaitAsync(RelayNetwork.Limit);
        });
        Assert.Null(hidden.ScoreOf(accepted.RemotePeer));

        var direct = await network.ListenAsync(hiddenNode);
        await dialerNode.DialAsync(direct);
        await RelayNetwork.UntilAsync(() => dialer.PeersOf(Topic).Count == 1);
        Assert.Equal(1, await dialer.PublishAsync(Topic, "hello"u8.ToArray()));
        Assert.Equal("hello", await FirstAsync(subscription));

        // A stream of pubsub would have stayed.
        await RelayNetwork.UntilAsync(() => relayed.StreamCount == 0 && accepted.StreamCount == 0);
    }

    [Fact]
    public async Task A_relays_limited_connection_carries_pubsub_where_the_options_say_so()
    {
        await using var network = await RelayNetwork.StartAsync();
        using KeyPair hiddenKey = KeyPair.GenerateTestOnly(), dialerKey = KeyPair.GenerateTestOnly();
        Switch hiddenNode = network.AddNode(hiddenKey), dialerNode = network.AddNode(dialerKey);
        await using var hidden = new Gossipsub(hiddenNode, hiddenKey, new PubsubOptions { UsesLimitedConnections = true });
        await using var dialer = new Gossipsub(dialerNode, dialerKey, new PubsubOptions { UsesLimitedConnections = true });
        var subscription = hidden.Subscribe(Topic);
        await ConnectThroughRelayAsync(network, hiddenNode, dialerNode);
        await RelayNetwork.UntilAsync(() => dialer.PeersOf(Topic).Count == 1);
        await dialer.PublishAsync(Topic, "hello"u8.ToArray());
        Assert.Equal("hello", await FirstAsync(subscription));
    }

    private static async Task<(Connection Dialled, Connection Accepted)> ConnectThroughRelayAsync(RelayNetwork network, Switch hidden, Switch dialer)
    {
        var address = await hidden.ListenAsync(network.Address.WithCircuit());
        var dialled = await dialer.DialAsync(address);
        var accepted = await hidden.ConnectionAsync(dialer.LocalPeer);
        Assert.NotNull(dialled.Limit);
        Assert.NotNull(accepted.Limit);
        await dialled.WhenIdentifiedAsync().WaitAsync(RelayNetwork.Limit);
        await accepted.WhenIdentifiedAsync().WaitAsync(RelayNetwork.Limit);
        return (dialled, accepted);
    }

    private static async Task<string> FirstAsync(PubsubSubscription subscription)
    {
        using var timeout = new CancellationTokenSource(RelayNetwork.Limit);
        await foreach (var message in subscription.WithCancellation(timeout.Token))
        {
            return Encoding.UTF8.GetString(message.Data.Span);
        }

        throw new InvalidOperationException("The subscription ended.");
    }
}
