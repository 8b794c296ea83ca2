using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.AutoNat;
using Sdk.Core.Networking.AutoNat.Wire;
using Sdk.Core.Networking.Relay;
using Status = Sdk.Core.Networking.AutoNat.Wire.DialMessage.Types.ResponseStatus;

namespace Sdk.Core.Tests.Networking.AutoNat;

public sealed class AutoNatTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly Multiaddr Loopback = Multiaddr.Parse("/ip4/127.0.0.1/tcp/0");

    private readonly ManualTimeProvider _clock = new();
    private readonly List<Switch> _nodes = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync().AsTask().WaitAsync(Limit);
        }
    }

    // ---- The server ----
    [Fact]
    public async Task A_requester_that_listens_is_dialled_over_a_fresh_connection()
    {
        var (_, at) = await AddServerAsync();
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        var connection = await node.DialAsync(at);
        var opened = new TaskCompletionSource<Connection>();
        node.ConnectionOpened += other => opened.TrySetResult(other);

        var response = await AskAsync(connection, node.LocalPeer, own);
        Assert.Equal(Status.Ok, response.Status);
        Assert.True(Multiaddr.TryFromBytes(response.Addr.Span, out var reached));
        Assert.Equal(own.WithoutPeer(), reached);

        var back = await opened.Task.WaitAsync(Limit);
        Assert.False(back.IsDialer);
        Assert.Equal(connection.RemotePeer, back.RemotePeer);
        await back.Closed.WaitAsync(Limit);
        Assert.False(connection.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_closed_port_another_nodes_port_and_a_silent_one_are_dial_errors()
    {
        var (_, at) = await AddServerAsync();
        var node = AddNode();
        var other = await AddNode().ListenAsync(Loopback);
        var connection = await node.DialAsync(at);
        Assert.Equal(Status.EDialError, (await AskAsync(connection, node.LocalPeer, FreePort())).Status);
        Assert.Equal(Status.EDialError, (await AskAsync(connection, node.LocalPeer, other.WithoutPeer())).Status);

        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var asking = AskAsync(connection, node.LocalPeer, Multiaddr.FromTcp((IPEndPoint)silent.LocalEndpoint));
        using var accepted = await silent.AcceptSocketAsync();
        _clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(Status.EDialError, (await asking.WaitAsync(Limit)).Status);
    }

    [Fact]
    public async Task Nobody_but_the_requester_is_dialled()
    {
        var (_, at) = await AddServerAsync();
        var node = AddNode();
        await node.ListenAsync(Loopback);
        var connection = await node.DialAsync(at);
        using var victim = new TcpListener(IPAddress.Parse("127.0.0.2"), 0);
        victim.Start();
        var port = ((IPEndPoint)victim.LocalEndpoint).Port;
        var response = await AskAsync(
            connection,
            node.LocalPeer,
            Multiaddr.Parse($"/ip4/127.0.0.2/tcp/{port}"),
            Multiaddr.Parse($"/dns4/localhost/tcp/{port}"),
            Multiaddr.Parse($"/ip4/127.0.0.2/tcp/{port}/p2p/{node.LocalPeer}"),
            Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{port}/p2p/{AddNode().LocalPeer}"),
            Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{port}/p2p/{connection.RemotePeer}/p2p-circuit"),
            Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        Assert.Equal(Status.EDialRefused, response.Status);
        Assert.False(victim.Pending());
    }

    [Fact]
    public async Task Only_a_few_of_many_addresses_are_tried()
    {
        var (_, at) = await AddServerAsync();
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        var connection = await node.DialAsync(at);
        var closed = FreePort();
        Assert.Equal(Status.Ok, (await AskAsync(connection, node.LocalPeer, [.. Enumerable.Repeat(closed, 50), own])).Status);
        var many = Enumerable.Range(1, AutoNatWire.MaxAddresses).Select(i => Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{i}"));
        Assert.Equal(Status.EDialError, (await AskAsync(connection, node.LocalPeer, [.. many, own])).Status);
    }

    [Fact]
    public async Task A_requester_at_a_private_address_is_refused_unless_tests_allow_it()
    {
        var (_, at) = await AddServerAsync(options => options.AllowsPrivateAddresses = false);
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        Assert.Equal(Status.EDialRefused, (await AskAsync(await node.DialAsync(at), node.LocalPeer, own)).Status);
    }

    [Fact]
    public async Task A_request_over_a_relay_is_refused()
    {
        var (relay, at) = await AddServerAsync();
        RelayServer.Start(relay);
        var (server, _) = await AddServerAsync();
        var place = await server.ListenAsync(at.WithCircuit());
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        var connection = await node.DialAsync(place);
        Assert.True(connection.IsRelayed);
        Assert.Equal(Status.EDialRefused, (await AskAsync(connection, node.LocalPeer, own)).Status);
    }

    [Fact]
    public async Task Requests_are_counted_by_address_and_in_all()
    {
        var (_, at) = await AddServerAsync(options => (options.MaxRequestsPerAddress, options.MaxRequests) = (2, 2));
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        var connection = await node.DialAsync(at);
        Status[] statuses = [await StatusAsync(), await StatusAsync(), await StatusAsync()];
        Assert.Equal([Status.Ok, Status.Ok, Status.EDialRefused], statuses);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(Status.EDialRefused, await StatusAsync());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Status.Ok, await StatusAsync());

        async Task<Status> StatusAsync() => (await AskAsync(connection, node.LocalPeer, own)).Status;
    }

    [Fact]
    public async Task What_is_no_request_about_oneself_is_a_bad_request_and_garbage_resets_the_stream()
    {
        var (server, at) = await AddServerAsync();
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        var connection = await node.DialAsync(at);
        Assert.Equal(Status.EBadRequest, (await AskAsync(connection, server.LocalPeer, own)).Status);
        Assert.Equal(Status.EBadRequest, (await SendAsync(connection, new DialMessage())).Status);
        Assert.Equal(Status.EBadRequest, (await SendAsync(connection, new DialMessage { Type = DialMessage.Types.MessageType.DialResponse })).Status);

        var stream = await connection.OpenStreamAsync(AutoNatWire.Protocol);
        await stream.Output.WriteAsync(new byte[] { 0x81, 0x40 }); // 8193
        await Assert.ThrowsAsync<StreamResetException>(() => stream.Input.ReadToEndAsync().WaitAsync(Limit));
    }

    // ---- The client ----
    [Fact]
    public async Task Three_peers_that_reach_the_node_make_it_public()
    {
        var node = AddNode();
        var own = await node.ListenAsync(Loopback);
        await using var client = AutoNatClient.Start(node, Options());
        var changes = new List<Reachability>();
        client.Changed += _ => throw new InvalidOperationException("A listener's bug.");
        client.Changed += changes.Add;
        Assert.Equal(Reachability.Unknown, await client.CheckAsync());
        await MeetServersAsync(node, 2);
        Assert.Equal(Reachability.Unknown, await client.CheckAsync());
        Assert.Null(client.PublicAddress);
        await MeetServersAsync(node, 1);
        Assert.Equal(Reachability.Public, await client.CheckAsync());
        Assert.Equal(own, client.PublicAddress);
        Assert.Equal(Reachability.Public, await client.CheckAsync());
        Assert.Equal([Reachability.Public], changes);
    }

    [Fact]
    public async Task Three_peers_that_do_not_reach_the_node_make_it_private()
    {
        // As behind a NAT: it listens, but not where it seems to.
        var node = AddNode(new ShiftedTransport(FreePort()));
        await node.ListenAsync(Loopback);
        await using var client = AutoNatClient.Start(node, Options());
        await MeetServersAsync(node, 3);
        Assert.Equal(Reachability.Private, await client.CheckAsync());
        Assert.Null(client.PublicAddress);
    }

    [Fact]
    public async Task A_node_that_listens_nowhere_or_at_a_relay_only_is_private()
    {
        var (relay, at) = await AddServerAsync();
        RelayServer.Start(relay);
        var node = AddNode();
        await using var client = AutoNatClient.Start(node, Options());
        Assert.Equal(Reachability.Private, await client.CheckAsync());
        await node.ListenAsync(at.WithCircuit());
        Assert.Equal(Reachability.Private, await client.CheckAsync());
    }

    [Fact]
    public async Task Peers_that_refuse_or_answer_nonsense_do_not_count()
    {
        var node = AddNode();
        await node.ListenAsync(Loopback);
        await using var client = AutoNatClient.Start(node, Options());
        await MeetAsync(node, new DialMessage.Types.DialResponse { Status = Status.EDialRefused });
        await MeetAsync(node, new DialMessage.Types.DialResponse { Status = Status.EInternalError });
        await MeetAsync(node, new DialMessage.Types.DialResponse());
        Assert.Equal(Reachability.Unknown, await client.CheckAsync());
        var elsewhere = ByteString.CopyFrom(Multiaddr.Parse("/ip4/192.0.2.1/tcp/1").Bytes.Span);
        for (var i = 0; i < 4; i++)
        {
            await MeetAsync(node, new DialMessage.Types.DialResponse { Status = Status.Ok, Addr = elsewhere });
        }

        Assert.Equal(Reachability.Unknown, await client.CheckAsync());
    }

    [Fact]
    public async Task It_asks_by_itself_and_tells_of_the_change()
    {
        var node = AddNode();
        await node.ListenAsync(Loopback);
        await using var client = AutoNatClient.Start(node, Options());
        var changed = new TaskCompletionSource<Reachability>();
        client.Changed += changed.SetResult;
        await MeetServersAsync(node, 3);
        for (var i = 0; !changed.Task.IsCompleted; i++)
        {
            Assert.InRange(i, 0, 1000);
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(changed.Task, Task.Delay(10));
        }

        Assert.Equal(Reachability.Public, await changed.Task);
    }

    [Fact]
    public void A_conclusion_stands_until_three_others_outnumber_it_or_it_is_old()
    {
        var evidence = new ReachabilityEvidence(_clock);
        var address = Multiaddr.Parse("/ip4/192.0.2.1/tcp/1");
        var peers = Enumerable.Range(0, 40).Select(_ => AddNode().LocalPeer).ToArray();

        // One peer counts once, however often it answers.
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(Reachability.Unknown, Conclude(peers[0], true));
        }

        Assert.Equal(Reachability.Unknown, Conclude(peers[1], true));
        Assert.Equal(Reachability.Public, Conclude(peers[2], true));
        Assert.Equal(address, evidence.Address);
        Assert.Equal(Reachability.Public, Conclude(peers[3], false));
        Assert.Equal(Reachability.Public, Conclude(peers[4], false));
        Assert.Equal(Reachability.Public, Conclude(peers[5], false));
        Assert.Equal(Reachability.Private, Conclude(peers[6], false));
        Assert.Equal(Reachability.Public, Conclude(peers[3], true));

        // Old answers make room.
        _clock.Advance(TimeSpan.FromMinutes(1));
        Array.ForEach(peers[10..], peer => Conclude(peer, false));
        Assert.Equal(Reachability.Private, evidence.Conclusion);
        Assert.Null(evidence.Address);
        _clock.Advance(TimeSpan.FromMinutes(61));
        evidence.Conclude();
        Assert.Equal(Reachability.Unknown, evidence.Conclusion);

        Reachability Conclude(PeerId peer, bool isPublic)
        {
            evidence.Add(peer, isPublic, isPublic ? address : null);
            evidence.Conclude();
            return evidence.Conclusion;
        }
    }

    // ---- What both need ----
    private AutoNatOptions Options() => new() { AllowsPrivateAddresses = true, TimeProvider = _clock };

    private Switch AddNode(ITransport? transport = null)
    {
        var node = new Switch(new SwitchOptions
        {
            NodeKey = KeyPair.GenerateTestOnly(),
            Transports = [transport ?? new TcpTransport(), new RelayTransport()],
        });
        _nodes.Add(node);
        return node;
    }

    private async Task<(Switch Node, Multiaddr Address)> AddServerAsync(Action<AutoNatServerOptions>? configure = null)
    {
        var node = AddNode();
        var options = new AutoNatServerOptions { AllowsPrivateAddresses = true, TimeProvider = _clock, MaxRequestsPerAddress = 10 };
        configure?.Invoke(options);
        AutoNatServer.Start(node, options);
        return (node, await node.ListenAsync(Loopback));
    }

    private async Task MeetServersAsync(Switch node, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (_, at) = await AddServerAsync();
            await (await node.DialAsync(at)).WhenIdentifiedAsync().WaitAsync(Limit);
        }
    }

    /// <summary>A peer that gives one answer, whatever it is asked.</summary>
    private async Task MeetAsync(Switch node, DialMessage.Types.DialResponse response)
    {
        var peer = AddNode();
        peer.Register(new Handler(AutoNatWire.Protocol, async (stream, token) =>
        {
            await ProtobufFrame.ReadAsync(stream.Input, DialMessage.Parser, AutoNatWire.MaxMessageBytes, token);
            ProtobufFrame.Write(stream.Output, new DialMessage { Type = DialMessage.Types.MessageType.DialResponse, DialResponse = response });
            await stream.Output.FlushAsync(token);
        }));
        await (await node.DialAsync(await peer.ListenAsync(Loopback))).WhenIdentifiedAsync().WaitAsync(Limit);
    }

    private static Multiaddr FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return Multiaddr.FromTcp((IPEndPoint)listener.LocalEndpoint);
    }

    private static Task<DialMessage.Types.DialResponse> AskAsync(Connection connection, PeerId about, params Multiaddr[] addresses)
    {
        var peer = new DialMessage.Types.PeerInfo { Id = ByteString.CopyFrom(about.Bytes.Span) };
        peer.Addrs.AddRange(addresses.Select(address => ByteString.CopyFrom(address.Bytes.Span)));
        return SendAsync(connection, new DialMessage { Type = DialMessage.Types.MessageType.Dial, Dial = new DialMessage.Types.Dial { Peer = peer } });
    }

    private static async Task<DialMessage.Types.DialResponse> SendAsync(Connection connection, DialMessage message)
    {
        var stream = await connection.OpenStreamAsync(AutoNatWire.Protocol);
        ProtobufFrame.Write(stream.Output, message);
        await stream.Output.FlushAsync();
        var answer = await ProtobufFrame.ReadAsync(stream.Input, DialMessage.Parser, AutoNatWire.MaxMessageBytes).AsTask().WaitAsync(Limit);
        await stream.DisposeAsync();
        return answer!.DialResponse;
    }

    /// <summary>TCP whose listeners take another address for theirs.</summary>
    private sealed class ShiftedTransport(Multiaddr claimed) : ITransport
    {
        private readonly TcpTransport _tcp = new();

        public bool CanDial(Multiaddr address) => _tcp.CanDial(address);

        public async ValueTask<ITransportListener> ListenAsync(Multiaddr address, CancellationToken cancellationToken = default) =>
            new Listener(await _tcp.ListenAsync(address, cancellationToken), claimed);

        public ValueTask<TransportConnection> DialAsync(Multiaddr address, CancellationToken cancellationToken = default) =>
            _tcp.DialAsync(address, cancellationToken);

        public ValueTask DisposeAsync() => _tcp.DisposeAsync();

        private sealed class Listener(ITransportListener inner, Multiaddr claimed) : ITransportListener
        {
            public Multiaddr Address => claimed;

            public ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default) => inner.AcceptAsync(cancellationToken);

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
