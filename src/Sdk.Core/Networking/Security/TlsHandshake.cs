using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>What a security handshake yields: the secured stream, who is at the other end, and the muxer agreed on the way, if any.</summary>
internal sealed record SecuredConnection(Stream Stream, IdentityKey RemoteKey, PeerId RemotePeer, string? Muxer);

/// <summary>
/// libp2p's TLS (<c>/tls/1.0.0</c>): version 1.3, both sides show a certificate that proves their identity, no server name is sent,
/// and the muxer is agreed by ALPN. Certificate authorities play no part. The dialer is done before the listener has judged it: a
/// listener that refuses is seen as a closed connection.
/// </summary>
internal sealed class TlsHandshake : IDisposable
{
    public const string Protocol = "/tls/1.0.0";

    /// <summary>ALPN of a peer that negotiates the muxer afterwards, by multistream.</summary>
    private const string NoMuxer = "libp2p";

    private readonly TimeProvider _time;
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;
    private readonly List<SslApplicationProtocol> _alpn;
    private readonly CipherSuitesPolicy? _ciphers;

    public TlsHandshake(KeyPair identity, IEnumerable<string> muxers, TimeProvider time)
    {
        _time = time;
        _certificate = LibP2PCertificate.Create(identity, time);
        _context = SslStreamCertificateContext.Create(_certificate, additionalCertificates: null, offline: true);
        _alpn = [.. muxers.Select(muxer => new SslApplicationProtocol(muxer)), new SslApplicationProtocol(NoMuxer)];

        // AES-128 first: the cheapest per byte at a strength that matches P-256. Windows sets this machine-wide.
        _ciphers = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? null : new CipherSuitesPolicy(
        [
            TlsCipherSuite.TLS_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
            TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        ]);
    }

    /// <summary>Secures <paramref name="stream"/>, which the result owns from then on; on failure the stream is closed.</summary>
    /// <param name="stream">The bare connection.</param>
    /// <param name="isDialer">Which side we are.</param>
    /// <param name="expected">Who must answer, where the dialer knows.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="PeerRefusedException">The peer's proof is invalid, or it is not who was expected.</exception>
    /// <exception cref="AuthenticationException">TLS itself failed.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask<SecuredConnection> SecureAsync(Stream stream, bool isDialer, PeerId? expected, CancellationToken cancellationToken)
    {
        var verifier = new Verifier(expected, _time);
        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await (isDialer
                ? secured.AuthenticateAsClientAsync(ClientOptions(verifier), cancellationToken)
                : secured.AuthenticateAsServerAsync(ServerOptions(verifier), cancellationToken)).ConfigureAwait(false);
            var (key, peer) = verifier.Result ?? throw new PeerRefusedException("The peer showed no certificate.");
            var agreed = secured.NegotiatedApplicationProtocol;
            var muxer = agreed == default || agreed == new SslApplicationProtocol(NoMuxer) ? null : agreed.ToString();
            return new SecuredConnection(secured, key, peer, muxer);
        }
        catch (AuthenticationException) when (verifier.Refusal is not null)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw verifier.Refusal;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Dispose() => _certificate.Dispose();

    private SslClientAuthenticationOptions ClientOptions(Verifier verifier) => new()
    {
        TargetHost = string.Empty,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = _alpn,
        ClientCertificateContext = _context,
        CipherSuitesPolicy = _ciphers,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = verifier.Validate,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    private SslServerAuthenticationOptions ServerOptions(Verifier verifier) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = _alpn,
        ServerCertificateContext = _context,
        ClientCertificateRequired = true,
        CipherSuitesPolicy = _ciphers,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = verifier.Validate,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    // The platform builds a chain whether or not anybody asks; this keeps it from asking the network.
    private static X509ChainPolicy ChainPolicy() => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    private sealed class Verifier(PeerId? expected, TimeProvider time)
    {
        public (IdentityKey Key, PeerId Peer)? Result { get; private set; }

        public PeerRefusedException? Refusal { get; private set; }

        public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            try
            {
                if (certificate is null)
                {
                    throw new PeerRefusedException("The peer showed no certificate.");
                }

                var key = LibP2PCertificate.Verify(certificate.GetRawCertData(), time.GetUtcNow());
                var peer = PeerId.FromIdentity(key);
                if (expected is not null && peer != expected)
                {
                    throw new PeerRefusedException($"The peer is {peer}, not {expected} who was dialled.");
                }

                Result = (key, peer);
                return true;
            }
            catch (PeerRefusedException refusal)
            {
                Refusal = refusal;
                return false;
            }
        }
    }
}
