using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// libp2p's Noise (<c>/noise</c>): the XX handshake, in whose second and third message the sides prove their identities and name their
/// muxers. The static key lives as long as this object, signed once. The dialer is done before the listener has judged it: a listener
/// that refuses is seen as a closed connection.
/// </summary>
internal sealed class NoiseHandshake : IDisposable
{
    public const string Protocol = "/noise";

    private const int LengthBytes = sizeof(ushort);

    private readonly IReadOnlyList<string> _muxers;
    private readonly SecretBytes _staticKey;
    private readonly byte[] _payload;

    public NoiseHandshake(KeyPair identity, IReadOnlyList<string> muxers)
    {
        _muxers = muxers;
        var key = X25519.GenerateKey();
        _payload = NoisePayload.Create(identity, X25519.PublicKeyOf(key), muxers);
        _staticKey = new SecretBytes(key, typeof(NoiseHandshake));
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>Secures <paramref name="stream"/>, which the result owns from then on; on failure the stream is closed.</summary>
    /// <param name="stream">The bare connection.</param>
    /// <param name="isDialer">Which side we are.</param>
    /// <param name="expected">Who must answer, where the dialer knows.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="PeerRefusedException">The peer's proof is invalid, or it is not who was expected.</exception>
    /// <exception cref="ProtocolViolationException">The handshake is not Noise's, was altered, or no muxer is common to both.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask<SecuredConnection> SecureAsync(Stream stream, bool isDialer, PeerId? expected, CancellationToken cancellationToken)
    {
        try
        {
            using var state = Begin(isDialer);
            return isDialer
                ? await DialAsync(state, stream, expected, cancellationToken).ConfigureAwait(false)
                : await ListenAsync(state, stream, expected, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Dispose() => _staticKey.Dispose();

    private NoiseHandshakeState Begin(bool isDialer)
    {
        Span<byte> key = stackalloc byte[X25519.KeyLengthBytes];
        _staticKey.CopyTo(key);
        var state = new NoiseHandshakeState(isDialer, key);
        CryptographicOperations.ZeroMemory(key);
        return state;
    }

    private async ValueTask<SecuredConnection> DialAsync(
        NoiseHandshakeState state, Stream stream, PeerId? expected, CancellationToken cancellationToken)
    {
        await WriteAsync(state, stream, default, cancellationToken).ConfigureAwait(false);

        // The listener is judged before the third message tells it who we are.
        var theirs = Judge(state, await ReadAsync(state, stream, NoisePayload.MaxBytes, cancellationToken).ConfigureAwait(false), expected);
        var muxer = Choose(_muxers, theirs.Muxers);
        await WriteAsync(state, stream, _payload, cancellationToken).ConfigureAwait(false);
        return Complete(state, stream, theirs, muxer);
    }

    private async ValueTask<SecuredConnection> ListenAsync(
        NoiseHandshakeState state, Stream stream, PeerId? expected, CancellationToken cancellationToken)
    {
        await ReadAsync(state, stream, maxPayloadBytes: 0, cancellationToken).ConfigureAwait(false);
        await WriteAsync(state, stream, _payload, cancellationToken).ConfigureAwait(false);
        var theirs = Judge(state, await ReadAsync(state, stream, NoisePayload.MaxBytes, cancellationToken).ConfigureAwait(false), expected);
        return Complete(state, stream, theirs, Choose(theirs.Muxers, _muxers));
    }

    private static NoisePayload Judge(NoiseHandshakeState state, byte[] payload, PeerId? expected)
    {
        var theirs = NoisePayload.Verify(payload, state.RemoteStatic);
        var peer = PeerId.FromIdentity(theirs.Identity);
        return expected is null || peer == expected
            ? theirs
            : throw new PeerRefusedException($"The peer is {peer}, not {expected} who was dialled.");
    }

    /// <summary>The dialer's first that the listener speaks; null where a side names none and multistream decides (specs/connections).</summary>
    private static string? Choose(IReadOnlyList<string> dialers, IReadOnlyList<string> listeners) =>
        dialers.Count == 0 || listeners.Count == 0
            ? null
            : dialers.FirstOrDefault(listeners.Contains) ?? throw new ProtocolViolationException("The peer speaks no muxer that is known here.");

    private static SecuredConnection Complete(NoiseHandshakeState state, Stream stream, NoisePayload theirs, string? muxer)
    {
        var (send, receive) = state.Split();
        return new SecuredConnection(new NoiseStream(stream, send, receive), theirs.Identity, PeerId.FromIdentity(theirs.Identity), muxer);
    }

    private static async ValueTask WriteAsync(
        NoiseHandshakeState state, Stream stream, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var frame = new byte[LengthBytes + state.OverheadBytes + payload.Length];
        var length = state.WriteMessage(payload.Span, frame.AsSpan(LengthBytes));
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)length);
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<byte[]> ReadAsync(
        NoiseHandshakeState state, Stream stream, int maxPayloadBytes, CancellationToken cancellationToken)
    {
        var maxBytes = state.OverheadBytes + maxPayloadBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(maxBytes);
        try
        {
            await stream.ReadExactlyAsync(buffer.AsMemory(0, LengthBytes), cancellationToken).ConfigureAwait(false);
            var length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
            if (length > maxBytes)
            {
                throw new ProtocolViolationException("A message of the Noise handshake is too long.");
            }

            await stream.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            return Open(state, buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Open(NoiseHandshakeState state, ReadOnlySpan<byte> message)
    {
        var payload = new byte[message.Length];
        return payload[..state.ReadMessage(message, payload)];
    }
}
