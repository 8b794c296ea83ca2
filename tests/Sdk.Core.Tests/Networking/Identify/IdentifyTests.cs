using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Identify.Wire;
using Sdk.Core.Networking.Records;

namespace Sdk.Core.Tests.Networking.Identify;

public class IdentifyTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("tcp")]
    [InlineData("memory")]
    public async Task Both_sides_of_a_connection_learn_who_the_other_is(string kind)
    {
        await using var pair = await SwitchPair.StartAsync(kind, options => options.AgentVersion = "listener/7");
        pair.Listener.Register(Handler.Echo);
        var heard = new TaskCompletionSource<PeerIdentity>();
        pair.Listener.Identify.PeerIdentified += _ => throw new InvalidOperationException("A listener's bug.");
        pair.Listener.Identify.PeerIdentified += identity => heard.TrySetResult(identity);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var identity = await connection.WhenIdentifiedAsync().WaitAsync(Limit);

        Assert.Same(identity, connection.Identity);
        Assert.Equal(pair.Listener.LocalPeer, identity.Peer);
        Assert.Equal("listener/7", identity.AgentVersion);
        Assert.Equal("sdk/0.1.0", identity.ProtocolVersion);
        Assert.Equal(pair.Listener.Protocols.Order(), identity.Protocols.Order());
        Assert.Contains(Handler.Echo.Id, identity.Protocols);
        Assert.Equal([pair.Address], identity.Addresses);
        Assert.True(identity.AreAddressesCertified);
        Assert.Equal(pair.Address, PeerRecord.Open(identity.SignedPeerRecord.Span).Addresses.Single());
        Assert.Equal(connection.LocalAddress, identity.ObservedAddress);

        var other = await heard.Task.WaitAsync(Limit);
        Assert.Equal(pair.Dialer.LocalPeer, other.Peer);
        Assert.Empty(other.Addresses);
        Assert.Equal(connection.RemoteAddress, other.ObservedAddress);
    }

    [Fact]
    public async Task Connected_peers_are_told_of_new_protocols_and_addresses_and_not_once_for_each()
    {
        await using var pair = await SwitchPair.StartAsync();
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await connection.WhenIdentifiedAsync().WaitAsync(Limit);
        var accepted = await pair.Listener.ConnectionAsync(pair.Dialer.LocalPeer);
        await accepted.WhenIdentifiedAsync().WaitAsync(Limit);

        var pushes = 0;
        var complete = new TaskCompletionSource();
        pair.Dialer.Identify.PeerIdentified += identity =>
        {
            Interlocked.Increment(ref pushes);
            if (identity.Protocols.Count(name => name.StartsWith("/test/late/", StringComparison.Ordinal)) == 50 && identity.Addresses.Count == 2)
            {
                complete.TrySetResult();
            }
        };
        for (var i = 0; i < 50; i++)
        {
            pair.Listener.Register(new Handler($"/test/late/{i}", (_, _) => Task.CompletedTask));
        }

        var second = await pair.Listener.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"));
        await complete.Task.WaitAsync(Limit);
        Assert.Contains(second, connection.Identity!.Addresses);
        Assert.True(connection.Identity.AreAddressesCertified);
        Assert.InRange(pushes, 1, 10);
    }

    [Fact]
    public async Task A_protocol_that_is_taken_away_is_no_longer_listed_nor_answered_and_can_be_registered_again()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(Handler.Echo);
        var connection = await pair.Dialer.DialAsync(pair.Address);
        await connection.WhenIdentifiedAsync().WaitAsync(Limit);
        var accepted = await pair.Listener.ConnectionAsync(pair.Dialer.LocalPeer);
        await accepted.WhenIdentifiedAsync().WaitAsync(Limit);
        Assert.Contains(Handler.Echo.Id, connection.Identity!.Protocols);

        Assert.True(pair.Listener.Unregister(Handler.Echo.Id));
        Assert.False(pair.Listener.Unregister(Handler.Echo.Id));
        await Assert.ThrowsAsync<PeerRefusedException>(async () => await connection.OpenStreamAsync(Handler.Echo.Id));
        await Eventually.TrueAsync(() => !connection.Identity!.Protocols.Contains(Handler.Echo.Id));

        pair.Listener.Register(Handler.Echo);
        await using var stream = await connection.OpenStreamAsync(Handler.Echo.Id);
        await Eventually.TrueAsync(() => connection.Identity!.Protocols.Contains(Handler.Echo.Id));
    }

    [Fact]
    public async Task A_listener_that_the_transport_closes_is_no_longer_listed()
    {
        await using var transport = new MemoryTransport();
        await using var listener = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly(), Transports = [transport] });
        await using var dialer = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly(), Transports = [transport] });
        var connection = await dialer.DialAsync(await listener.ListenAsync(Multiaddr.Parse("/memory/1")));
        Assert.Single((await connection.WhenIdentifiedAsync().WaitAsync(Limit)).Addresses);

        await transport.DisposeAsync();
        await Eventually.TrueAsync(() => listener.ListenAddresses.Count == 0);
        Assert.True(connection.Closed.IsCompleted is false);
    }

    [Fact]
    public async Task An_unspecified_address_is_told_as_those_of_the_interfaces()
    {
        await using var listener = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        await using var dialer = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        var any = await listener.ListenAsync(Multiaddr.Parse("/ip4/0.0.0.0/tcp/0"));
        Assert.True(any.TryGetTcp(out var endPoint));
        var port = ((System.Net.IPEndPoint)endPoint).Port;
        var loopback = Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{port}").WithPeer(listener.LocalPeer);
        var identity = await (await dialer.DialAsync(loopback)).WhenIdentifiedAsync().WaitAsync(Limit);
        Assert.Contains(loopback, identity.Addresses);
        Assert.DoesNotContain(any, identity.Addresses);
    }

    [Fact]
    public async Task What_several_peers_see_is_counted_by_their_networks()
    {
        await using var pair = await SwitchPair.StartAsync("memory");
        await using var second = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly(), Transports = [pair.Transport] });
        foreach (var dialer in new[] { pair.Dialer, second })
        {
            await dialer.DialAsync(pair.Address);
        }

        await Eventually.TrueAsync(() => pair.Listener.Connections.Count(connection => connection.Identity is not null) == 2);
        var observed = Assert.Single(pair.Listener.Identify.ObservedAddresses);
        Assert.Equal(pair.Address, observed.Address.WithPeer(pair.Listener.LocalPeer));
        Assert.Equal(2, observed.NetworkCount);
        Assert.True(observed.IsListening);
    }

    [Fact]
    public async Task Peers_of_one_network_are_one_witness_and_a_dial_shows_no_listening_address()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var second = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly() });
        foreach (var dialer in new[] { pair.Dialer, second })
        {
            await (await dialer.DialAsync(pair.Address)).WhenIdentifiedAsync().WaitAsync(Limit);
            Assert.False(Assert.Single(dialer.Identify.ObservedAddresses).IsListening);
        }

        await Eventually.TrueAsync(() => pair.Listener.Connections.Count(connection => connection.Identity is not null) == 2);
        Assert.Equal(1, Assert.Single(pair.Listener.Identify.ObservedAddresses).NetworkCount);
    }

    [Fact]
    public async Task An_observed_address_that_cannot_be_true_does_not_count()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var peer = await BarePeer.DialAsync(pair.Address, Answer(_ => new Identification
        {
            ObservedAddr = ByteString.CopyFrom(Multiaddr.Parse("/ip4/8.8.8.8/tcp/53").Bytes.Span),
        }));
        await (await pair.Listener.ConnectionAsync(peer.Id)).WhenIdentifiedAsync().WaitAsync(Limit);
        Assert.Empty(pair.Listener.Identify.ObservedAddresses);
    }

    [Fact]
    public async Task A_peer_that_does_not_speak_identify_is_served_all_the_same()
    {
        await using var pair = await SwitchPair.StartAsync();
        pair.Listener.Register(Handler.Echo);
        await using var peer = await BarePeer.DialAsync(pair.Address);
        var accepted = await pair.Listener.ConnectionAsync(peer.Id);
        await Assert.ThrowsAsync<PeerRefusedException>(() => accepted.WhenIdentifiedAsync().WaitAsync(Limit));
        Assert.Null(accepted.Identity);
        await using var stream = await peer.Connection.OpenStreamAsync(Handler.Echo.Id);
        await stream.CloseWriteAsync();
        Assert.Empty(await stream.Input.ReadToEndAsync().WaitAsync(Limit));
    }

    [Fact]
    public async Task A_signed_record_in_a_message_of_its_own_is_read_too()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var peer = await BarePeer.DialAsync(pair.Address, new Handler(IdentifyService.Protocol, async (stream, token) =>
        {
            ProtobufFrame.Write(stream.Output, new Identification { AgentVersion = "in two parts" });
            ProtobufFrame.Write(stream.Output, new Identification { ProtocolVersion = "second" });
            await stream.Output.FlushAsync(token);
        }));
        var identity = await (await pair.Listener.ConnectionAsync(peer.Id)).WhenIdentifiedAsync().WaitAsync(Limit);
        Assert.Equal(("in two parts", "second"), (identity.AgentVersion, identity.ProtocolVersion));
        Assert.False(identity.AreAddressesCertified);
    }

    public static TheoryData<string> Lies =>
    [
        "another key", "a record of another peer", "a forged record", "too many addresses", "too many protocols", "an empty protocol",
        "a version without end", "a version with line ends", "more than 8 KiB", "messages without end", "nothing", "no protobuf", "half a message",
    ];

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_peer_that_lies_or_exceeds_a_limit_is_not_identified_and_stays_connected(string lie)
    {
        await using var pair = await SwitchPair.StartAsync();
        using var other = KeyPair.GenerateTestOnly();
        await using var peer = await BarePeer.DialAsync(pair.Address, new Handler(
            IdentifyService.Protocol, async (stream, token) => await stream.Output.WriteAsync(Encode(lie, other), token)));
        var accepted = await pair.Listener.ConnectionAsync(peer.Id);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => accepted.WhenIdentifiedAsync().WaitAsync(Limit));
        Assert.Null(accepted.Identity);
        Assert.False(accepted.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_push_replaces_what_it_names_and_a_bad_one_changes_nothing()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var peer = await BarePeer.DialAsync(pair.Address, Answer(_ => new Identification { AgentVersion = "first", Protocols = { "/a", "/b" } }));
        var accepted = await pair.Listener.ConnectionAsync(peer.Id);
        await accepted.WhenIdentifiedAsync().WaitAsync(Limit);

        await PushAsync(peer, new Identification { AgentVersion = "second" });
        await Eventually.TrueAsync(() => accepted.Identity!.AgentVersion == "second");
        Assert.Equal(["/a", "/b"], accepted.Identity!.Protocols);

        using var other = KeyPair.GenerateTestOnly();
        var forged = new Identification { AgentVersion = "third", SignedPeerRecord = ByteString.CopyFrom(PeerRecord.Seal(other, 1, [])) };
        await Assert.ThrowsAsync<StreamResetException>(() => PushAsync(peer, forged));
        Multiaddr[] newer = [Multiaddr.Parse("/ip4/192.0.2.7/tcp/9")];
        await PushAsync(peer, new Identification { SignedPeerRecord = ByteString.CopyFrom(PeerRecord.Seal(peer.Key, 9, newer)) });
        await Eventually.TrueAsync(() => accepted.Identity!.AreAddressesCertified);
        await PushAsync(peer, new Identification { AgentVersion = "fourth", SignedPeerRecord = ByteString.CopyFrom(PeerRecord.Seal(peer.Key, 8, [])) });
        await Eventually.TrueAsync(() => accepted.Identity!.AgentVersion == "fourth");
        Assert.Equal([newer[0].WithPeer(peer.Id)], accepted.Identity!.Addresses);
    }

    [Fact]
    public async Task A_peer_that_pushes_without_end_is_cut_short()
    {
        await using var pair = await SwitchPair.StartAsync();
        await using var peer = await BarePeer.DialAsync(pair.Address);
        var heard = 0;
        pair.Listener.Identify.PeerIdentified += _ => Interlocked.Increment(ref heard);
        var resets = 0;
        for (var i = 0; i < 40; i++)
        {
            resets += await Record.ExceptionAsync(() => PushAsync(peer, new Identification { AgentVersion = $"{i}" })) is StreamResetException ? 1 : 0;
        }

        Assert.Equal((20, 20), (heard, resets));
    }

    [Fact]
    public async Task A_node_with_hundreds_of_protocols_and_addresses_stays_within_what_others_accept()
    {
        await using var transport = new MemoryTransport();
        await using var many = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly(), Transports = [transport] });
        await using var dialer = new Switch(new SwitchOptions { NodeKey = KeyPair.GenerateTestOnly(), Transports = [transport] });
        for (var i = 0; i < 400; i++)
        {
            many.Register(new Handler($"/test/{i}/{new string('x', 100)}", (_, _) => Task.CompletedTask));
            await many.ListenAsync(Multiaddr.Parse("/memory/0"));
        }

        var identity = await (await dialer.DialAsync(many.ListenAddresses[0])).WhenIdentifiedAsync().WaitAsync(Limit);
        Assert.InRange(identity.Protocols.Count, 20, 399);
        Assert.InRange(identity.Addresses.Count, 20, PeerRecord.MaxAddresses);
        Assert.True(identity.AreAddressesCertified);
    }

    [Fact]
    public async Task Damaged_messages_are_violations_and_nothing_else()
    {
        await using var pair = await SwitchPair.StartAsync();
        var connection = await pair.Dialer.DialAsync(pair.Address);
        var whole = new Identification
        {
            AgentVersion = "agent",
            ProtocolVersion = "version",
            Protocols = { "/a", "/b" },
            ListenAddrs = { ByteString.CopyFrom(pair.Address.Bytes.Span) },
            PublicKey = ByteString.CopyFrom(connection.RemoteIdentity.Encoded.Span),
            ObservedAddr = ByteString.CopyFrom(pair.Address.Bytes.Span),
        }.ToByteArray();
        var random = new Random(7);
        int taken = 0, refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = whole.ToArray();
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                PeerIdentity.From(connection, Identification.Parser.ParseFrom(damaged.AsSpan(0, random.Next(damaged.Length + 1))), null);
                taken++;
            }
            catch (Exception error) when (error is ProtocolViolationException or InvalidProtocolBufferException)
            {
                refused++;
            }
        }

        Assert.InRange(taken, 100, 19_900);
        Assert.Equal(20_000, taken + refused);
    }

    private static byte[] Encode(string lie, KeyPair other)
    {
        using var output = new MemoryStream();
        void Write(Identification message) => message.WriteDelimitedTo(output);
        var address = ByteString.CopyFrom(Multiaddr.Parse("/memory/1").Bytes.Span);
        switch (lie)
        {
            case "another key":
                Write(new Identification { PublicKey = ByteString.CopyFrom(IdentityKey.From(other.PublicKey).Encoded.Span) });
                break;
            case "a record of another peer":
                Write(new Identification { SignedPeerRecord = ByteString.CopyFrom(PeerRecord.Seal(other, 1, [])) });
                break;
            case "a forged record":
                var record = PeerRecord.Seal(other, 1, []);
                record[^1] ^= 1;
                Write(new Identification { SignedPeerRecord = ByteString.CopyFrom(record) });
                break;
            case "too many addresses":
                Write(new Identification { ListenAddrs = { Enumerable.Repeat(address, PeerRecord.MaxAddresses + 1) } });
                break;
            case "too many protocols":
                Write(new Identification { Protocols = { Enumerable.Repeat("/a", PeerIdentity.MaxProtocols + 1) } });
                break;
            case "an empty protocol":
                Write(new Identification { Protocols = { "" } });
                break;
            case "a version without end":
                Write(new Identification { AgentVersion = new string('x', PeerIdentity.MaxTextLength + 1) });
                break;
            case "a version with line ends":
                Write(new Identification { ProtocolVersion = "1\nforged log line" });
                break;
            case "more than 8 KiB":
                output.Write([0x81, 0x40]);
                output.Write(new byte[8193]);
                break;
            case "messages without end":
                for (var i = 0; i < 11; i++)
                {
                    Write(new Identification { AgentVersion = "x" });
                }

                break;
            case "nothing":
                break;
            case "no protobuf":
                output.Write([3, 0xFF, 0xFF, 0xFF]);
                break;
            default:
                output.Write([9, 0x32]);
                break;
        }

        return output.ToArray();
    }

    private static Handler Answer(Func<Connection, Identification> answer) => new(IdentifyService.Protocol, async (stream, token) =>
    {
        ProtobufFrame.Write(stream.Output, answer(stream.Connection));
        await stream.Output.FlushAsync(token);
    });

    /// <summary>Pushes, and waits until the other side has closed or reset the stream.</summary>
    private static async Task PushAsync(BarePeer peer, Identification message)
    {
        var stream = await peer.Connection.OpenStreamAsync(IdentifyService.PushProtocol);
        ProtobufFrame.Write(stream.Output, message);
        await stream.Output.FlushAsync();
        await stream.CloseWriteAsync();
        var failure = await Record.ExceptionAsync(() => stream.Input.ReadToEndAsync().WaitAsync(Limit));
        await stream.DisposeAsync();
        if (failure is StreamResetException)
        {
            throw failure;
        }
    }
}
