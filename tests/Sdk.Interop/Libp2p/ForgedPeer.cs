using System.Formats.Asn1;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Interop.Libp2p;

/// <summary>
/// A peer whose TLS is right in everything but, perhaps, the identity's signature in its certificate. It listens, and dials, and is done
/// once TLS is: after that it only reads.
/// </summary>
internal sealed class ForgedPeer : IAsyncDisposable
{
    public const string WrongSignature = "wrong";
    public const string HighS = "high s";
    public const string RightSignature = "right";

    private const string Yamux = "/yamux/1.0.0";

    private static readonly BigInteger Order = BigInteger.Parse(
        "00fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private readonly KeyPair _identity = KeyPair.GenerateTestOnly();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;

    public ForgedPeer(string signature)
    {
        _certificate = Forge(signature);
        _context = SslStreamCertificateContext.Create(_certificate, additionalCertificates: null, offline: true);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public PeerId PeerId => PeerId.FromPublicKey(_identity.PublicKey);

    public Multiaddr Address => Multiaddr.FromTcp((IPEndPoint)_listener.LocalEndpoint).WithPeer(PeerId);

    /// <summary>
    /// Dials and does TLS. TLS 1.3 lets the dialer finish before it has been judged, so the verdict shows in what follows: the first
    /// bytes of yamux, or null where the listener closes.
    /// </summary>
    public async Task<byte[]?> DialAsync(Multiaddr address)
    {
        Assert.True(address.TryGetTcp(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        Assert.True(await MultistreamSelect.ProposeAsync(stream, TlsHandshake.Protocol, default));
        await using var secured = new SslStream(stream, leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "",
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new SslApplicationProtocol(Yamux)],
            ClientCertificateContext = _context,
        });
        var first = new byte[12];
        try
        {
            var read = await secured.ReadAtLeastAsync(first, first.Length, throwOnEndOfStream: false).AsTask().WaitAsync(JsPeer.Limit);
            return read == first.Length ? first : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _certificate.Dispose();
        _identity.Dispose();
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true)
            {
                served.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            await MultistreamSelect.AnswerAsync(stream, name => name == TlsHandshake.Protocol ? name : null, _closing.Token);
            await using var secured = new SslStream(stream, leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
            await secured.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [new SslApplicationProtocol(Yamux)],
                    ClientCertificateRequired = true,
                    ServerCertificateContext = _context,
                },
                _closing.Token);
            await secured.CopyToAsync(Stream.Null, _closing.Token);
        }
        catch (Exception error) when (error is IOException or AuthenticationException or OperationCanceledException)
        {
            // Whoever refuses the certificate breaks off; what it says about it is the test's matter.
        }
    }

    private X509Certificate2 Forge(string signature)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] message = [.. "libp2p-tls-handshake:"u8, .. key.ExportSubjectPublicKeyInfo()];
        var proof = signature switch
        {
            WrongSignature => IdentityKey.Sign(_identity, [.. message, 0]),
            HighS => WithHighS(IdentityKey.Sign(_identity, message)),
            _ => IdentityKey.Sign(_identity, message),
        };
        var request = new CertificateRequest("CN=libp2p", key, HashAlgorithmName.SHA256);
        var extension = LibP2PCertificate.EncodeProof(IdentityKey.From(_identity.PublicKey), proof);
        request.CertificateExtensions.Add(new X509Extension(LibP2PCertificate.ExtensionOid, extension, critical: false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    // The other of the two valid signatures: s becomes n − s.
    private static byte[] WithHighS(byte[] der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(reader.ReadInteger());
            writer.WriteInteger(Order - reader.ReadInteger());
        }

        return writer.Encode();
    }
}
