using System.Text;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Wire;
using Sdk.Core.Tests.Persistence;

namespace Sdk.Core.Tests.Overlay;

/// <summary>Nodes over loopback TCP.</summary>
public sealed class OverlayNetworkTests
{
    [Fact]
    public async Task Nodes_that_know_one_node_find_the_true_nearest_of_all()
    {
        await using var town = await Town.StartAsync(20);
        foreach (var target in Enumerable.Range(0, 20).Select(i => AddressOf($"target {i}")))
        {
            var result = await town.AnyNode().Overlay.LookupAsync(target, 4, town.Cancelled);
            Assert.Equal(town.Nearest(target).Take(4), result.Nearest.Select(node => node.Address));
            Assert.True(result.IsComplete);
        }
    }

    [Fact]
    public async Task A_node_alone_is_the_nearest_to_everything()
    {
        await using var node = await Node.StartAsync(NodeOptions.Local());
        var result = await node.Overlay.LookupAsync(AddressOf("anything"), 3);
        Assert.Equal([node.Overlay.Address], result.Nearest.Select(nearest => nearest.Address));
        Assert.Empty(result.Trace);
    }

    [Fact]
    public async Task When_nodes_leave_the_rest_find_the_nearest_that_is_left()
    {
        await using var town = await Town.StartAsync(12);
        foreach (var leaver in town.Nodes.Skip(1).Take(4).ToList())
        {
            town.Nodes.Remove(leaver);
            await leaver.DisposeAsync();
        }

        foreach (var target in Enumerable.Range(0, 8).Select(i => AddressOf($"left {i}")))
        {
            var result = await town.AnyNode().Overlay.LookupAsync(target, 3, town.Cancelled);
            Assert.Equal(town.Nearest(target).Take(3), result.Nearest.Select(node => node.Address));
        }
    }

    [Fact]
    public async Task A_node_that_comes_back_finds_its_neighbours_without_a_bootstrap_node()
    {
        using var home = new TemporaryDirectory();
        using var account = KeyPair.GenerateTestOnly();
        await using var town = await Town.StartAsync(10);
        var options = NodeOptions.Provider(account, home.FullPath, Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        options.Overlay.Bootstrap.Add(town.Nodes[0].Addresses[0]);
        OverlayAddress address;
        await using (var node = await Node.StartAsync(options, town.Cancelled))
        {
            await node.Overlay.WhenJoinedAsync(town.Cancelled);
            address = node.Overlay.Address;
        }

        var started = TimeProvider.System.GetTimestamp();
        await using var again = await Node.StartAsync(NodeOptions.Provider(account, home.FullPath, Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")), town.Cancelled);
        await again.Overlay.WhenJoinedAsync(town.Cancelled);
        Assert.Equal(address, again.Overlay.Address);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10), $"It took {TimeProvider.System.GetElapsedTime(started)}.");
        var nearest = await again.Overlay.LookupAsync(address, 4, town.Cancelled);
        Assert.Equal(town.Nearest(address).Take(3), nearest.Nearest.Skip(1).Select(node => node.Address));
    }

    [Fact]
    public async Task A_light_node_uses_the_overlay_and_stands_in_no_table()
    {
        await using var town = await Town.StartAsync(6);
        using var account = KeyPair.GenerateTestOnly();
        var options = NodeOptions.LightClient(account);
        options.Overlay.Bootstrap.Add(town.Nodes[0].Addresses[0]);
        await using var light = await Node.StartAsync(options, town.Cancelled);
        await light.Overlay.WhenJoinedAsync(town.Cancelled);
        Assert.True(light.Overlay.Record.IsLight);
        var result = await light.Overlay.LookupAsync(light.Overlay.Address, 3, town.Cancelled);
        Assert.Equal(town.Nearest(light.Overlay.Address).Take(3), result.Nearest.Select(node => node.Address));
        Assert.All(town.Nodes, node => Assert.DoesNotContain(node.Overlay.ConnectedNodes, known => known.Address == light.Overlay.Address));
    }

    [Fact]
    public async Task Nodes_found_nearby_take_the_place_of_bootstrap_nodes()
    {
        await using var town = await Town.StartAsync(3);
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceIdentity.Create(account, KeyScopes.All, 1, NodeOptions.LocalNetworkId, TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1));
        await using var network = new Switch(new SwitchOptions { NodeKey = device.NodeKey });
        await network.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"), town.Cancelled);
        await using var overlay = new OverlayNetwork(network, device, new OverlayOptions { FoundNearby = () => town.Nodes[1].Addresses });
        await overlay.WhenJoinedAsync(town.Cancelled);
        Assert.Equal(3, (await overlay.LookupAsync(overlay.Address, 4, town.Cancelled)).Nearest.Count(nearest => nearest.Address != overlay.Address));
    }

    [Fact]
    public async Task A_node_of_another_network_is_refused()
    {
        await using var town = await Town.StartAsync(2);
        var options = NodeOptions.Local();
        options.NetworkId = 77;
        options.Overlay.Bootstrap.Add(town.Nodes[0].Addresses[0]);
        await using var stranger = await Node.StartAsync(options, town.Cancelled);
        var connection = await stranger.Switch.DialAsync(town.Nodes[0].Addresses[0], town.Cancelled);
        var stream = await connection.OpenStreamAsync("/sdk/overlay/1", town.Cancelled);
        await ShowAsync(stream, stranger.Overlay.Record, town.Cancelled);
        await Assert.ThrowsAsync<StreamResetException>(async () => await ReadToEndAsync(stream, town.Cancelled));
        Assert.DoesNotContain(town.Nodes[0].Overlay.ConnectedNodes, node => node.Address == stranger.Overlay.Address);
        Assert.Empty(stranger.Overlay.ConnectedNodes);
    }

    [Fact]
    public async Task The_record_of_another_node_proves_nothing()
    {
        await using var town = await Town.StartAsync(2);
        await using var liar = await Node.StartAsync(NodeOptions.Local(), town.Cancelled);
        var connection = await liar.Switch.DialAsync(town.Nodes[0].Addresses[0], town.Cancelled);
        var stream = await connection.OpenStreamAsync("/sdk/overlay/1", town.Cancelled);
        await ShowAsync(stream, town.Nodes[1].Overlay.Record, town.Cancelled);
        await Assert.ThrowsAsync<StreamResetException>(async () => await ReadToEndAsync(stream, town.Cancelled));
    }

    private static OverlayAddress AddressOf(string text) => OverlayAddress.FromBytes(Keccak256.Hash(Encoding.UTF8.GetBytes(text)).Bytes);

    private static async Task ShowAsync(PeerStream stream, NodeRecord record, CancellationToken cancellationToken)
    {
        ProtobufFrame.Write(stream.Output, OverlayWire.Hello(record));
        await stream.Output.FlushAsync(cancellationToken);
    }

    private static async Task ReadToEndAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        while (await ProtobufFrame.ReadAsync(stream.Input, OverlayFrame.Parser, OverlayWire.MaxFrameBytes, cancellationToken) is not null)
        {
        }
    }
}
