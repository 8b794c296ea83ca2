using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
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

    private static NodeReady Ready(string? line) => JsonSerializer.Deserialize(line!, NodeReadyJson.Default.NodeReady)!;
}
