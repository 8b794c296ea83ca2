using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Relay;
using static Sdk.Core.Tests.Networking.Relay.RelayNetwork;

namespace Sdk.Core.Tests.Networking.Relay;

/// <summary>Relays that lie, clients that send garbage, and what each learns.</summary>
public class RelayAbuseTests
{
    [Theory]
    [InlineData("", CircuitStatusName.MalformedMessage)] // no type
    [InlineData("ffff", CircuitStatusName.MalformedMessage)] // no protobuf
    [InlineData("0802", CircuitStatusName.UnexpectedMessage)] // a status, unasked
    [InlineData("0863", CircuitStatusName.UnexpectedMessage)] // a type that nobody knows
    [InlineData("0801", CircuitStatusName.MalformedMessage)] // connect, to nobody
    [InlineData("080112050a03010203", CircuitStatusName.MalformedMessage)] // connect, to what is no peer id
    public async Task A_relay_answers_what_it_cannot_serve_with_a_status(string hex, CircuitStatusName expected)
    {
        await using var network = await StartAsync("memory");
        var connection = await network.AddNode().DialAsync(network.Address);
        Assert.Equal((int)expected, (int)await StatusForAsync(connection, RelayWire.HopProtocol, Convert.FromHexString(hex)));
        Assert.True(await EchoesAsync(connection, 1000));
    }

    [Fact]
    public async Task A_message_that_is_longer_than_allowed_is_refused_before_it_is_read()
    {
        await using var network = await StartAsync("memory");
        var connection = await network.AddNode().DialAsync(network.Address);
        var stream = await connection.OpenStreamAsync(RelayWire.HopProtocol);
        await stream.Output.WriteAsync(new byte[] { 0x81, 0x20 }); // 4097, and nothing after it
        var answer = await ProtobufFrame.ReadAsync(stream.Input, HopMessage.Parser, RelayWire.MaxMessageBytes).AsTask().WaitAsync(Limit);
        Assert.Equal(CircuitStatus.MalformedMessage, answer!.Status);
    }

    [Theory]
    [InlineData("0801", CircuitStatusName.UnexpectedMessage)]
    [InlineData("ffff", CircuitStatusName.MalformedMessage)]
    [InlineData("0800", CircuitStatusName.MalformedMessage)]
    public async Task A_client_answers_what_it_cannot_serve_with_a_status(string hex, CircuitStatusName expected)
    {
        await using var network = await StartAsync("memory");
        var (hidden, _) = await network.AddHiddenNodeAsync();
        var connection = Assert.Single(network.Relay.Connections, other => other.RemotePeer == hidden.LocalPeer);
        Assert.Equal((int)expected, (int)await StatusForAsync(connection, RelayWire.StopProtocol, Convert.FromHexString(hex)));
    }

    [Fact]
    public async Task A_circuit_from_somebody_who_is_no_relay_of_ours_is_refused()
    {
        await using var network = await StartAsync();
        var (hidden, _) = await network.AddHiddenNodeAsync();
        var stranger = network.AddNode();
        var connection = await stranger.DialAsync(await network.ListenAsync(hidden));
        var connect = new StopMessage { Type = StopMessage.Types.Type.Connect, Peer = new CircuitPeer { Id = ByteString.CopyFrom(stranger.LocalPeer.Bytes.Span) } };
        Assert.Equal(CircuitStatus.PermissionDenied, await StatusForAsync(connection, RelayWire.StopProtocol, connect.ToByteArray()));
    }

    [Fact]
    public async Task No_place_and_no_circuit_is_given_over_a_relayed_connection()
    {
        await using var network = await StartAsync();
        var (second, address) = await network.AddHiddenNodeAsync();
        var server = RelayServer.Start(second);
        var connection = await network.AddNode().DialAsync(address);
        Assert.True(connection.IsRelayed);
        var reserve = new HopMessage { Type = HopMessage.Types.Type.Reserve };
        Assert.Equal(CircuitStatus.PermissionDenied, await StatusForAsync(connection, RelayWire.HopProtocol, reserve.ToByteArray()));
        var connect = new HopMessage { Type = HopMessage.Types.Type.Connect, Peer = new CircuitPeer { Id = ByteString.CopyFrom(network.Relay.LocalPeer.Bytes.Span) } };
        Assert.Equal(CircuitStatus.PermissionDenied, await StatusForAsync(connection, RelayWire.HopProtocol, connect.ToByteArray()));
        Assert.Equal(0, server.ReservationCount);
    }

    [Fact]
    public async Task A_relay_sees_ciphertext_only()
    {
        await using var network = await StartAsync();
        var target = network.AddNode();
        var relay = await LyingRelay.StartAsync(network, target);
        await target.ListenAsync(relay.Address.WithCircuit());
        var connection = await network.AddNode().DialAsync(relay.Address.WithCircuit().WithPeer(target.LocalPeer));

        var secret = RandomNumberGenerator.GetBytes(32);
        var stream = await connection.OpenStreamAsync(Handler.Echo.Id);
        var reading = stream.Input.ReadToEndAsync();
        await stream.Output.WriteAsync(Enumerable.Repeat(secret, 1000).SelectMany(bytes => bytes).ToArray());
        await stream.CloseWriteAsync();
        Assert.Equal(32_000, (await reading.WaitAsync(Limit)).Length);

        var seen = relay.Seen;
        Assert.InRange(seen.Length, 64_000, 200_000);
        Assert.Equal(-1, seen.AsSpan().IndexOf(secret));
        Assert.Equal(-1, seen.AsSpan().IndexOf("/test/echo/1"u8));

        // The recording would have shown it: what the ends say before TLS stands in it.
        Assert.NotEqual(-1, seen.AsSpan().IndexOf("/multistream/1.0.0"u8));
    }

    [Fact]
    public async Task A_relay_that_joins_the_dialer_to_somebody_else_is_found_out()
    {
        await using var network = await StartAsync();
        var wrong = network.AddNode();
        var relay = await LyingRelay.StartAsync(network, wrong);
        await wrong.ListenAsync(relay.Address.WithCircuit());
        var dialer = network.AddNode();
        var meant = network.AddNode();
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await dialer.DialAsync(relay.Address.WithCircuit().WithPeer(meant.LocalPeer)));
        Assert.DoesNotContain(dialer.Connections, connection => connection.IsRelayed);
    }

    [Fact]
    public async Task A_relay_that_lies_about_who_dials_is_found_out()
    {
        await using var network = await StartAsync();
        var target = network.AddNode();
        var relay = await LyingRelay.StartAsync(network, target, claimed: network.AddNode().LocalPeer);
        await target.ListenAsync(relay.Address.WithCircuit());
        var opened = 0;
        target.ConnectionOpened += connection => opened += connection.IsRelayed ? 1 : 0;
        var dialer = network.AddNode();

        // TLS 1.3: the dialer is done before the target has judged it; what it has ends at once.
        var failure = await Record.ExceptionAsync(async () =>
            await (await dialer.DialAsync(relay.Address.WithCircuit().WithPeer(target.LocalPeer))).Closed.WaitAsync(Limit));
        Assert.True(failure is null or DialException, failure?.ToString());
        Assert.Equal(0, opened);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0UL)]
    [InlineData(1UL)]
    public async Task A_place_that_has_expired_or_is_none_is_refused(ulong? expire)
    {
        await using var network = await StartAsync("memory");
        var relay = await LyingRelay.StartAsync(network, network.Relay, reservation: expire is null ? null : new CircuitReservation { Expire = expire.Value });
        await Assert.ThrowsAsync<DialException>(async () => await network.AddNode().ListenAsync(relay.Address.WithCircuit()));
    }

    [Theory]
    [InlineData("right", null)]
    [InlineData("damaged", "malformed or forged")]
    [InlineData("another relay's", "another's")]
    [InlineData("another peer's", "another peer")]
    [InlineData("old", "expired")]
    public async Task A_voucher_must_be_the_relays_own_for_this_peer(string kind, string? fault)
    {
        await using var network = await StartAsync("memory");
        using var key = KeyPair.GenerateTestOnly();
        var node = network.AddNode();
        var now = network.ClientClock.GetUtcNow();
        var reservation = new CircuitReservation { Expire = ulong.MaxValue };
        var relay = await LyingRelay.StartAsync(network, network.Relay, reservation: reservation, key: key);
        var signer = kind == "another relay's" ? KeyPair.GenerateTestOnly() : key;
        var voucher = ReservationVoucher.Seal(
            signer, kind == "another peer's" ? network.Relay.LocalPeer : node.LocalPeer, kind == "old" ? now : now + TimeSpan.FromMinutes(1));
        voucher[^1] ^= (byte)(kind == "damaged" ? 1 : 0);
        reservation.Voucher = ByteString.CopyFrom(voucher);

        var error = await Record.ExceptionAsync(async () => await node.ListenAsync(relay.Address.WithCircuit()));
        if (fault is null)
        {
            Assert.Null(error);
        }
        else
        {
            Assert.Contains(fault, Assert.IsType<DialException>(error).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_relay_that_gives_and_takes_is_asked_less_and_less_often()
    {
        await using var network = await StartAsync("memory");
        var relay = network.AddNode();
        var at = await network.ListenAsync(relay);
        var asked = 0;
        relay.Register(new Handler(RelayWire.HopProtocol, async (hop, token) =>
        {
            await ProtobufFrame.ReadAsync(hop.Input, HopMessage.Parser, RelayWire.MaxMessageBytes, token);
            Interlocked.Increment(ref asked);
            var granted = new HopMessage
            {
                Type = HopMessage.Types.Type.Status,
                Status = CircuitStatus.Ok,
                Reservation = new CircuitReservation { Expire = ulong.MaxValue },
            };
            await RelayWire.SendAsync(hop, granted, token);
            await hop.CloseWriteAsync();
        }));
        var node = network.AddNode();
        await node.ListenAsync(at.WithCircuit());
        var start = network.ClientClock.GetUtcNow();
        for (var i = 1; i < 6; i++)
        {
            await node.Connections[0].DisposeAsync();
            Assert.Empty(node.ListenAddresses);
            Assert.Equal(i, asked);
            await AdvanceUntilAsync(TimeSpan.FromSeconds(0.1), () => node.ListenAddresses.Count == 1, network.ClientClock);
        }

        // 1, 2, 4, 8 and 16 seconds, each less a quarter at most.
        Assert.InRange(network.ClientClock.GetUtcNow() - start, TimeSpan.FromSeconds(23), TimeSpan.FromSeconds(120));
    }

    [Fact]
    public async Task Of_the_addresses_that_a_relay_claims_only_its_own_and_a_few_are_believed()
    {
        await using var network = await StartAsync();
        var stranger = network.AddNode().LocalPeer;
        var reservation = new CircuitReservation { Expire = ulong.MaxValue };
        string[] claimed =
        [
            "/ip4/192.0.2.1/tcp/1",
            $"/ip4/192.0.2.2/tcp/1/p2p/{stranger}",
            $"/ip4/192.0.2.3/tcp/1/p2p/{stranger}/p2p-circuit",
            .. Enumerable.Range(10, 100).Select(i => $"/ip4/192.0.2.{i}/tcp/1"),
        ];
        reservation.Addrs.Add(ByteString.CopyFrom(1, 2, 3));
        reservation.Addrs.AddRange(claimed.Select(text => ByteString.CopyFrom(Multiaddr.Parse(text).Bytes.Span)));
        var relay = await LyingRelay.StartAsync(network, network.Relay, reservation: reservation);
        var node = network.AddNode();
        var first = await node.ListenAsync(relay.Address.WithCircuit());

        Assert.Equal(first, node.ListenAddresses[0]);
        Assert.Contains(Multiaddr.Parse($"/ip4/192.0.2.1/tcp/1/p2p/{relay.Address.Peer}/p2p-circuit/p2p/{node.LocalPeer}"), node.ListenAddresses);
        Assert.DoesNotContain(node.ListenAddresses, address => address.ToString().Contains(stranger.ToString(), StringComparison.Ordinal));
        Assert.InRange(node.ListenAddresses.Count, 2, RelayWire.MaxAddresses + 1);
    }

    [Fact]
    public async Task An_address_that_is_not_at_a_single_relay_is_neither_listened_on_nor_dialled()
    {
        await using var network = await StartAsync();
        var node = network.AddNode();
        var peer = network.AddNode().LocalPeer;
        string[] useless =
        [
            "/p2p-circuit",
            "/ip4/127.0.0.1/tcp/1/p2p-circuit",
            $"/p2p/{peer}/p2p-circuit/p2p/{peer}/p2p-circuit",
            $"{network.Address}/p2p-circuit/p2p/{peer}/p2p-circuit",
            $"{network.Address}/p2p-circuit/tcp/1",
        ];
        foreach (var address in useless.Select(Multiaddr.Parse))
        {
            await Assert.ThrowsAsync<DialException>(async () => await node.ListenAsync(address));
            await Assert.ThrowsAsync<DialException>(async () => await node.DialAsync(address.WithPeer(peer)));
        }

        await Assert.ThrowsAsync<DialException>(async () => await node.DialAsync(network.Address.WithCircuit().WithPeer(network.Relay.LocalPeer)));
        Assert.Throws<ArgumentException>(() => network.Address.WithCircuit().WithPeer(peer).WithCircuit());
    }

    private static async Task<CircuitStatus> StatusForAsync(Connection connection, string protocol, byte[] message)
    {
        var stream = await connection.OpenStreamAsync(protocol);
        await stream.Output.WriteAsync((byte[])[(byte)message.Length, .. message]);
        return protocol == RelayWire.HopProtocol
            ? (await ProtobufFrame.ReadAsync(stream.Input, HopMessage.Parser, RelayWire.MaxMessageBytes).AsTask().WaitAsync(Limit))!.Status
            : (await ProtobufFrame.ReadAsync(stream.Input, StopMessage.Parser, RelayWire.MaxMessageBytes).AsTask().WaitAsync(Limit))!.Status;
    }

    /// <summary>A relay that grants what it was told to, joins whoever asks to one node, whomever they ask for, and records every byte.</summary>
    private sealed class LyingRelay
    {
        private readonly ConcurrentQueue<byte[]> _seen = new();

        public Multiaddr Address { get; private set; } = null!;

        public byte[] Seen => [.. _seen.SelectMany(bytes => bytes)];

        public static async Task<LyingRelay> StartAsync(
            RelayNetwork network, Switch target, PeerId? claimed = null, CircuitReservation? reservation = null, KeyPair? key = null)
        {
            var node = network.AddNode(key);
            var relay = new LyingRelay { Address = await network.ListenAsync(node) };
            var isSimple = claimed is null && reservation is null && target == network.Relay;
            reservation ??= isSimple ? null : new CircuitReservation { Expire = ulong.MaxValue };
            node.Register(new Handler(RelayWire.HopProtocol, async (hop, token) =>
            {
                var request = await ProtobufFrame.ReadAsync(hop.Input, HopMessage.Parser, RelayWire.MaxMessageBytes, token);
                var granted = new HopMessage { Type = HopMessage.Types.Type.Status, Status = CircuitStatus.Ok };
                if (request!.Type == HopMessage.Types.Type.Reserve)
                {
                    granted.Reservation = reservation;
                    await RelayWire.SendAsync(hop, granted, token);
                    return;
                }

                var stop = await node.DirectConnectionsTo(target.LocalPeer)[0].OpenStreamAsync(RelayWire.StopProtocol, token);
                var connect = new StopMessage
                {
                    Type = StopMessage.Types.Type.Connect,
                    Peer = new CircuitPeer { Id = ByteString.CopyFrom((claimed ?? hop.Connection.RemotePeer).Bytes.Span) },
                };
                await RelayWire.SendAsync(stop, connect, token);
                Assert.Equal(CircuitStatus.Ok, (await ProtobufFrame.ReadAsync(stop.Input, StopMessage.Parser, RelayWire.MaxMessageBytes, token))!.Status);
                await RelayWire.SendAsync(hop, granted, token);
                await Task.WhenAll(relay.PassAsync(hop.Input, stop.Output), relay.PassAsync(stop.Input, hop.Output));
            }));
            return relay;
        }

        private async Task PassAsync(PipeReader from, PipeWriter to)
        {
            while (true)
            {
                var result = await from.ReadAsync();
                foreach (var segment in result.Buffer)
                {
                    _seen.Enqueue(segment.ToArray());
                    await to.WriteAsync(segment);
                }

                from.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    await to.CompleteAsync();
                    return;
                }
            }
        }
    }
}

/// <summary>The statuses by number, because the message's own type is not public.</summary>
public enum CircuitStatusName
{
    MalformedMessage = 400,
    UnexpectedMessage = 401,
}
