using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Relay;
using static Sdk.Core.Tests.Networking.Relay.RelayNetwork;

namespace Sdk.Core.Tests.Networking.Relay;

public class RelayTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task A_node_that_listens_at_a_relay_only_is_dialled_by_its_address_there(string kind)
    {
        await using var network = await StartAsync(kind, options => options.CircuitDataBytes = 8 * 1024 * 1024);
        var (hidden, address) = await network.AddHiddenNodeAsync();
        Assert.Equal(network.Address.WithCircuit().WithPeer(hidden.LocalPeer), address);
        Assert.Contains(address, hidden.ListenAddresses);
        var accepted = new TaskCompletionSource<Connection>();
        hidden.ConnectionOpened += connection => accepted.TrySetResult(connection);

        var dialer = network.AddNode();
        var connection = await dialer.DialAsync(Multiaddr.Parse(address.ToString()));

        Assert.Equal(hidden.LocalPeer, connection.RemotePeer);
        Assert.True(connection.IsRelayed);
        Assert.Equal(new ConnectionLimit(TimeSpan.FromMinutes(2), 8 * 1024 * 1024), connection.Limit);
        Assert.True(await EchoesAsync(connection, 1024 * 1024));
        Assert.Equal(1, network.Server.CircuitCount);
        var far = await accepted.Task.WaitAsync(Limit);
        Assert.True(far.IsRelayed);
        Assert.Equal(dialer.LocalPeer, far.RemotePeer);
        Assert.Equal(connection.Limit, far.Limit);
        Assert.True(await EchoesAsync(far, 100_000));

        // Only the circuit ends with the connection, not what it ran over.
        await connection.DisposeAsync();
        await far.Closed.WaitAsync(Limit);
        await UntilAsync(() => network.Server.CircuitCount == 0);
        Assert.All([dialer, hidden], node => Assert.Equal(network.Relay.LocalPeer, Assert.Single(node.Connections).RemotePeer));
    }

    [Fact]
    public async Task A_node_that_was_met_once_is_dialled_through_its_relay_by_its_id_alone()
    {
        await using var network = await StartAsync();
        var (hidden, address) = await network.AddHiddenNodeAsync();
        var other = network.AddNode();
        var met = new TaskCompletionSource<Connection>();
        other.ConnectionOpened += connection => met.TrySetResult(connection);
        await hidden.DialAsync(await network.ListenAsync(other));
        var direct = await met.Task.WaitAsync(Limit);
        Assert.Equal([address], (await direct.WhenIdentifiedAsync().WaitAsync(Limit)).Addresses);
        await direct.DisposeAsync();

        var connection = await other.DialAsync(hidden.LocalPeer);
        Assert.True(connection.IsRelayed);
        Assert.True(await EchoesAsync(connection, 1000));
    }

    [Fact]
    public async Task The_connection_to_a_relay_is_protected_while_the_node_listens_there()
    {
        await using var network = await StartAsync("memory");
        var (hidden, _) = await network.AddHiddenNodeAsync();
        Assert.True(hidden.ConnectionManager.IsProtected(network.Relay.LocalPeer));
        await hidden.DisposeAsync();
        Assert.False(hidden.ConnectionManager.IsProtected(network.Relay.LocalPeer));
    }

    [Fact]
    public async Task What_was_written_before_disposing_arrives_through_a_relay_too()
    {
        await using var network = await StartAsync();
        var (hidden, address) = await network.AddHiddenNodeAsync();
        var arrived = new TaskCompletionSource<byte[]>();
        hidden.Register(new Handler("/test/keeps/1", async (stream, _) => arrived.SetResult(await stream.Input.ReadToEndAsync())));
        var dialer = network.AddNode();
        var stream = await (await dialer.DialAsync(address)).OpenStreamAsync("/test/keeps/1");
        await stream.Output.WriteAsync(new byte[50_000]);
        await stream.DisposeAsync();
        await dialer.DisposeAsync();
        Assert.Equal(50_000, (await arrived.Task.WaitAsync(Limit)).Length);
    }

    [Fact]
    public async Task A_direct_connection_is_preferred_and_a_direct_address_is_dialled_in_spite_of_a_relayed_one()
    {
        await using var network = await StartAsync();
        var (hidden, address) = await network.AddHiddenNodeAsync();
        var dialer = network.AddNode();
        var relayed = await dialer.DialAsync(address);
        Assert.Same(relayed, await dialer.DialAsync(address));

        var direct = await dialer.DialAsync(await network.ListenAsync(hidden));
        Assert.False(direct.IsRelayed);
        Assert.Null(direct.Limit);
        Assert.Same(direct, await dialer.DialAsync(address));
    }

    [Fact]
    public async Task A_circuit_that_carried_what_it_may_is_reset_and_the_connections_to_the_relay_live()
    {
        await using var network = await StartAsync(configure: options => options.CircuitDataBytes = 64 * 1024);
        var (_, address) = await network.AddHiddenNodeAsync();
        var dialer = network.AddNode();
        var connection = await dialer.DialAsync(address);
        var toRelay = Assert.Single(dialer.Connections, other => !other.IsRelayed);
        Assert.True(await EchoesAsync(connection, 20_000));

        await Assert.ThrowsAsync<StreamResetException>(() => EchoesAsync(connection, 100_000));
        await connection.Closed.WaitAsync(Limit);
        await UntilAsync(() => network.Server.CircuitCount == 0);
        Assert.True(await EchoesAsync(toRelay, 1000));
        Assert.True(await EchoesAsync(await dialer.DialAsync(address), 1000));
    }

    [Fact]
    public async Task A_circuit_that_lasted_as_long_as_it_may_is_reset_and_the_connections_to_the_relay_live()
    {
        await using var network = await StartAsync();
        var (_, address) = await network.AddHiddenNodeAsync();
        var dialer = network.AddNode();
        var connection = await dialer.DialAsync(address);
        var toRelay = Assert.Single(dialer.Connections, other => !other.IsRelayed);
        network.ServerClock.Advance(TimeSpan.FromSeconds(119));
        Assert.True(await EchoesAsync(connection, 1000));

        network.ServerClock.Advance(TimeSpan.FromSeconds(1));
        await connection.Closed.WaitAsync(Limit);
        await UntilAsync(() => network.Server.CircuitCount == 0);
        Assert.True(await EchoesAsync(toRelay, 1000));
    }

    [Fact]
    public async Task A_peer_without_a_place_cannot_be_dialled_and_the_exception_says_so()
    {
        await using var network = await StartAsync();
        var dialer = network.AddNode();
        var other = network.AddNode();
        var error = await Assert.ThrowsAsync<DialException>(async () => await dialer.DialAsync(network.Address.WithCircuit().WithPeer(other.LocalPeer)));
        Assert.Contains("NO_RESERVATION", error.Message, StringComparison.Ordinal);

        // Being connected is not enough.
        await other.DialAsync(network.Address);
        await Assert.ThrowsAsync<DialException>(async () => await dialer.DialAsync(network.Address.WithCircuit().WithPeer(other.LocalPeer)));
        Assert.Equal(0, network.Server.CircuitCount);
    }

    [Fact]
    public async Task A_place_ends_with_the_connection_that_it_needs()
    {
        await using var network = await StartAsync();
        var (hidden, address) = await network.AddHiddenNodeAsync();
        Assert.Equal(1, network.Server.ReservationCount);
        await hidden.DisposeAsync();
        await UntilAsync(() => network.Server.ReservationCount == 0);
        var error = await Assert.ThrowsAsync<DialException>(async () => await network.AddNode().DialAsync(address));
        Assert.Contains("NO_RESERVATION", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_relay_refuses_new_peers_and_renews_those_it_has()
    {
        await using var network = await StartAsync("memory", options => options.MaxReservations = 1);
        var (hidden, _) = await network.AddHiddenNodeAsync();
        var error = await Assert.ThrowsAsync<DialException>(network.AddHiddenNodeAsync);
        Assert.Contains("RESERVATION_REFUSED", error.Message, StringComparison.Ordinal);
        Assert.Equal(CircuitStatus.Ok, (await AskAsync(hidden, network.Address, new HopMessage { Type = HopMessage.Types.Type.Reserve })).Status);

        await hidden.DisposeAsync();
        await UntilAsync(() => network.Server.ReservationCount == 0);
        await network.AddHiddenNodeAsync();
    }

    [Fact]
    public async Task One_address_gets_as_many_places_as_it_may()
    {
        await using var network = await StartAsync(configure: options => options.MaxReservationsPerAddress = 2);
        await network.AddHiddenNodeAsync();
        var (second, _) = await network.AddHiddenNodeAsync();
        await Assert.ThrowsAsync<DialException>(network.AddHiddenNodeAsync);
        await second.DisposeAsync();
        await UntilAsync(() => network.Server.ReservationCount == 1);
        await network.AddHiddenNodeAsync();
    }

    [Fact]
    public async Task A_place_that_is_not_renewed_expires()
    {
        await using var network = await StartAsync();
        var (_, address) = await network.AddHiddenNodeAsync();
        network.ServerClock.Advance(TimeSpan.FromMinutes(59));
        await (await network.AddNode().DialAsync(address)).DisposeAsync();
        network.ServerClock.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<DialException>(async () => await network.AddNode().DialAsync(address));
    }

    [Fact]
    public async Task A_place_is_renewed_in_time_for_as_long_as_the_node_listens()
    {
        await using var network = await StartAsync();
        var (hidden, address) = await network.AddHiddenNodeAsync();
        var start = network.ServerClock.GetUtcNow();
        await AdvanceUntilAsync(
            TimeSpan.FromMinutes(1), () => network.ServerClock.GetUtcNow() - start > TimeSpan.FromHours(4), network.ServerClock, network.ClientClock);
        Assert.Contains(address, hidden.ListenAddresses);
        Assert.True(await EchoesAsync(await network.AddNode().DialAsync(address), 1000));
    }

    [Fact]
    public async Task A_node_is_reachable_again_once_its_relay_is_back()
    {
        await using var network = await StartAsync();
        using var key = KeyPair.GenerateTestOnly();
        var relay = network.AddNode(key);
        var options = new RelayServerOptions { TimeProvider = network.ServerClock };
        RelayServer.Start(relay, options);
        var at = await network.ListenAsync(relay);
        var hidden = network.AddNode();
        var address = await hidden.ListenAsync(at.WithCircuit());
        var elsewhere = await hidden.ListenAsync(network.Address.WithCircuit());
        Assert.Equal([address, elsewhere], hidden.ListenAddresses);

        await relay.DisposeAsync();
        await UntilAsync(() => hidden.Connections.Count == 1);
        Assert.Equal([elsewhere], hidden.ListenAddresses);
        network.ClientClock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal([elsewhere], hidden.ListenAddresses);

        var back = network.AddNode(key);
        var server = RelayServer.Start(back, options);
        Assert.Equal(at, await back.ListenAsync(at));
        await AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => server.ReservationCount == 1, network.ClientClock);
        Assert.True(await EchoesAsync(await network.AddNode().DialAsync(address), 1000));
        await UntilAsync(() => hidden.ListenAddresses.Contains(address));
    }

    [Fact]
    public async Task A_peer_gets_as_many_circuits_as_it_may_and_a_flood_leaves_nothing_behind()
    {
        await using var network = await StartAsync("memory", options => options.MaxCircuitsPerPeer = 3);
        var (hidden, address) = await network.AddHiddenNodeAsync();
        var dialer = network.AddNode();
        var toRelay = await dialer.DialAsync(network.Address);
        var connect = new HopMessage { Type = HopMessage.Types.Type.Connect, Peer = new CircuitPeer { Id = ByteString.CopyFrom(hidden.LocalPeer.Bytes.Span) } };

        var streams = new List<PeerStream>();
        var statuses = new List<CircuitStatus>();
        for (var i = 0; i < 40; i++)
        {
            var stream = await toRelay.OpenStreamAsync(RelayWire.HopProtocol);
            streams.Add(stream);
            await RelayWire.SendAsync(stream, connect, default);
            statuses.Add((await ProtobufFrame.ReadAsync(stream.Input, HopMessage.Parser, RelayWire.MaxMessageBytes))!.Status);
        }

        Assert.Equal([CircuitStatus.Ok, CircuitStatus.Ok, CircuitStatus.Ok], statuses[..3]);
        Assert.All(statuses[3..], status => Assert.Equal(CircuitStatus.ResourceLimitExceeded, status));
        Assert.Equal(3, network.Server.CircuitCount);

        // The target counts as well as the source.
        var error = await Assert.ThrowsAsync<DialException>(async () => await network.AddNode().DialAsync(address));
        Assert.Contains("RESOURCE_LIMIT_EXCEEDED", error.Message, StringComparison.Ordinal);

        streams.ForEach(stream => stream.Reset());
        await UntilAsync(() => network.Server.CircuitCount == 0);
        Assert.True(await EchoesAsync(await network.AddNode().DialAsync(address), 1000));
    }

    [Fact]
    public async Task Circuits_are_bounded_in_all()
    {
        await using var network = await StartAsync("memory", options => options.MaxCircuits = 1);
        var (_, first) = await network.AddHiddenNodeAsync();
        var (_, second) = await network.AddHiddenNodeAsync();
        await network.AddNode().DialAsync(first);
        await Assert.ThrowsAsync<DialException>(async () => await network.AddNode().DialAsync(second));
    }

    [Fact]
    public async Task A_side_that_does_not_read_holds_up_the_other_and_nobody_else()
    {
        await using var network = await StartAsync(configure: options => options.CircuitDataBytes = null);
        var (hidden, address) = await network.AddHiddenNodeAsync();
        hidden.Register(new Handler("/test/deaf/1", (_, token) => Task.Delay(Timeout.Infinite, token)));
        var connection = await network.AddNode().DialAsync(address);
        var deaf = await connection.OpenStreamAsync("/test/deaf/1");
        var stuck = deaf.Output.WriteAsync(new byte[4_000_000]).AsTask();
        Assert.True(await EchoesAsync(connection, 2_000_000));
        Assert.True(await EchoesAsync(await network.AddNode().DialAsync(address), 1_000_000));
        Assert.False(stuck.IsCompleted);
        deaf.Reset();
        await Assert.ThrowsAsync<StreamResetException>(() => stuck.WaitAsync(Limit));
    }

    [Fact]
    public async Task Bytes_that_nobody_takes_at_the_far_end_stay_with_who_sends_them()
    {
        await using var network = await StartAsync(configure: options => options.CircuitDataBytes = null);
        var target = network.AddNode();
        var held = new TaskCompletionSource<PeerStream>();
        // A target that takes the circuit and then reads nothing of it, on a node without a relay transport of its own.
        var raw = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        await using var owned = raw;
        raw.Register(new Handler(RelayWire.StopProtocol, async (stream, token) =>
        {
            await ProtobufFrame.ReadAsync(stream.Input, StopMessage.Parser, RelayWire.MaxMessageBytes, token);
            await RelayWire.SendAsync(stream, new StopMessage { Type = StopMessage.Types.Type.Status, Status = CircuitStatus.Ok }, token);
            held.SetResult(stream);
            await Task.Delay(Timeout.Infinite, token);
        }));
        Assert.Equal(CircuitStatus.Ok, (await AskAsync(raw, network.Address, new HopMessage { Type = HopMessage.Types.Type.Reserve })).Status);
        var connection = await target.DialAsync(network.Address);
        var hop = await connection.OpenStreamAsync(RelayWire.HopProtocol);
        await RelayWire.SendAsync(
            hop,
            new HopMessage { Type = HopMessage.Types.Type.Connect, Peer = new CircuitPeer { Id = ByteString.CopyFrom(raw.LocalPeer.Bytes.Span) } },
            default);
        Assert.Equal(CircuitStatus.Ok, (await ProtobufFrame.ReadAsync(hop.Input, HopMessage.Parser, RelayWire.MaxMessageBytes))!.Status);
        await held.Task.WaitAsync(Limit);

        // Two windows, two sending queues and one piece: more than that cannot leave.
        var sent = 0L;
        while (sent < 64_000_000)
        {
            var write = hop.Output.WriteAsync(new byte[64 * 1024]).AsTask();
            if (await Task.WhenAny(write, Task.Delay(1000)) != write)
            {
                break;
            }

            sent += 64 * 1024;
        }

        Assert.InRange(sent, 1, 16_000_000);
        hop.Reset();
    }

    [Fact]
    public async Task A_place_comes_with_a_voucher_and_the_relays_addresses()
    {
        await using var network = await StartAsync();
        var node = network.AddNode();
        var granted = (await AskAsync(node, network.Address, new HopMessage { Type = HopMessage.Types.Type.Reserve })).Reservation;
        var now = network.ServerClock.GetUtcNow();
        Assert.Equal((now + TimeSpan.FromHours(1)).ToUnixTimeSeconds(), (long)granted.Expire);
        Assert.Equal(network.Address.Bytes, Assert.Single(granted.Addrs).Memory);
        Assert.Null(ReservationVoucher.FindFault(granted.Voucher.Span, network.Relay.LocalPeer, node.LocalPeer, now));
        Assert.NotNull(ReservationVoucher.FindFault(granted.Voucher.Span, network.Relay.LocalPeer, node.LocalPeer, now + TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task Peers_are_told_of_the_place_and_of_its_loss()
    {
        await using var network = await StartAsync();
        using var key = KeyPair.GenerateTestOnly();
        var relay = network.AddNode(key);
        RelayServer.Start(relay, new RelayServerOptions { TimeProvider = network.ServerClock });
        var at = await network.ListenAsync(relay);
        var node = network.AddNode();
        var opened = new TaskCompletionSource<Connection>();
        network.Relay.ConnectionOpened += opened.SetResult;
        await node.DialAsync(network.Address);
        var far = await opened.Task.WaitAsync(Limit);
        Assert.Empty((await far.WhenIdentifiedAsync().WaitAsync(Limit)).Addresses);

        var place = await node.ListenAsync(at.WithCircuit());
        await UntilAsync(() => far.Identity!.Addresses.Any(address => address.WithPeer(node.LocalPeer) == place));
        await relay.DisposeAsync();
        await UntilAsync(() => far.Identity!.Addresses.Count == 0);
    }

    private static async Task<HopMessage> AskAsync(Switch node, Multiaddr relay, HopMessage request)
    {
        await using var stream = await (await node.DialAsync(relay)).OpenStreamAsync(RelayWire.HopProtocol);
        await RelayWire.SendAsync(stream, request, default);
        return (await ProtobufFrame.ReadAsync(stream.Input, HopMessage.Parser, RelayWire.MaxMessageBytes))!;
    }
}
