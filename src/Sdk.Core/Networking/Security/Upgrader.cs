using System.Security.Authentication;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// Turns a bare connection into a secured one with a muxer agreed: multistream, then TLS or Noise, then (where the handshake did not name
/// the muxer) multistream again.
/// </summary>
internal sealed class Upgrader : IDisposable
{
    public const string YamuxProtocol = "/yamux/1.0.0";

    private readonly List<IDisposable> _handshakes = [];
    private readonly Dictionary<string, Secure> _securities = [];
    private readonly List<string> _preference = [];

    /// <param name="identity">Whom the handshakes prove.</param>
    /// <param name="securities">What is spoken: the dialer proposes them in this order, the listener answers any of them.</param>
    /// <param name="time">Clock.</param>
    public Upgrader(KeyPair identity, IEnumerable<SecurityProtocol> securities, TimeProvider time)
    {
        foreach (var security in securities)
        {
            if (security == SecurityProtocol.Tls)
            {
                var tls = new TlsHandshake(identity, [YamuxProtocol], time);
                Add(TlsHandshake.Protocol, tls.SecureAsync, tls);
            }
            else
            {
                var noise = new NoiseHandshake(identity, [YamuxProtocol]);
                Add(NoiseHandshake.Protocol, noise.SecureAsync, noise);
            }
        }
    }

    private delegate ValueTask<SecuredConnection> Secure(Stream stream, bool isDialer, PeerId? expected, CancellationToken cancellationToken);

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
            var secured = await security(stream, isDialer, expected, cancellationToken).ConfigureAwait(false);
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

    public void Dispose() => _handshakes.ForEach(handshake => handshake.Dispose());

    private void Add(string protocol, Secure secure, IDisposable handshake)
    {
        _preference.Add(protocol);
        _securities.Add(protocol, secure);
        _handshakes.Add(handshake);
    }

    private async ValueTask<Secure> AgreeAsync(Stream stream, bool isDialer, CancellationToken cancellationToken)
    {
        if (!isDialer)
        {
            return await MultistreamSelect.AnswerAsync(stream, _securities.GetValueOrDefault, cancellationToken).ConfigureAwait(false)
                ?? throw new ProtocolViolationException("The peer speaks no security protocol that is known here.");
        }

        var agreed = await MultistreamSelect.ProposeAsync(stream, _preference, cancellationToken).ConfigureAwait(false)
            ?? throw new ProtocolViolationException("The peer speaks no security protocol that is known here.");
        return _securities[agreed];
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
