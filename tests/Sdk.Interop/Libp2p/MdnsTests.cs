using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sdk.Core;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Mdns;

namespace Sdk.Interop.Libp2p;

/// <summary>Multicast DNS over real sockets, with our own nodes and with js-libp2p.</summary>
[Collection(JsSuite.Name)]
public class MdnsTests
{
    private readonly int _port = LoopbackMulticast.FreePort();

    [LoopbackMulticastFact]
    public async Task Nodes_find_each_other_and_dial_by_the_id_alone()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        await Task.WhenAll(FoundAsync(first, second.PeerId), FoundAsync(second, first.PeerId));
        Assert.Equal(second.Addresses, first.Switch.AddressBook.Find(second.PeerId));
        Assert.Equal(second.Addresses, Assert.Single(first.Mdns!.Peers).Addresses);
        var connection = await first.Switch.DialAsync(second.PeerId);
        Assert.Equal(second.PeerId, connection.RemotePeer);
    }

    [LoopbackMulticastFact]
    public async Task Who_leaves_says_so()
    {
        await using var first = await StartAsync();
        await using (var second = await StartAsync())
        {
            await FoundAsync(first, second.PeerId);
        }

        using var limit = new CancellationTokenSource(JsPeer.Limit);
        while (first.Mdns!.Peers.Count > 0)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    [LoopbackMulticastFact]
    public async Task Floods_and_garbage_do_not_keep_nodes_from_finding_each_other()
    {
        await using var first = await StartAsync();
        using var stop = new CancellationTokenSource();
        var flooding = Task.Run(() => Flood(_port, stop.Token));
        await using var second = await StartAsync();
        await FoundAsync(first, second.PeerId);
        await FoundAsync(second, first.PeerId);
        await stop.CancelAsync();
        Assert.True(await flooding > 100);
        Assert.Single(first.Mdns!.Peers);
    }

    [LoopbackMulticastFact]
    public async Task Without_the_option_a_node_neither_looks_nor_shows_itself()
    {
        await using var quiet = await Node.StartAsync(NodeOptions.Local());
        Assert.Null(quiet.Mdns);
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        await FoundAsync(first, second.PeerId);
        Assert.DoesNotContain(first.Mdns!.Peers, peer => peer.Peer == quiet.PeerId);
        Assert.Empty(quiet.Switch.AddressBook.Find(first.PeerId));
    }

    [LoopbackMulticastFact]
    public async Task A_port_that_another_program_keeps_to_itself_is_named()
    {
        using var other = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true, ExclusiveAddressUse = true };
        other.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        var options = NodeOptions.Local();
        options.Mdns = LoopbackMulticast.Options(((IPEndPoint)other.LocalEndPoint!).Port);
        var error = await Assert.ThrowsAsync<DialException>(async () => await Node.StartAsync(options));
        Assert.Contains($"UDP port {options.Mdns.Port}", error.Message, StringComparison.Ordinal);
    }

    [JsMulticastFact]
    public async Task Js_libp2p_and_a_node_find_each_other_and_either_dials()
    {
        await using var node = await StartAsync();
        await using var js = await JsPeer.StartAsync(new JsPeerOptions("tls", "ed25519") { MdnsPort = _port });

        await FoundAsync(node, js.PeerId);
        Assert.Equal([js.Address], node.Switch.AddressBook.Find(js.PeerId));
        var heard = await js.EventAsync("discovery", node.PeerId);
        Assert.Equal($"{node.Switch.ListenAddresses[0]}".Split("/p2p/")[0], heard.GetProperty("addresses").EnumerateArray().Single().GetString());

        var connection = await node.Switch.DialAsync(js.PeerId);
        Assert.Equal(js.PeerId, connection.RemotePeer);
        await connection.DisposeAsync();
        await js.EventAsync("disconnect", node.PeerId);
        Assert.Equal($"{node.PeerId}", (await js.AskAsync("dial", new { to = $"{node.PeerId}" })).GetProperty("peer").GetString());
    }

    private async Task<Node> StartAsync()
    {
        var options = NodeOptions.Local();
        options.Mdns = LoopbackMulticast.Options(_port);
        return await Node.StartAsync(options);
    }

    /// <summary>Ends when the node has heard of a peer.</summary>
    private static async Task FoundAsync(Node node, PeerId peer)
    {
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Mdns!.PeerFound += heard => _ = heard.Peer == peer && found.TrySetResult();
        if (node.Mdns.Peers.Any(heard => heard.Peer == peer))
        {
            return;
        }

        await found.Task.WaitAsync(JsPeer.Limit);
    }

    /// <summary>
    /// Questions and garbage from another address of this machine, as fast as it takes them, from another port and from the right one.
    /// Returns how many.
    /// </summary>
    private static int Flood(int port, CancellationToken stop)
    {
        using var right = FloodSocket(port);
        using var wrong = FloodSocket(LoopbackMulticast.FreePort());
        var group = new IPEndPoint(IPAddress.Parse("224.0.0.251"), port);
        var random = new Random(5);
        var sent = 0;
        var question = DnsMessage.Query([new DnsQuestion(MdnsResponder.Service, DnsType.Ptr, DnsMessage.InternetClass)], []).Encode();
        for (; !stop.IsCancellationRequested; sent++)
        {
            var garbage = new byte[random.Next(1, 1400)];
            random.NextBytes(garbage);
            (sent % 2 == 0 ? right : wrong).SendTo(sent % 3 == 0 ? question : garbage, group);
        }

        return sent;
    }

    private static Socket FloodSocket(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port));
        socket.SetSocketOption(
            SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(NetworkInterface.LoopbackInterfaceIndex));
        return socket;
    }
}
