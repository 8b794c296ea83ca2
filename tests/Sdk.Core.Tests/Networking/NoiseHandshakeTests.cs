using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;
using Sdk.Core.Networking.Security.Wire;

namespace Sdk.Core.Tests.Networking;

public class NoiseHandshakeTests
{
    private const string Yamux = "/yamux/1.0.0";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Both_sides_learn_who_the_other_is_agree_on_the_muxer_and_talk()
    {
        using KeyPair dialer = KeyPair.GenerateTestOnly(), listener = KeyPair.GenerateTestOnly();
        var (atDialer, atListener) = await RunAsync(dialer, listener, PeerId.FromPublicKey(listener.PublicKey));
        Assert.Equal(listener.PublicKey, atDialer.RemoteKey.Secp256k1);
        Assert.Equal(PeerId.FromPublicKey(dialer.PublicKey), atListener.RemotePeer);
        Assert.Equal((Yamux, Yamux), (atDialer.Muxer, atListener.Muxer));
        await using (atDialer.Stream)
        await using (atListener.Stream)
        {
            await atDialer.Stream.WriteAsync("to the listener"u8.ToArray());
            await atListener.Stream.WriteAsync("to the dialer"u8.ToArray());
            var buffer = new byte[100];
            Assert.Equal("to the listener"u8.ToArray(), buffer[..await atListener.Stream.ReadAsync(buffer)]);
            Assert.Equal("to the dialer"u8.ToArray(), buffer[..await atDialer.Stream.ReadAsync(buffer)]);
        }
    }

    [Theory]
    [InlineData("/a,/b", "/b,/a", "/a")]
    [InlineData("/a,/b", "/b", "/b")]
    [InlineData("", "/a", null)]
    [InlineData("/a", "", null)]
    [InlineData("", "", null)]
    public async Task The_dialers_first_muxer_that_the_listener_speaks_is_chosen_and_none_where_one_side_names_none(
        string dialers, string listeners, string? expected)
    {
        using KeyPair dialer = KeyPair.GenerateTestOnly(), listener = KeyPair.GenerateTestOnly();
        var (atDialer, atListener) = await RunAsync(dialer, listener, null, dialers, listeners);
        Assert.Equal((expected, expected), (atDialer.Muxer, atListener.Muxer));
    }

    [Fact]
    public async Task Without_a_common_muxer_there_is_no_connection()
    {
        using KeyPair dialer = KeyPair.GenerateTestOnly(), listener = KeyPair.GenerateTestOnly();
        await Assert.ThrowsAsync<ProtocolViolationException>(() => RunAsync(dialer, listener, null, "/a", "/b"));
    }

    [Fact]
    public async Task A_dialer_that_meets_somebody_else_refuses_before_it_says_who_it_is()
    {
        using KeyPair dialer = KeyPair.GenerateTestOnly(), listener = KeyPair.GenerateTestOnly(), other = KeyPair.GenerateTestOnly();
        using var played = new Played(isDialer: false, listener);
        using var handshake = new NoiseHandshake(dialer, [Yamux]);
        var dialling = handshake.SecureAsync(played.Far, isDialer: true, PeerId.FromPublicKey(other.PublicKey), default).AsTask();
        await played.ReadAsync();
        await played.WriteAsync(played.Payload());
        await Assert.ThrowsAsync<PeerRefusedException>(() => dialling.WaitAsync(Limit));
        Assert.Equal(0, await played.Near.ReadAsync(new byte[1]));
    }

    public static TheoryData<string, bool> Forgeries
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var name in Played.Forgeries.Keys)
            {
                data.Add(name, true);
                data.Add(name, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_peer_whose_payload_is_forged_is_refused(string forgery, bool isForgerDialer)
    {
        using KeyPair honest = KeyPair.GenerateTestOnly(), forger = KeyPair.GenerateTestOnly();
        using var played = new Played(isForgerDialer, forger);
        using var handshake = new NoiseHandshake(honest, [Yamux]);
        var securing = handshake.SecureAsync(played.Far, !isForgerDialer, null, default).AsTask();
        await played.RunAsync(Played.Forgeries[forgery](played));
        var failure = await Record.ExceptionAsync(() => securing.WaitAsync(Limit));
        Assert.True(failure is PeerRefusedException or ProtocolViolationException, failure?.ToString() ?? "accepted");
    }

    [Fact]
    public async Task The_same_peer_is_accepted_where_nothing_is_forged()
    {
        using KeyPair honest = KeyPair.GenerateTestOnly(), peer = KeyPair.GenerateTestOnly();
        foreach (var isDialer in new[] { true, false })
        {
            using var played = new Played(isDialer, peer);
            using var handshake = new NoiseHandshake(honest, [Yamux]);
            var securing = handshake.SecureAsync(played.Far, !isDialer, PeerId.FromPublicKey(peer.PublicKey), default).AsTask();
            await played.RunAsync(played.Payload());
            Assert.Equal(Yamux, (await securing.WaitAsync(Limit)).Muxer);
        }
    }

    [Theory]
    [MemberData(nameof(IdentityKeyTests.Types), MemberType = typeof(IdentityKeyTests))]
    public async Task A_peer_with_an_identity_of_each_key_type_is_verified(string type)
    {
        using var honest = KeyPair.GenerateTestOnly();
        using var foreign = ForeignIdentity.Create(type);
        using var played = new Played(isDialer: true, honest);
        using var handshake = new NoiseHandshake(honest, [Yamux]);
        var securing = handshake.SecureAsync(played.Far, isDialer: false, null, default).AsTask();
        await played.RunAsync(played.Payload(key: foreign.Encoded, signature: foreign.Sign(NoisePayload.Signed(played.StaticPublic))));
        Assert.Equal(foreign.Encoded, (await securing.WaitAsync(Limit)).RemoteKey.Encoded.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_that_is_flipped_or_cut_anywhere_ends_the_handshake_with_an_error_by_name(bool isFromDialer)
    {
        using KeyPair dialer = KeyPair.GenerateTestOnly(), listener = KeyPair.GenerateTestOnly();
        using NoiseHandshake dial = new(dialer, [Yamux]), listen = new(listener, [Yamux]);

        // Message 1 has 34 bytes with its length; 2 and 3 have some 230 and 200.
        for (var at = 0; at < 220; at += at < 36 ? 1 : 7)
        {
            foreach (var isCut in new[] { false, true })
            {
                var (nearOfDialer, farOfDialer) = DuplexStream.CreatePair(1 << 16);
                var (nearOfListener, farOfListener) = DuplexStream.CreatePair(1 << 16);
                var dialling = dial.SecureAsync(nearOfDialer, isDialer: true, null, default).AsTask();
                var listening = listen.SecureAsync(nearOfListener, isDialer: false, null, default).AsTask();
                var there = CopyAsync(farOfDialer, farOfListener, isFromDialer ? at : null, isCut);
                var back = CopyAsync(farOfListener, farOfDialer, isFromDialer ? null : at, isCut);
                var failures = new[] { await Record.ExceptionAsync(() => dialling.WaitAsync(Limit)), await Record.ExceptionAsync(() => listening.WaitAsync(Limit)) };
                Assert.Contains(failures, failure => failure is not null);
                Assert.All(failures, failure => Assert.True(failure is null or PeerRefusedException or ProtocolViolationException or IOException, failure?.ToString()));
                await Task.WhenAll(there, back).WaitAsync(Limit);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handshake_message_longer_than_any_payload_is_refused_by_its_length(bool isDialer)
    {
        using var honest = KeyPair.GenerateTestOnly();
        using var played = new Played(isDialer, honest);
        using var handshake = new NoiseHandshake(honest, [Yamux]);
        var securing = handshake.SecureAsync(played.Far, !isDialer, null, default).AsTask();
        await played.Near.WriteAsync(new byte[] { 0xFF, 0xFF });
        await Assert.ThrowsAsync<ProtocolViolationException>(() => securing.WaitAsync(Limit));
    }

    [Theory]
    [InlineData("tls,noise", "noise")]
    [InlineData("noise,tls", "tls")]
    [InlineData("noise", "tls,noise")]
    public async Task A_dialer_falls_back_on_what_the_listener_speaks(string dialers, string listeners)
    {
        await using var pair = await SwitchPair.StartAsync(
            configureListener: options => options.Securities = Parse(listeners), configureDialer: options => options.Securities = Parse(dialers));
        Assert.Equal(pair.Listener.LocalPeer, (await pair.Dialer.DialAsync(pair.Address)).RemotePeer);
    }

    [Fact]
    public async Task Where_no_security_is_common_to_both_the_dial_fails()
    {
        await using var pair = await SwitchPair.StartAsync(
            configureListener: options => options.Securities = [SecurityProtocol.Tls], configureDialer: options => options.Securities = [SecurityProtocol.Noise]);
        await Assert.ThrowsAsync<DialException>(async () => await pair.Dialer.DialAsync(pair.Address));
    }

    [Fact]
    public void Securities_are_named_once_and_at_least_one()
    {
        using var key = KeyPair.GenerateTestOnly();
        foreach (SecurityProtocol[] wrong in new SecurityProtocol[][] { [], [SecurityProtocol.Tls, SecurityProtocol.Tls], [(SecurityProtocol)9] })
        {
            Assert.Throws<ArgumentException>(() => new Switch(new SwitchOptions { NodeKey = key, Securities = wrong }));
        }
    }

    [Theory]
    [InlineData("signed by another key")]
    [InlineData("a high s")]
    public async Task A_forger_gets_no_stream_of_a_real_node(string forgery)
    {
        await using var pair = await SwitchPair.StartAsync("tcp/noise");
        pair.Listener.Register(Handler.Echo);
        using var forger = KeyPair.GenerateTestOnly();
        Assert.True(pair.Address.TryGetTcp(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync((IPEndPoint)endPoint);
        await using var wire = new NetworkStream(socket, ownsSocket: true);
        Assert.True(await MultistreamSelect.ProposeAsync(wire, NoiseHandshake.Protocol, default));
        using var played = new Played(isDialer: true, forger, wire);
        await played.RunAsync(Played.Forgeries[forgery](played));

        // The listener closes; whether as an end or a reset is the platform's choice.
        var failure = await Record.ExceptionAsync(async () => Assert.Equal(0, await wire.ReadAsync(new byte[1]).AsTask().WaitAsync(Limit)));
        Assert.True(failure is null or IOException, failure?.ToString());
        Assert.Empty(pair.Listener.Connections);
    }

    private static SecurityProtocol[] Parse(string names) =>
        [.. names.Split(',').Select(name => name == "tls" ? SecurityProtocol.Tls : SecurityProtocol.Noise)];

    private static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<(SecuredConnection AtDialer, SecuredConnection AtListener)> RunAsync(
        KeyPair dialer, KeyPair listener, PeerId? expected, string dialersMuxers = Yamux, string listenersMuxers = Yamux)
    {
        using NoiseHandshake dial = new(dialer, Split(dialersMuxers)), listen = new(listener, Split(listenersMuxers));
        var (near, far) = DuplexStream.CreatePair(1 << 16);
        var dialling = dial.SecureAsync(near, isDialer: true, expected, default).AsTask();
        var listening = listen.SecureAsync(far, isDialer: false, null, default).AsTask();
        return (await dialling.WaitAsync(Limit), await listening.WaitAsync(Limit));
    }

    /// <summary>Carries bytes on, one of them changed, or none from it on.</summary>
    private static async Task CopyAsync(Stream from, Stream to, int? changedAt, bool isCut)
    {
        try
        {
            var buffer = new byte[4096];
            for (var at = 0; await from.ReadAsync(buffer) is > 0 and var read; at += read)
            {
                var isHere = changedAt >= at && changedAt < at + read;
                if (isHere)
                {
                    buffer[changedAt!.Value - at] ^= 0x41;
                }

                await to.WriteAsync(buffer.AsMemory(0, isHere && isCut ? changedAt!.Value - at : read));
                if (isHere)
                {
                    // A length that grew would be waited for; the time limit of a handshake is tested elsewhere.
                    break;
                }
            }
        }
        catch (IOException)
        {
            // One end gave up: so does the other.
        }

        await to.DisposeAsync();
    }

    /// <summary>One side of a handshake that the test plays message by message.</summary>
    private sealed class Played : IDisposable
    {
        public static readonly Dictionary<string, Func<Played, byte[]>> Forgeries = new()
        {
            ["signed by another key"] = played =>
            {
                using var stranger = KeyPair.GenerateTestOnly();
                return played.Payload(signature: IdentityKey.Sign(stranger, NoisePayload.Signed(played.StaticPublic)));
            },
            ["signed for another static key"] = played =>
                played.Payload(signature: IdentityKey.Sign(played._identity, NoisePayload.Signed(X25519.PublicKeyOf(X25519.GenerateKey())))),
            ["signed without the prefix"] = played => played.Payload(signature: IdentityKey.Sign(played._identity, played.StaticPublic)),
            ["a high s"] = played => played.Payload(
                signature: LibP2PCertificateTests.Forge.WithHighS(IdentityKey.Sign(played._identity, NoisePayload.Signed(played.StaticPublic)))),
            ["no signature"] = played => played.Payload(signature: []),
            ["no key"] = played => played.Payload(key: []),
            ["a key that is none"] = played => played.Payload(key: [8, 2, 18, 33, .. new byte[33]]),
            ["nothing"] = _ => [],
            ["garbage"] = _ => [0xFF, 0xFF, 0xFF],
            ["too large"] = played => [.. played.Payload(), .. new NoiseHandshakePayload { IdentitySig = ByteString.CopyFrom(new byte[9000]) }.ToByteArray()],
        };

        private readonly bool _isDialer;
        private readonly KeyPair _identity;
        private readonly NoiseHandshakeState _state;

        public Played(bool isDialer, KeyPair identity, Stream? wire = null)
        {
            _isDialer = isDialer;
            _identity = identity;
            var key = X25519.GenerateKey();
            StaticPublic = X25519.PublicKeyOf(key);
            _state = new NoiseHandshakeState(isDialer, key);
            (Near, Far) = DuplexStream.CreatePair(1 << 16);
            Near = wire ?? Near;
        }

        public Stream Near { get; }

        public Stream Far { get; }

        public byte[] StaticPublic { get; }

        public byte[] Payload(byte[]? key = null, byte[]? signature = null) => new NoiseHandshakePayload
        {
            IdentityKey = ByteString.CopyFrom(key ?? IdentityKey.From(_identity.PublicKey).Encoded.ToArray()),
            IdentitySig = ByteString.CopyFrom(signature ?? IdentityKey.Sign(_identity, NoisePayload.Signed(StaticPublic))),
            Extensions = new NoiseExtensions { StreamMuxers = { Yamux } },
        }.ToByteArray();

        /// <summary>The whole handshake with this payload; the other side may hang up on the way.</summary>
        public async Task RunAsync(byte[] payload)
        {
            if (_isDialer)
            {
                await WriteAsync([]);
                await ReadAsync();
                await WriteAsync(payload);
                return;
            }

            await ReadAsync();
            await WriteAsync(payload);
        }

        public async Task WriteAsync(byte[] payload)
        {
            var frame = new byte[2 + _state.OverheadBytes + payload.Length];
            BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)_state.WriteMessage(payload, frame.AsSpan(2)));
            await Near.WriteAsync(frame);
        }

        public async Task ReadAsync()
        {
            var length = new byte[2];
            await Near.ReadExactlyAsync(length).AsTask().WaitAsync(Limit);
            var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
            await Near.ReadExactlyAsync(message).AsTask().WaitAsync(Limit);
            _state.ReadMessage(message, new byte[message.Length]);
        }

        public void Dispose()
        {
            _state.Dispose();
            Near.Dispose();
            Far.Dispose();
        }
    }
}
