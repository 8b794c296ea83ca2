using Sdk.Core.Cryptography;
using Sdk.Core.Networking.AutoNat;
using Sdk.Core.Networking.Relay;

namespace Sdk.Core.Tests.Networking.Relay;

public class NodeRelayTests
{
    [Fact]
    public async Task A_node_is_a_relay_where_its_options_say_so_and_every_node_uses_relays()
    {
        var options = NodeOptions.Local();
        options.Relay = new RelayServerOptions();
        await using var relay = await Node.StartAsync(options);
        using var key = KeyPair.GenerateTestOnly();
        var light = NodeOptions.LightClient(key);
        light.Listen.Add(relay.Addresses[0].WithCircuit());
        await using var hidden = await Node.StartAsync(light);
        hidden.Switch.Register(Handler.Echo);
        Assert.Equal(1, relay.Relay!.ReservationCount);
        Assert.Null(hidden.Relay);
        Assert.True(Assert.Single(hidden.Addresses).IsRelayed);

        await using var other = await Node.StartAsync(NodeOptions.Local());
        var connection = await other.Switch.DialAsync(hidden.Addresses[0]);
        Assert.Equal(hidden.PeerId, connection.RemotePeer);
        Assert.True(await RelayNetwork.EchoesAsync(connection, 10_000));
        Assert.Equal(Reachability.Private, await hidden.AutoNat.CheckAsync());
    }

    [Fact]
    public async Task A_node_whose_relay_gives_no_place_does_not_start()
    {
        await using var noRelay = await Node.StartAsync(NodeOptions.Local());
        using var key = KeyPair.GenerateTestOnly();
        var light = NodeOptions.LightClient(key);
        light.Listen.Add(noRelay.Addresses[0].WithCircuit());
        var error = await Assert.ThrowsAsync<DialException>(async () => await Node.StartAsync(light));
        Assert.Contains("is of no use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_learn_from_nodes_that_they_are_public()
    {
        var options = NodeOptions.Local();
        options.AutoNat.AllowsPrivateAddresses = true;
        await using var node = await Node.StartAsync(options);
        var servers = new List<Node>();
        try
        {
            for (var i = 0; i < ReachabilityEvidence.Confidence; i++)
            {
                var serving = NodeOptions.Local();
                serving.AutoNatServer = new AutoNatServerOptions { AllowsPrivateAddresses = true };
                var server = await Node.StartAsync(serving);
                servers.Add(server);
                await (await node.Switch.DialAsync(server.Addresses[0])).WhenIdentifiedAsync().WaitAsync(RelayNetwork.Limit);
            }

            Assert.Equal(Reachability.Public, await node.AutoNat.CheckAsync());
            Assert.Equal(node.Addresses[0], node.AutoNat.PublicAddress);
        }
        finally
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
