using System.Buffers.Binary;
using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Security;
using Sdk.Core.Networking.Security.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>The payload of at most 8 KiB under the handshake: its lists have some 512 parts at most, each a small object.</summary>
internal sealed class NoisePayloadTarget : FuzzTarget
{
    private static readonly byte[] StaticKey = X25519.PublicKeyOf([.. Enumerable.Repeat((byte)5, 32)]);
    private NoisePayload? _payload;

    public override string Name => "noise-payload";

    public override long ConstantBytes => (64 + 24) * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x12, 0x00], [0x22, 0x02, 0x12, 0x00], [0x0A, 0x00], [0x22, 0x00], [0x1A, 0x01, 0x00], [0x0B], [0x0C]];

    public override bool Decode(object input)
    {
        _payload = NoisePayload.Verify((byte[])input, StaticKey);
        return true;
    }

    public override void Check(object input) => Require(
        Samples.Identities.Any(known => _payload!.Identity.Encoded.Span.SequenceEqual(known)), "Nobody proves another identity by accident.");

    protected override IEnumerable<byte[]> MakeCorpus() =>
    [
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

    public override long ConstantBytes => 512 * 1024;

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
