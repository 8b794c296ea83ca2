using System.Collections.Concurrent;
using System.Text;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Pubsub;

namespace Sdk.Core.Tests.Networking.Pubsub;

/// <summary>Pubsub over real switches.</summary>
public sealed class GossipsubTests
{
    private const string Topic = "news";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("memory")]
    [InlineData("tcp")]
    public async Task Eleven_nodes_get_every_message_of_every_node_exactly_once(string kind)
    {
        const int Nodes = 11;
        const int MessagesEach = 5;
        await using var network = await Network.StartAsync(Nodes, kind);
        var subscriptions = network.Nodes.Select(node => node.Pubsub.Subscribe(Topic)).ToArray();
        await network.ConnectAllAsync();
        await Network.UntilAsync(() => network.Nodes.All(node => node.Pubsub.PeersOf(Topic).Count == Nodes - 1));

        var sent = new ConcurrentBag<string>();
        await Task.WhenAll(network.Nodes.Select(async (node, n) =>
        {
            for (var i = 0; i < MessagesEach; i++)
            {
                var text = $"{n}/{i} {new string('x', 190)}";
                sent.Add(text);
                Assert.Equal(Nodes - 1, await node.Pubsub.PublishAsync(Topic, Encoding.UTF8.GetBytes(text)));
            }
        }));

        for (var n = 0; n < Nodes; n++)
        {
            var expected = sent.Where(text => !text.StartsWith($"{n}/", StringComparison.Ordinal)).Order();
            Assert.Equal(expected, (await ReadAsync(subscriptions[n], (Nodes - 1) * MessagesEach)).Order());
        }

        // A mesh of twelve at most carried them; a second copy would come by it now.
        var last = "last"u8.ToArray();
        await network.Nodes[0].Pubsub.PublishAsync(Topic, last);
        foreach (var subscription in subscriptions[1..])
        {
            Assert.Equal(["last"], await ReadAsync(subscription, 1));
        }
    }

    [Fact]
    public async Task Messages_cross_a_line_of_nodes_that_do_not_know_each_other()
    {
        await using var network = await Network.StartAsync(5);
        var subscriptions = network.Nodes.Select(node => node.Pubsub.Subscribe(Topic)).ToArray();
        for (var i = 0; i < 4; i++)
        {
            await network.ConnectAsync(i, i + 1);
        }

        await Network.UntilAsync(() => network.Nodes.Select((node, i) => node.Pubsub.MeshOf(Topic).Count >= (i is 0 or 4 ? 1 : 2)).All(holds => holds));
        await network.Nodes[0].Pubsub.PublishAsync(Topic, "far"u8.ToArray());
        var message = await FirstAsync(subscriptions[4]);
        Assert.Equal(network.Nodes[0].Switch.LocalPeer, message.From);
        Assert.Equal(network.Nodes[3].Switch.LocalPeer, message.ReceivedFrom);
        Assert.NotNull(message.SequenceNumber);
    }

    [Fact]
    public async Task Who_joins_late_gets_what_was_just_published_by_gossip()
    {
        await using var network = await Network.StartAsync(9);
        for (var i = 0; i < 8; i++)
        {
            network.Nodes[i].Pubsub.Subscribe(Topic);
            for (var j = 0; j < i; j++)
            {
                await network.ConnectAsync(i, j);
            }
        }

        await Network.UntilAsync(() => network.Nodes[..8].All(node => node.Pubsub.PeersOf(Topic).Count == 7));
        await network.Nodes[0].Pubsub.PublishAsync(Topic, "before you came"u8.ToArray());

        // Peers tell those outside of their mesh; the newcomer's own graft comes only after it has heard of the topic's peers.
        var late = network.Nodes[8].Pubsub.Subscribe(Topic);
        for (var i = 0; i < 8; i++)
        {
            await network.ConnectAsync(8, i);
        }

        Assert.Equal(["before you came"], await ReadAsync(late, 1));
    }

    [Fact]
    public async Task A_tampered_message_is_rejected_and_costs_its_sender()
    {
        await using var network = await Network.StartAsync(1);
        var node = network.Nodes[0];
        var subscription = node.Pubsub.Subscribe(Topic);
        await using var foreigner = await Foreigner.StartAsync(network, node);
        var author = RouterBench.Author();
        var message = PubsubMessage.Create(Topic, "pay 1"u8, author, 7, null);
        var forged = RouterBench.Publish(message);
        forged.Publish[0].Data = ByteString.CopyFromUtf8("pay 9");
        await foreigner.SendAsync(forged);
        await Network.UntilAsync(() => node.Pubsub.ScoreOf(foreigner.Peer) < 0);
        await foreigner.SendAsync(RouterBench.Publish(message));
        var delivered = await FirstAsync(subscription);
        Assert.Equal((author.Peer, 7ul), (delivered.From, delivered.SequenceNumber));
        Assert.Equal("pay 1"u8.ToArray(), delivered.Data.ToArray());
    }

    [Fact]
    public async Task Garbage_resets_the_stream_and_the_peer_may_come_back()
    {
        await using var network = await Network.StartAsync(1);
        var node = network.Nodes[0];
        var subscription = node.Pubsub.Subscribe(Topic);
        await using var foreigner = await Foreigner.StartAsync(network, node);
        await foreigner.Out.Output.WriteAsync(new byte[] { 3, 0xFF, 0xFF, 0xFF });
        await Assert.ThrowsAsync<StreamResetException>(async () => await foreigner.Out.Input.ReadAsync());
        await foreigner.ReopenAsync();
        await foreigner.SendAsync(RouterBench.Publish(PubsubMessage.Create(Topic, "sorry"u8, RouterBench.Author(), 1, null)));
        Assert.Equal(["sorry"], await ReadAsync(subscription, 1));
    }

    [Fact]
    public async Task An_RPC_longer_than_the_limit_is_not_read()
    {
        await using var network = await Network.StartAsync(1);
        await using var foreigner = await Foreigner.StartAsync(network, network.Nodes[0]);
        await foreigner.Out.Output.WriteAsync(new byte[] { 0x81, 0x80, 0x40, 0 });
        await Assert.ThrowsAsync<StreamResetException>(async () => await foreigner.Out.Input.ReadAsync());
    }

    [Fact]
    public async Task A_stream_that_the_peer_resets_is_opened_again_and_says_everything_again()
    {
        await using var network = await Network.StartAsync(1);
        network.Nodes[0].Pubsub.Subscribe(Topic);
        await using var foreigner = await Foreigner.StartAsync(network, network.Nodes[0]);
        var first = await foreigner.NextInboundAsync();
        Assert.Equal(Topic, (await ReadRpcAsync(first)).Subscriptions.Single().Topicid);
        first.Reset();
        var second = await foreigner.NextInboundAsync();
        Assert.Equal(Topic, (await ReadRpcAsync(second)).Subscriptions.Single().Topicid);
    }

    [Fact]
    public async Task A_peer_that_reads_nothing_stalls_neither_the_publisher_nor_the_others()
    {
        await using var network = await Network.StartAsync(3);
        var (publisher, reader) = (network.Nodes[0], network.Nodes[1]);
        var subscription = reader.Pubsub.Subscribe(Topic);
        await network.ConnectAsync(0, 1);
        await using var deaf = await Foreigner.StartAsync(network, publisher);
        await deaf.SendAsync(RouterBench.Subscription(Topic));
        await Network.UntilAsync(() => publisher.Pubsub.PeersOf(Topic).Count == 2);

        // 24 MiB, far more than a stream's window and a queue hold.
        const int Messages = 400;
        var data = new byte[60_000];
        var reading = ReadAsync(subscription, Messages);
        var reached = new List<int>();
        for (var i = 0; i < Messages; i++)
        {
            reached.Add(await publisher.Pubsub.PublishAsync(Topic, data).AsTask().WaitAsync(Limit));
        }

        Assert.Equal(Messages, (await reading).Count);
        Assert.Equal(2, reached[0]);
        Assert.Equal(1, reached[^1]);
    }

    [Fact]
    public async Task A_validator_decides_and_may_take_its_time()
    {
        await using var network = await Network.StartAsync(3);
        var subscriptions = network.Nodes.Select(node => node.Pubsub.Subscribe(Topic)).ToArray();
        var release = new TaskCompletionSource();
        network.Nodes[1].Pubsub.ValidateWith(Topic, async (message, token) =>
        {
            var text = Encoding.UTF8.GetString(message.Data.Span);
            if (text == "slow")
            {
                await release.Task.WaitAsync(token);
            }

            return text switch
            {
                "bad" => PubsubVerdict.Reject,
                "odd" => PubsubVerdict.Ignore,
                "error" => throw new InvalidOperationException("A validator's bug."),
                _ => PubsubVerdict.Accept,
            };
        });
        await network.ConnectAsync(0, 1);
        await network.ConnectAsync(1, 2);
        await Network.UntilAsync(() => network.Nodes[1].Pubsub.MeshOf(Topic).Count == 2 && network.Nodes[2].Pubsub.MeshOf(Topic).Count == 1);
        foreach (var text in (string[])["slow", "odd", "error", "good"])
        {
            await network.Nodes[0].Pubsub.PublishAsync(Topic, Encoding.UTF8.GetBytes(text));
        }

        Assert.Equal(["good"], await ReadAsync(subscriptions[2], 1));
        release.SetResult();
        Assert.Equal(["slow"], await ReadAsync(subscriptions[2], 1));
        Assert.Equal(["good", "slow"], await ReadAsync(subscriptions[1], 2));
        await network.Nodes[0].Pubsub.PublishAsync(Topic, "bad"u8.ToArray());
        await Network.UntilAsync(() => network.Nodes[1].Pubsub.ScoreOf(network.Nodes[0].Switch.LocalPeer) < 0);
    }

    [Fact]
    public async Task A_subscription_that_nobody_reads_keeps_the_newest_and_counts_the_rest()
    {
        await using var network = await Network.StartAsync(2, configure: options => options.SubscriptionCapacity = 4);
        var lazy = network.Nodes[1].Pubsub.Subscribe(Topic);
        var eager = network.Nodes[1].Pubsub.Subscribe(Topic);
        await network.ConnectAsync(0, 1);
        await Network.UntilAsync(() => network.Nodes[0].Pubsub.PeersOf(Topic).Count == 1);
        for (var i = 0; i < 10; i++)
        {
            await network.Nodes[0].Pubsub.PublishAsync(Topic, new[] { (byte)('0' + i) });
            Assert.Equal([$"{i}"], await ReadAsync(eager, 1));
        }

        Assert.Equal((6, 0), (lazy.Dropped, eager.Dropped));
        Assert.Equal(["6", "7", "8", "9"], await ReadAsync(lazy, 4));
    }

    [Fact]
    public async Task Leaving_is_told_to_peers_and_the_loop_ends_with_the_node()
    {
        await using var network = await Network.StartAsync(2);
        var subscription = network.Nodes[1].Pubsub.Subscribe(Topic);
        await network.ConnectAsync(0, 1);
        await Network.UntilAsync(() => network.Nodes[0].Pubsub.PeersOf(Topic).Count == 1);
        subscription.Dispose();
        await Network.UntilAsync(() => network.Nodes[0].Pubsub.PeersOf(Topic).Count == 0);
        Assert.Equal(0, await network.Nodes[0].Pubsub.PublishAsync(Topic, "to nobody"u8.ToArray()));

        var other = network.Nodes[1].Pubsub.SubscribeAsync("other");
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in other)
            {
                // Nothing comes.
            }
        });
        await network.Nodes[1].Pubsub.DisposeAsync();
        await reading.WaitAsync(Limit);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await network.Nodes[1].Pubsub.PublishAsync(Topic, default));
    }

    [Fact]
    public async Task A_switch_whose_pubsub_has_ended_speaks_it_no_longer_and_can_get_another()
    {
        await using var network = await Network.StartAsync(2);
        var (@switch, former, key, _) = network.Nodes[1];
        await network.ConnectAsync(0, 1);
        await former.DisposeAsync();
        Assert.DoesNotContain("/meshsub/1.1.0", @switch.Protocols);
        await using var another = new Gossipsub(@switch, key);
        var subscription = another.Subscribe(Topic);
        await Network.UntilAsync(() => network.Nodes[0].Pubsub.PeersOf(Topic).Count == 1);
        await network.Nodes[0].Pubsub.PublishAsync(Topic, "again"u8.ToArray());
        Assert.Equal(["again"], await ReadAsync(subscription, 1));
    }

    [Fact]
    public async Task Unsigned_topics_work_where_all_agree()
    {
        await using var network = await Network.StartAsync(2, configure: options => options.SignaturePolicy = PubsubSignaturePolicy.StrictNoSign);
        var subscription = network.Nodes[1].Pubsub.Subscribe(Topic);
        await network.ConnectAsync(0, 1);
        await Network.UntilAsync(() => network.Nodes[0].Pubsub.PeersOf(Topic).Count == 1);
        Assert.Equal(1, await network.Nodes[0].Pubsub.PublishAsync(Topic, "plain"u8.ToArray()));
        Assert.Equal(0, await network.Nodes[0].Pubsub.PublishAsync(Topic, "plain"u8.ToArray()));
        var message = await FirstAsync(subscription);
        Assert.Null(message.From);
        Assert.Null(message.SequenceNumber);
    }

    [Fact]
    public async Task A_node_has_pubsub_from_the_first_use_on_even_with_peers_it_had_before()
    {
        await using var one = await Node.StartAsync(NodeOptions.Local());
        await using var other = await Node.StartAsync(NodeOptions.Local());
        await one.Switch.DialAsync(other.Addresses[0]);
        var messages = one.Pubsub.SubscribeAsync(Topic);
        while (other.Pubsub.PeersOf(Topic).Count == 0)
        {
            await Task.Delay(10);
        }

        await other.Pubsub.PublishAsync(Topic, "hello"u8.ToArray());
        await foreach (var message in messages)
        {
            Assert.Equal(other.PeerId, message.From);
            break;
        }

        Assert.Empty(one.Pubsub.Topics);
    }

    [Fact]
    public async Task Names_and_data_beyond_the_limits_are_refused()
    {
        await using var network = await Network.StartAsync(1);
        var pubsub = network.Nodes[0].Pubsub;
        Assert.Throws<ArgumentException>(() => pubsub.Subscribe(""));
        Assert.Throws<ArgumentException>(() => pubsub.Subscribe(new string('x', 257)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await pubsub.PublishAsync(Topic, new byte[pubsub.MaxDataBytes + 1]));
        Assert.Equal(0, await pubsub.PublishAsync(Topic, new byte[pubsub.MaxDataBytes]));
        using var otherKey = KeyPair.GenerateTestOnly();
        Assert.Throws<ArgumentException>(() => new Gossipsub(network.Nodes[0].Switch, otherKey));
    }

    private static async Task<List<string>> ReadAsync(PubsubSubscription subscription, int count)
    {
        using var timeout = new CancellationTokenSource(Limit);
        var texts = new List<string>();
        await foreach (var message in subscription.WithCancellation(timeout.Token))
        {
            texts.Add(Encoding.UTF8.GetString(message.Data.Span));
            if (texts.Count == count)
            {
                break;
            }
        }

        return texts;
    }

    private static async Task<PubsubMessage> FirstAsync(PubsubSubscription subscription)
    {
        using var timeout = new CancellationTokenSource(Limit);
        await foreach (var message in subscription.WithCancellation(timeout.Token))
        {
            return message;
        }

        throw new InvalidOperationException("The subscription ended.");
    }

    private static async Task<Rpc> ReadRpcAsync(PeerStream stream) =>
        (await ProtobufFrame.ReadAsync(stream.Input, Rpc.Parser, 1 << 20).AsTask().WaitAsync(Limit))!;

    private sealed record Member(Switch Switch, Gossipsub Pubsub, KeyPair Key, Multiaddr Address);

    /// <summary>Switches with pubsub that can reach each other.</summary>
    private sealed class Network : IAsyncDisposable
    {
        private Network(string kind) => Transport = kind == "tcp" ? new TcpTransport() : new MemoryTransport();

        public ITransport Transport { get; }

        public Member[] Nodes { get; private set; } = [];

        public static async Task<Network> StartAsync(int count, string kind = "memory", Action<PubsubOptions>? configure = null)
        {
            var network = new Network(kind);
            network.Nodes = await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
            {
                var key = KeyPair.GenerateTestOnly();
                var @switch = new Switch(new SwitchOptions { NodeKey = key, Transports = [network.Transport] });
                var options = new PubsubOptions();
                configure?.Invoke(options);
                var pubsub = new Gossipsub(@switch, key, options);
                return new Member(@switch, pubsub, key, await @switch.ListenAsync(Multiaddr.Parse(kind == "tcp" ? "/ip4/127.0.0.1/tcp/0" : "/memory/0")));
            }));
            return network;
        }

        public async Task ConnectAsync(int from, int to) => await Nodes[from].Switch.DialAsync(Nodes[to].Address);

        public Task ConnectAllAsync() => Task.WhenAll(
            from one in Enumerable.Range(0, Nodes.Length) from other in Enumerable.Range(0, one) select ConnectAsync(one, other));

        /// <summary>Waits for something that nobody signals; how long is no part of what is tested.</summary>
        public static async Task UntilAsync(Func<bool> holds)
        {
            using var timeout = new CancellationTokenSource(Limit);
            while (!holds())
            {
                await Task.Delay(5, timeout.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Task.WhenAll(Nodes.Select(node => node.Pubsub.DisposeAsync().AsTask()));
            await Task.WhenAll(Nodes.Select(node => node.Switch.DisposeAsync().AsTask()));
            await Transport.DisposeAsync();
            foreach (var node in Nodes)
            {
                node.Key.Dispose();
            }
        }
    }

    /// <summary>A peer that the test plays: its stream to the node, and the streams that the node opens to it, which nobody reads unless asked.</summary>
    private sealed class Foreigner : IAsyncDisposable
    {
        private readonly KeyPair _key = KeyPair.GenerateTestOnly();
        private readonly System.Threading.Channels.Channel<PeerStream> _inbound = System.Threading.Channels.Channel.CreateUnbounded<PeerStream>();
        private readonly Switch _switch;
        private Connection _connection = null!;

        private Foreigner(Network network)
        {
            _switch = new Switch(new SwitchOptions { NodeKey = _key, Transports = [network.Transport] });
            _switch.Register(new Handler("/meshsub/1.1.0", async (stream, token) =>
            {
                await _inbound.Writer.WriteAsync(stream, token);
                await Task.Delay(Timeout.Infinite, token);
            }));
        }

        public PeerId Peer => _switch.LocalPeer;

        public PeerStream Out { get; private set; } = null!;

        public static async Task<Foreigner> StartAsync(Network network, Member node)
        {
            var foreigner = new Foreigner(network);
            foreigner._connection = await foreigner._switch.DialAsync(node.Address);
            await foreigner.ReopenAsync();
            return foreigner;
        }

        public async Task ReopenAsync() => Out = await _connection.OpenStreamAsync("/meshsub/1.1.0");

        public async Task SendAsync(Rpc rpc)
        {
            ProtobufFrame.Write(Out.Output, rpc);
            await Out.Output.FlushAsync();
        }

        public async Task<PeerStream> NextInboundAsync() => await _inbound.Reader.ReadAsync().AsTask().WaitAsync(Limit);

        public async ValueTask DisposeAsync()
        {
            await _switch.DisposeAsync();
            _key.Dispose();
        }
    }
}
