using System.Buffers.Binary;
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
/// A peer whose handshake is right in everything but, perhaps, the identity's signature: in the certificate's extension (TLS), in the
/// payload (Noise). It listens, and dials, and is done once the handshake is: after that it only reads.
/// </summary>
internal sealed class ForgedPeer : IAsyncDisposable
{
    public const string WrongSignature = "wrong";
    public const string HighS = "high s";
    public const string RightSignature = "right";

    private const string Yamux = "/yamux/1.0.0";

    private static readonly BigInteger Order = BigInteger.Parse(
        "00fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private readonly KeyPair _key = KeyPair.GenerateTestOnly();
    private readonly ECDsa? _ecdsa;
    private readonly IdentityKey _identity;
    private readonly string _security;
    private readonly string _signature;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;

    /// <param name="security">"tls" or "noise".</param>
    /// <param name="signature">What the identity signs.</param>
    /// <param name="ecdsa">The identity's key, owned from now on, where it is not to be of our own kind.</param>
    public ForgedPeer(string security, string signature, ECDsa? ecdsa = null)
    {
        (_security, _signature, _ecdsa) = (security, signature, ecdsa);
        _identity = ecdsa is null ? IdentityKey.From(_key.PublicKey) : IdentityOf(ecdsa);
        _certificate = ForgeCertificate();
        _context = SslStreamCertificateContext.Create(_certificate, additionalCertificates: null, offline: true);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public PeerId PeerId => PeerId.FromIdentity(_identity);

    public Multiaddr Address => Multiaddr.FromTcp((IPEndPoint)_listener.LocalEndpoint).WithPeer(PeerId);

    private string Protocol => _security == "tls" ? TlsHandshake.Protocol : NoiseHandshake.Protocol;

    /// <summary>
    /// Dials and does its part. Its handshake may finish before it has been judged, so the verdict shows in what follows: the first
    /// bytes of yamux, or null where the listener closes.
    /// </summary>
    public async Task<byte[]?> DialAsync(Multiaddr address)
    {
        Assert.True(address.TryGetTcp(out var endPoint));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        Assert.True(await MultistreamSelect.ProposeAsync(stream, Protocol, default));
        await using var secured = await SecureAsync(stream, isDialer: true);
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
        _key.Dispose();
        _ecdsa?.Dispose();
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
            await MultistreamSelect.AnswerAsync(stream, name => name == Protocol ? name : null, _closing.Token);
            await using var secured = await SecureAsync(stream, isDialer: false);
            await secured.CopyToAsync(Stream.Null, _closing.Token);
        }
        catch (Exception error) when (error is IOException or AuthenticationException or OperationCanceledException)
        {
            // Whoever refuses the signature breaks off; what it says about it is the test's matter.
        }
    }

    private Task<Stream> SecureAsync(Stream stream, bool isDialer) => _security == "tls" ? DoTlsAsync(stream, isDialer) : DoNoiseAsync(stream, isDialer);

    private async Task<Stream> DoTlsAsync(Stream stream, bool isDialer)
    {
        var secured = new SslStream(stream, leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await (isDialer
            ? secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "",
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [new SslApplicationProtocol(Yamux)],
                    ClientCertificateContext = _context,
                },
                _closing.Token)
            : secured.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [new SslApplicationProtocol(Yamux)],
                    ClientCertificateRequired = true,
                    ServerCertificateContext = _context,
                },
                _closing.Token));
        return secured;
    }

    // XX: the dialer's ephemeral key; the listener's keys and payload; the dialer's static key and payload.
    private async Task<Stream> DoNoiseAsync(Stream stream, bool isDialer)
    {
        var key = X25519.GenerateKey();
        var signature = Sign(NoisePayload.Signed(X25519.PublicKeyOf(key)));
        var payload = NoisePayload.Encode(_identity, signature, [Yamux]);
        using var state = new NoiseHandshakeState(isDialer, key);
        for (var message = 0; message < 3; message++)
        {
            if (message % 2 == 0 == isDialer)
            {
                var said = message == 0 ? [] : payload;
                var frame = new byte[sizeof(ushort) + state.OverheadBytes + said.Length];
                BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)state.WriteMessage(said, frame.AsSpan(sizeof(ushort))));
                await stream.WriteAsync(frame, _closing.Token);
            }
            else
            {
                var length = new byte[sizeof(ushort)];
                await stream.ReadExactlyAsync(length, _closing.Token);
                var heard = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(heard, _closing.Token);
                state.ReadMessage(heard, new byte[heard.Length]);
            }
        }

        var (send, receive) = state.Split();
        return new NoiseStream(stream, send, receive);
    }

    private byte[] Sign(byte[] message) => _signature switch
    {
        WrongSignature => SignAsIs([.. message, 0]),
        HighS => WithHighS(SignAsIs(message)),
        _ => SignAsIs(message),
    };

    private byte[] SignAsIs(byte[] message) =>
        _ecdsa?.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) ?? IdentityKey.Sign(_key, message);

    private static IdentityKey IdentityOf(ECDsa key)
    {
        var info = key.ExportSubjectPublicKeyInfo();
        var length = new byte[Varint.MaxBytes];
        byte[] encoded = [0x08, (byte)IdentityKeyType.Ecdsa, 0x12, .. length.AsSpan(0, Varint.Write(length, (ulong)info.Length)), .. info];
        return IdentityKey.TryDecode(encoded, out var identity) ? identity : throw new ArgumentException("The key is no identity.", nameof(key));
    }

    private X509Certificate2 ForgeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var proof = Sign([.. "libp2p-tls-handshake:"u8, .. key.ExportSubjectPublicKeyInfo()]);
        var request = new CertificateRequest("CN=libp2p", key, HashAlgorithmName.SHA256);
        var extension = LibP2PCertificate.EncodeProof(_identity, proof);
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
