using System.Security.Authentication;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// Turns a bare connection into a secured one with a muxer agreed: multistream, then TLS, then (where ALPN did not name it) multistream
/// again. A second security protocol finds its place in <see cref="_securities"/>.
/// </summary>
internal sealed class Upgrader : IDisposable
{
    public const string YamuxProtocol = "/yamux/1.0.0";

    private readonly TlsHandshake _tls;
    private readonly Dictionary<string, TlsHandshake> _securities;

    public Upgrader(KeyPair identity, TimeProvider time)
    {
        _tls = new TlsHandshake(identity, [YamuxProtocol], time);
        _securities = new() { [TlsHandshake.Protocol] = _tls };
    }

    /// <summary>Secures a connection within the token's time. On failure the connection is closed.</summary>
    /// <exception cref="PeerRefusedException">The peer's proof is invalid, or it is not who was expected.</exception>
    /// <exception cref="ProtocolViolationException">The peer speaks something else.</exception>
    public async ValueTask<SecuredConnection> UpgradeAsync(
        TransportConnection connection, bool isDialer, PeerId? expected, CancellationToken cancellationToken)
    {
        // Not every stream heeds a token in the middle of a write: closing the connection ends whatever it waits for.
        var stream = connection.Stream;
        await using var abort = cancellationToken.UnsafeRegister(static state => ((Stream)state!).Dispose(), stream).ConfigureAwait(false);
        try
        {
            var security = await AgreeAsync(stream, isDialer, cancellationToken).ConfigureAwait(false);
            var secured = await security.SecureAsync(stream, isDialer, expected, cancellationToken).ConfigureAwait(false);
            if (secured.Muxer != YamuxProtocol)
            {
                await AgreeOnMuxerAsync(secured.Stream, isDialer, cancellationToken).ConfigureAwait(false);
            }

            return secured;
        }
        catch (Exception error)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (error is IOException or AuthenticationException or ObjectDisposedException)
            {
                throw new ProtocolViolationException("The handshake broke off.", error);
            }

            throw;
        }
    }

    public void Dispose() => _tls.Dispose();

    private async ValueTask<TlsHandshake> AgreeAsync(Stream stream, bool isDialer, CancellationToken cancellationToken)
    {
        if (!isDialer)
        {
            return await MultistreamSelect.AnswerAsync(stream, _securities.GetValueOrDefault, cancellationToken).ConfigureAwait(false)
                ?? throw new ProtocolViolationException("The peer speaks no security protocol that is known here.");
        }

        return await MultistreamSelect.ProposeAsync(stream, TlsHandshake.Protocol, cancellationToken).ConfigureAwait(false)
            ? _tls
            : throw new ProtocolViolationException("The peer does not speak TLS.");
    }

    private static async ValueTask AgreeOnMuxerAsync(Stream stream, bool isDialer, CancellationToken cancellationToken)
    {
        var isAgreed = isDialer
            ? await MultistreamSelect.ProposeAsync(stream, YamuxProtocol, cancellationToken).ConfigureAwait(false)
            : await MultistreamSelect.AnswerAsync(stream, name => name == YamuxProtocol ? name : null, cancellationToken).ConfigureAwait(false) is not null;
        if (!isAgreed)
        {
            throw new ProtocolViolationException("The peer does not speak yamux.");
        }
    }
}
