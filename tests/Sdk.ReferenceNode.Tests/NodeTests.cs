using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sdk.Core;
using Sdk.Core.Networking;
using Sdk.ReferenceNode.Commands;

namespace Sdk.ReferenceNode.Tests;

public sealed class NodeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_says_where_it_listens_and_keeps_its_name_after_a_restart()
    {
        var first = await StartAndStopAsync();
        var second = await StartAndStopAsync();

        Assert.Contains($"/p2p/{first.PeerId}", first.Addresses[0], StringComparison.Ordinal);
        Assert.StartsWith("0x", first.Account, StringComparison.Ordinal);
        Assert.Equal(first.PeerId, second.PeerId);
        Assert.Equal(first.Account, second.Account);
    }

    [Fact]
    public async Task A_second_node_on_the_same_data_is_refused()
    {
        using var first = StartNode();
        await first.ReadLineAsync();

        var second = await SdkNode.RunAsync("node", "--data", _folder.FullName);

        Assert.Equal(1, second.ExitCode);
        Assert.StartsWith("error: ", second.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var outcome = await SdkNode.RunAsync("node", "--data", _folder.FullName, "--listen", $"/ip4/127.0.0.1/tcp/{port}");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("in use", outcome.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_on_the_port_does_not_disturb_a_node()
    {
        using var node = StartNode();
        var ready = Ready(await node.ReadLineAsync());
        var port = int.Parse(ready.Addresses[0].Split('/')[4], null);
        await SendGarbageAsync(port);

        using var next = new TcpClient();
        await next.ConnectAsync(IPAddress.Loopback, port);
        node.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("noise")]
    public async Task Nodes_tell_in_JSON_who_connects_who_that_is_and_who_left(string security)
    {
        using var listener = SdkNode.Start(null, "node", "--json", "--security", security);
        var ready = Ready(await listener.ReadLineAsync());
        using var dialer = SdkNode.Start(null, "node", "--json", "--dial", ready.Addresses[0]);
        var dialling = Ready(await dialer.ReadLineAsync());

        var connect = await ReadEventAsync(listener, "connect");
        Assert.Equal(dialling.PeerId, connect.Peer);
        Assert.False(connect.Dialled);
        var identify = await ReadEventAsync(listener, "identify");
        Assert.Equal(dialling.PeerId, identify.Peer);
        Assert.Equal(dialling.Addresses, identify.Addresses);
        Assert.Contains("/ipfs/id/1.0.0", identify.Protocols!);
        Assert.True((await ReadEventAsync(dialer, "connect")).Dialled);

        dialer.Signal(PosixSignal.SIGTERM);
        Assert.Equal(dialling.PeerId, (await ReadEventAsync(listener, "disconnect")).Peer);
        Assert.Equal(0, (await dialer.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("is not a multiaddress", "--listen", "localhost:4001")]
    [InlineData("must end in /p2p/ID", "--dial", "/ip4/127.0.0.1/tcp/1")]
    [InlineData("must end in /p2p/ID", "--bootstrap", "/ip4/127.0.0.1/tcp/1")]
    [InlineData("--capacity needs --data", "--capacity", "1GiB")]
    [InlineData("/ip4/127.0.0.1/tcp/1/", "--dial", "/ip4/127.0.0.1/tcp/1/p2p/16Uiu2HAm2w5h5RoJxfo2xUVqhVtiWoLwYdendVVwG4yxTGXahHVN")]
    public async Task What_cannot_be_done_is_one_clear_line(string expected, params string[] arguments)
    {
        var outcome = await SdkNode.RunAsync(["node", .. arguments]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(expected, outcome.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_answers_ping_and_shows_what_is_published_to_its_topics()
    {
        using var listener = SdkNode.Start(null, "node", "--json", "--subscribe", "weather", "--subscribe", "news");
        var ready = Ready(await listener.ReadLineAsync());
        await using var node = await Node.StartAsync(NodeOptions.Local());
        var connection = await node.Switch.DialAsync(Multiaddr.Parse(ready.Addresses[0]));
        Assert.True(await connection.PingAsync() > TimeSpan.Zero);

        // Nobody hears of a topic before its subscribers are known.
        for (var sent = 0; sent == 0; sent = await node.Pubsub.PublishAsync("weather", "rain \u2614"u8.ToArray()))
        {
            await Task.Delay(10);
        }

        var message = await ReadEventAsync(listener, "message");
        Assert.Equal(("weather", "rain \u2614", node.PeerId.ToString()), (message.Topic, message.Text, message.Peer));
        Assert.Equal("rain \u2614"u8.ToArray(), Convert.FromBase64String(message.Data!));
    }

    [Fact]
    public async Task Nodes_join_the_overlay_through_another_and_say_so_when_they_are_ready()
    {
        using var first = SdkNode.Start(null, "node", "--json", "--overlay");
        var alone = Ready(await first.ReadLineAsync());
        Assert.Equal(0, alone.Overlay!.Connected);
        using var second = SdkNode.Start(null, "node", "--json", "--bootstrap", alone.Addresses[0]);
        var joined = Ready(await second.ReadLineAsync());
        Assert.Equal(1, joined.Overlay!.Connected);
        Assert.NotEqual(alone.Overlay.Address, joined.Overlay.Address);
    }

    [Fact]
    public async Task Nodes_that_share_no_security_protocol_do_not_connect()
    {
        using var listener = SdkNode.Start(null, "node", "--json", "--security", "tls");
        var ready = Ready(await listener.ReadLineAsync());

        var outcome = await SdkNode.RunAsync("node", "--security", "noise", "--dial", ready.Addresses[0]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(ready.Addresses[0], outcome.ErrorLine, StringComparison.Ordinal);
    }

    private static async Task<NodeEvent> ReadEventAsync(SdkNode node, string name)
    {
        while (await node.ReadLineAsync() is { } line)
        {
            if (JsonSerializer.Deserialize(line, NodeJson.Default.NodeEvent) is { } what && what.Event == name)
            {
                return what;
            }
        }

        throw new InvalidOperationException($"The node ended without the event {name}.");
    }

    private static async Task SendGarbageAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = client.GetStream();
        var garbage = new byte[100_000];
        new Random(7).NextBytes(garbage);
        try
        {
            await stream.WriteAsync(garbage);
            while (await stream.ReadAsync(garbage) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is as good an answer to garbage as an end.
        }
    }

    private async Task<NodeReady> StartAndStopAsync()
    {
        using var node = StartNode();
        var ready = Ready(await node.ReadLineAsync());
        node.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, (await node.EndAsync()).ExitCode);
        return ready;
    }

    private SdkNode StartNode() => SdkNode.Start(null, "node", "--data", _folder.FullName, "--json");

    private static NodeReady Ready(string? line) => JsonSerializer.Deserialize(line!, NodeJson.Default.NodeReady)!;
}
