using System.Buffers.Binary;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;
using Sdk.Core.Networking.Security.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>The payload of at most 8 KiB under the handshake: its lists have some 512 parts at most, each a small object.</summary>
internal sealed class NoisePayloadTarget : FuzzTarget
{
    private static readonly byte[] StaticKey = X25519.PublicKeyOf([.. Enumerable.Repeat((byte)5, 32)]);
    private NoisePayload? _payload;

    public override string Name => "noise-payload";

    public override long ConstantBytes => (64 + 12) * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x12, 0x00], [0x22, 0x02, 0x12, 0x00], [0x0A, 0x00], [0x22, 0x00], [0x1A, 0x01, 0x00], [0x0B], [0x0C]];

    public override bool Decode(object input)
    {
        _payload = NoisePayload.Verify((byte[])input, StaticKey);
        return true;
    }

    public override void Check(object input) => Require(
        Samples.Identities.Any(known => _payload!.Identity.Encoded.Span.SequenceEqual(known)), "Nobody proves another identity by accident.");

    protected override IEnumerable<byte[]> MakeRefused() => [new byte[NoisePayload.MaxBytes + 1], NoisePayload.Create(Samples.Key, new byte[32], []), []];

    protected override IEnumerable<byte[]> MakeCorpus() =>
    [
        new NoiseHandshakePayload
        {
            IdentityKey = ByteString.CopyFrom(Samples.Identities[0]),
            IdentitySig = ByteString.CopyFrom(IdentityKey.Sign(Samples.Key, NoisePayload.Signed(StaticKey))),
        }.ToByteArray(),
        NoisePayload.Create(Samples.Key, StaticKey, ["/yamux/1.0.0"]),
        NoisePayload.Create(Samples.Key, StaticKey, ["/yamux/1.0.0", "/mplex/6.7.0"]),
        [.. NoisePayload.Create(Samples.Key, StaticKey, []), .. new NoiseHandshakePayload
        {
            Extensions = new NoiseExtensions { WebtransportCerthashes = { ByteString.CopyFrom(new byte[34]), ByteString.CopyFrom(new byte[34]) } },
        }.ToByteArray()],
    ];
}

/// <summary>
/// Both sides of the handshake with keys that are fixed, so that what was recorded is accepted again, and with the node's own, which
/// nothing recorded can satisfy. The first byte says which side hears it. A side holds some ten keys and hashes, and two buffers; the
/// rest is BouncyCastle's, some 50 KiB of points for every agreement, whatever the input.
/// </summary>
internal sealed class NoiseHandshakeTarget : FuzzTarget
{
    private static readonly byte[] DialerStatic = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] DialerEphemeral = [.. Enumerable.Repeat((byte)2, 32)];
    private static readonly byte[] ListenerStatic = [.. Enumerable.Repeat((byte)3, 32)];
    private static readonly byte[] ListenerEphemeral = [.. Enumerable.Repeat((byte)4, 32)];
    private readonly NoiseHandshake _node = new(Samples.Key, ["/yamux/1.0.0"]);
    private byte[] _hash = [];

    public override string Name => "noise-handshake";

    public override long ConstantBytes => 192 * 1024;

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        var isDialer = bytes.Length > 0 && (bytes[0] & 1) == 1;
        var frames = bytes.AsMemory(Math.Min(1, bytes.Length));
        var securing = _node.SecureAsync(new ScriptedStream(frames), isDialer, null, default).AsTask();
        Require(securing.IsCompleted, "Nothing is waited for that has come.");
        Require(securing.Exception?.InnerException is ProtocolViolationException or PeerRefusedException or IOException, "A recording satisfies nobody.");
        using var state = isDialer ? Dialer() : Listener();
        for (var turn = 0; turn < 3; turn++)
        {
            if ((turn % 2 == 0) == isDialer)
            {
                state.WriteMessage([], new byte[200]);
                continue;
            }

            if (frames.Length < 2)
            {
                return false;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(frames.Span);
            if (length > frames.Length - 2)
            {
                return false;
            }

            state.ReadMessage(frames.Span.Slice(2, length), new byte[length]);
            frames = frames[(2 + length)..];
        }

        _hash = state.Hash.ToArray();
        return true;
    }

    public override void Check(object input) => Require(
        ((byte[])input).AsSpan(1).StartsWith(Corpus[((byte[])input)[0] & 1].AsSpan(1)) && _hash.Length == 32, "Only what was said is accepted.");

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        using NoiseHandshakeState dialer = Dialer(), listener = Listener();
        byte[] first = Say(dialer, listener), second = Say(listener, dialer), third = Say(dialer, listener);
        yield return [0, .. first, .. third];
        yield return [1, .. second];
    }

    private static NoiseHandshakeState Dialer() => new(true, DialerStatic, ephemeralKey: DialerEphemeral);

    private static NoiseHandshakeState Listener() => new(false, ListenerStatic, ephemeralKey: ListenerEphemeral);

    private static byte[] Say(NoiseHandshakeState from, NoiseHandshakeState to)
    {
        var frame = new byte[2 + from.OverheadBytes];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)from.WriteMessage([], frame.AsSpan(2)));
        to.ReadMessage(frame.AsSpan(2), new byte[frame.Length]);
        return frame;
    }
}

/// <summary>
/// A whole handshake with a peer that does its part, but for the payload under it, which is what is mutated. The first byte says which side
/// hears it, and whether it was somebody else whom it dialled. It costs the agreements of both sides (some 190 KiB) and a signature.
/// </summary>
internal sealed class NoiseIdentityTarget : FuzzTarget
{
    private static readonly byte[] PeerStatic = [.. Enumerable.Repeat((byte)5, 32)];
    private readonly NoiseHandshake _node = new(Samples.Key, ["/yamux/1.0.0", "/other/1"]);
    private SecuredConnection? _secured;

    public override string Name => "noise-identity";

    public override long ConstantBytes => 384 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x12, 0x00], [0x22, 0x02, 0x12, 0x00], [0x0A, 0x00], [0x22, 0x00]];

    public override bool Decode(object input)
    {
        var bytes = (byte[])input;
        if (bytes.Length == 0 || bytes.Length > 60_000)
        {
            return false;
        }

        var expected = (bytes[0] & 2) == 0 ? null : (bytes[0] & 4) == 0 ? Samples.Peer : Samples.PeerOf(1);
        using var peer = new NoisePeer(isDialer: (bytes[0] & 1) == 0, PeerStatic, bytes[1..]);
        var securing = _node.SecureAsync(peer, isDialer: (bytes[0] & 1) == 1, expected, default);
        Require(securing.IsCompleted, "Nothing is waited for that has come.");
        _secured = securing.GetAwaiter().GetResult();
        _secured.Stream.Dispose();
        return true;
    }

    public override void Check(object input) => Require(
        _secured!.RemotePeer == Samples.Peer && _secured.Muxer is null or "/yamux/1.0.0" or "/other/1", "Nobody proves another identity, or agrees on what nobody speaks.");

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        foreach (var side in new byte[] { 0, 1, 3 })
        {
            foreach (var muxers in new string[][] { ["/yamux/1.0.0"], ["/mplex/6.7.0", "/other/1", "/yamux/1.0.0"], [] })
            {
                yield return [side, .. NoisePayload.Create(Samples.Key, X25519.PublicKeyOf(PeerStatic), muxers)];
            }
        }
    }

    protected override IEnumerable<byte[]> MakeRefused()
    {
        var payload = NoisePayload.Create(Samples.Key, X25519.PublicKeyOf(PeerStatic), ["/yamux/1.0.0"]);
        yield return [7, .. payload];
        yield return [6, .. payload];
        yield return [1, .. NoisePayload.Create(Samples.Key, X25519.PublicKeyOf(PeerStatic), ["/mplex/6.7.0"])];
    }

    /// <summary>The other side: answers as soon as it has been told enough.</summary>
    private sealed class NoisePeer : Stream
    {
        private readonly NoiseHandshakeState _state;
        private readonly byte[] _payload;
        private readonly List<byte> _heard = [];
        private readonly Queue<byte> _said = [];

        public NoisePeer(bool isDialer, byte[] key, byte[] payload)
        {
            (_state, _payload) = (new NoiseHandshakeState(isDialer, key), payload);
            if (isDialer)
            {
                Say([]);
            }
        }

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _heard.AddRange(buffer);
            if (_heard.Count < 2 || (_heard[0] << 8) + _heard[1] + 2 > _heard.Count || _state.IsComplete)
            {
                return;
            }

            var message = _heard.Skip(2).ToArray();
            _heard.Clear();
            _state.ReadMessage(message, new byte[message.Length]);
            if (!_state.IsComplete)
            {
                Say(_payload);
            }
        }

        public override int Read(Span<byte> buffer)
        {
            var length = Math.Min(buffer.Length, _said.Count);
            for (var i = 0; i < length; i++)
            {
                buffer[i] = _said.Dequeue();
            }

            return length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return default;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _state.Dispose();
            base.Dispose(disposing);
        }

        private void Say(byte[] payload)
        {
            var frame = new byte[2 + _state.OverheadBytes + payload.Length];
            BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)_state.WriteMessage(payload, frame.AsSpan(2)));
            foreach (var b in frame)
            {
                _said.Enqueue(b);
            }
        }
    }
}

/// <summary>Frames after the handshake: one pooled buffer of 128 KiB, which the pool may have to make.</summary>
internal sealed class NoiseStreamTarget : FuzzTarget
{
    private static readonly byte[] Key = [.. Enumerable.Repeat((byte)7, 32)];
    private static readonly byte[] Plaintext = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
    private readonly byte[] _read = new byte[4096];

    public override string Name => "noise-stream";

    public override long ConstantBytes => (128 + 16) * 1024;

    public override bool Decode(object input)
    {
        using var stream = new NoiseStream(new ScriptedStream((byte[])input, pieceBytes: 700), new NoiseCipherState(Key), new NoiseCipherState(Key));
        for (var at = 0; at < _read.Length;)
        {
            var reading = stream.ReadAsync(_read.AsMemory(at, Math.Min(_read.Length - at, 100 + at)));
            Require(reading.IsCompleted, "Nothing is waited for that has come.");
            var length = reading.GetAwaiter().GetResult();
            at += length;
            Require(at <= Plaintext.Length && _read.AsSpan(0, at).SequenceEqual(Plaintext.AsSpan(0, at)), "Nothing is read that was not written, in order.");
            if (length == 0)
            {
                break;
            }
        }

        return true;
    }

    public override bool IsRefusal(Exception error) => error is ProtocolViolationException or EndOfStreamException;

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        using var cipher = new NoiseCipherState(Key);
        var frames = new List<byte>();
        for (var (at, length) = (0, 0); at < Plaintext.Length; at += length)
        {
            length = Math.Min(Plaintext.Length - at, (at * 3 / 2) % 900);
            var frame = new byte[2 + length + 16];
            BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - 2));
            cipher.Encrypt([], Plaintext.AsSpan(at, length), frame.AsSpan(2));
            frames.AddRange(frame);
            yield return [.. frames];
            length = Math.Max(length, 0);
            if (length == 0)
            {
                // The first is empty; the next ones are not.
                var one = new byte[2 + 10 + 16];
                BinaryPrimitives.WriteUInt16BigEndian(one, 26);
                cipher.Encrypt([], Plaintext.AsSpan(at, 10), one.AsSpan(2));
                frames.AddRange(one);
                length = 10;
            }
        }
    }
}
