using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Google.Protobuf;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Forwarding;
using Sdk.Core.Overlay.Forwarding.Wire;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Tests.Addressing;

namespace Sdk.Core.Tests.Overlay.Forwarding;

/// <summary>Messages hop by hop over loopback TCP.</summary>
public sealed class RouteTests
{
    private readonly Channel<(Node Node, string Text)> _received = Channel.CreateUnbounded<(Node, string)>();

    [Fact]
    public async Task A_message_for_an_address_arrives_at_the_node_nearest_to_it()
    {
        await using var town = await Town.StartAsync(16);
        Listen(town.Nodes);
        for (var i = 0; i < 32; i++)
        {
            var target = AddressOf($"target {i}");
            Assert.Equal(RouteOutcome.Accepted, await town.AnyNode().Overlay.RouteAsync(target, "test", Bytes($"{i}"), town.Cancelled));
            var (node, text) = await _received.Reader.ReadAsync(town.Cancelled);
            Assert.Equal(town.Nearest(target).First(), node.Overlay.Address);
            Assert.Equal($"{i}", text);
        }
    }

    [Fact]
    public async Task A_message_for_a_prefix_arrives_once_at_everybody_under_it_and_at_nobody_else()
    {
        await using var town = await Town.StartAsync(16);
        Listen(town.Nodes);
        for (var i = 0; i < 16; i++)
        {
            var prefix = AddressPrefix.Create(town.Nodes[i].Overlay.Address, 1 + (i % 3));
            var members = town.Nodes.Where(node => prefix.Contains(node.Overlay.Address)).ToHashSet();
            Assert.Equal(RouteOutcome.Accepted, await town.AnyNode().Overlay.RouteAsync(prefix, "test", Bytes($"{i}"), town.Cancelled));
            while (members.Count > 0)
            {
                // A second copy, of this message or one before, is not expected here any more.
                var (node, text) = await _received.Reader.ReadAsync(town.Cancelled);
                Assert.Equal($"{i}", text);
                Assert.True(members.Remove(node));
            }
        }
    }

    [Fact]
    public async Task A_light_node_sends_and_nothing_is_sent_to_it()
    {
        await using var town = await Town.StartAsync(6);
        Listen(town.Nodes);
        using var account = KeyPair.GenerateTestOnly();
        var options = NodeOptions.LightClient(account);
        options.Overlay.Bootstrap.Add(town.Nodes[0].Addresses[0]);
        await using var light = await Node.StartAsync(options, town.Cancelled);
        await light.Overlay.WhenJoinedAsync(town.Cancelled);
        Listen([light]);
        Assert.Equal(RouteOutcome.Accepted, await light.Overlay.RouteAsync(light.Overlay.Address, "test", Bytes("for whom?"), town.Cancelled));
        var (node, _) = await _received.Reader.ReadAsync(town.Cancelled);
        Assert.Equal(town.Nearest(light.Overlay.Address).First(), node.Overlay.Address);
    }

    [Fact]
    public async Task Every_message_that_is_accepted_arrives_and_the_longest_too()
    {
        await using var town = await Town.StartAsync(6);
        var received = new ConcurrentDictionary<int, int>();
        foreach (var node in town.Nodes)
        {
            node.Overlay.HandleRouted("bulk", (message, _) =>
            {
                Assert.Equal(OverlayNetwork.MaxRoutedBytes, message.Payload.Length);
                received.AddOrUpdate(BitConverter.ToInt32(message.Payload.Span), 1, (_, count) => count + 1);
                _received.Writer.TryWrite((node, "bulk"));
                return ValueTask.CompletedTask;
            });
        }

        var accepted = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), town.Cancelled, async (i, cancelled) =>
        {
            var payload = new byte[OverlayNetwork.MaxRoutedBytes];
            BitConverter.TryWriteBytes(payload, i);
            var outcome = await town.Nodes[i % town.Nodes.Count].Overlay.RouteAsync(AddressOf($"{i}"), "bulk", payload, cancelled);
            Interlocked.Add(ref accepted, outcome == RouteOutcome.Accepted ? 1 : 0);
            Assert.True(outcome is RouteOutcome.Accepted or RouteOutcome.Busy);
        });

        // All are connected to all, so that the first hop is the last.
        for (var i = 0; i < accepted; i++)
        {
            await _received.Reader.ReadAsync(town.Cancelled);
        }

        Assert.InRange(accepted, 500, 1000);
        Assert.Equal(accepted, received.Count);
        Assert.All(received.Values, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Whoever_has_its_hands_full_says_so_and_takes_more_when_it_has_not()
    {
        await using var town = await Town.StartAsync(2, options =>
            options.Overlay.Parameters = OverlayParameters.Default with { Forwarding = new ForwardingOptions { MaxDelivering = 2 } });
        var busy = town.Nodes[1].Overlay;
        var free = new TaskCompletionSource();
        busy.HandleRouted("slow", async (_, cancelled) =>
        {
            await free.Task.WaitAsync(cancelled);
            _received.Writer.TryWrite((town.Nodes[1], "slow"));
        });
        var sender = town.Nodes[0].Overlay;
        Assert.Equal(RouteOutcome.Accepted, await sender.RouteAsync(busy.Address, "slow", default, town.Cancelled));
        Assert.Equal(RouteOutcome.Accepted, await sender.RouteAsync(busy.Address, "slow", default, town.Cancelled));
        Assert.Equal(RouteOutcome.Busy, await sender.RouteAsync(busy.Address, "slow", default, town.Cancelled));
        free.SetResult();
        await _received.Reader.ReadAsync(town.Cancelled);
        await _received.Reader.ReadAsync(town.Cancelled);

        // The handler has returned a moment after it said so.
        RouteOutcome outcome;
        do
        {
            outcome = await sender.RouteAsync(busy.Address, "slow", default, town.Cancelled);
        }
        while (outcome == RouteOutcome.Busy);
        Assert.Equal(RouteOutcome.Accepted, outcome);
    }

    [Fact]
    public async Task A_handler_that_throws_hinders_no_other_message()
    {
        await using var town = await Town.StartAsync(2);
        var (sender, receiver) = (town.Nodes[0].Overlay, town.Nodes[1]);
        receiver.Overlay.HandleRouted("test", (message, _) =>
        {
            _received.Writer.TryWrite((receiver, Encoding.UTF8.GetString(message.Payload.Span)));
            throw new InvalidOperationException("Not today.");
        });
        foreach (var text in new[] { "one", "two" })
        {
            Assert.Equal(RouteOutcome.Accepted, await sender.RouteAsync(receiver.Overlay.Address, "test", Bytes(text), town.Cancelled));
            Assert.Equal((receiver, text), await _received.Reader.ReadAsync(town.Cancelled));
        }
    }

    [Fact]
    public async Task A_kind_has_one_handler_until_that_is_taken_away()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        var registration = node.Overlay.HandleRouted("test", (_, _) => ValueTask.CompletedTask);
        Assert.Throws<InvalidOperationException>(() => node.Overlay.HandleRouted("test", (_, _) => ValueTask.CompletedTask));
        registration.Dispose();
        using var second = node.Overlay.HandleRouted("test", (_, _) => ValueTask.CompletedTask);
        registration.Dispose();
        Assert.Throws<InvalidOperationException>(() => node.Overlay.HandleRouted("test", (_, _) => ValueTask.CompletedTask));
    }

    [Fact]
    public async Task A_node_alone_delivers_to_itself_and_finds_nobody_under_a_prefix_of_others()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        Listen([node]);
        Assert.Equal(RouteOutcome.Accepted, await node.Overlay.RouteAsync(AddressOf("any"), "test", Bytes("one")));
        Assert.Equal((node, "one"), await _received.Reader.ReadAsync());
        var others = AddressPrefix.Create(Addresses.At(node.Overlay.Address, 3, new Random(1)), 8);
        Assert.Equal(RouteOutcome.NoRoute, await node.Overlay.RouteAsync(others, "test", Bytes("two")));
    }

    [Fact]
    public async Task What_is_no_message_is_refused_before_it_is_sent()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Overlay.RouteAsync(default(OverlayAddress), "Test", default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Overlay.RouteAsync(default(OverlayAddress), "test", new byte[OverlayNetwork.MaxRoutedBytes + 1]));
        Assert.Throws<ArgumentException>(() => node.Overlay.HandleRouted("", (_, _) => ValueTask.CompletedTask));
        var overlay = node.Overlay;
        await node.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await overlay.RouteAsync(default(OverlayAddress), "test", default));
    }

    public static TheoryData<string> Malformations => ["id", "target", "unused bits", "part of an address", "hops", "kind", "payload"];

    [Theory]
    [MemberData(nameof(Malformations))]
    public void A_packet_with_a_field_that_is_none_is_refused(string malformation)
    {
        var packet = RouteWire.Write(new RoutedPacket(1, AddressPrefix.Create(AddressOf("x"), 256), false, 3, "test", Bytes("hello")));
        Assert.Equal("hello", Encoding.UTF8.GetString(RouteWire.Read(packet).Payload.Span));
        switch (malformation)
        {
            case "id":
                packet.Id = ByteString.CopyFrom(new byte[15]);
                break;
            case "target":
                packet.Target = ByteString.CopyFrom(new byte[35]);
                break;
            case "unused bits":
                (packet.Everyone, packet.Target) = (true, ByteString.CopyFrom([0, 4, 0xFF]));
                break;
            case "part of an address":
                packet.Target = ByteString.CopyFrom([0, 4, 0xF0]);
                break;
            case "hops":
                packet.Hops = RoutedPacket.MaxHops + 1;
                break;
            case "kind":
                packet.Kind = "no kind";
                break;
            default:
                packet.Payload = ByteString.CopyFrom(new byte[RoutedPacket.MaxPayloadBytes + 1]);
                break;
        }

        Assert.Throws<ProtocolViolationException>(() => RouteWire.Read(packet));
    }

    [Fact]
    public async Task Whoever_sends_malformed_packets_again_and_again_is_let_go()
    {
        await using var town = await Town.StartAsync(2);
        var victim = town.Nodes[0].Overlay;
        var liar = town.Nodes[1];
        Assert.Contains(victim.ConnectedNodes, node => node.Address == liar.Overlay.Address);
        var connection = await liar.Switch.DialAsync(town.Nodes[0].Addresses[0], town.Cancelled);
        for (var i = 0; i < 8; i++)
        {
            var stream = await connection.OpenStreamAsync("/sdk/route/1", town.Cancelled);
            ProtobufFrame.Write(stream.Output, new Packet { Kind = "test" });
            await stream.Output.FlushAsync(town.Cancelled);
            await Assert.ThrowsAsync<StreamResetException>(async () =>
                await ProtobufFrame.ReadAsync(stream.Input, Answer.Parser, RouteWire.MaxAnswerBytes, town.Cancelled));
        }

        Assert.DoesNotContain(victim.ConnectedNodes, node => node.Address == liar.Overlay.Address);
    }

    private static OverlayAddress AddressOf(string text) => OverlayAddress.FromBytes(Keccak256.Hash(Encoding.UTF8.GetBytes(text)).Bytes);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private void Listen(IEnumerable<Node> nodes)
    {
        foreach (var node in nodes)
        {
            node.Overlay.HandleRouted("test", (message, _) =>
            {
                _received.Writer.TryWrite((node, Encoding.UTF8.GetString(message.Payload.Span)));
                return ValueTask.CompletedTask;
            });
        }
    }
}
