using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Security;

namespace Sdk.Benchmarks.Comparison;

/// <summary>
/// TLS without anything above it: the baseline. One connection says how much will come (8 bytes), sends it in writes of 64 KiB, and has
/// one byte back. Same TLS version and cipher as our streams have.
/// </summary>
internal sealed class BareTls : IDisposable
{
    public const int WriteBytes = 64 * 1024;

    private static readonly CipherSuitesPolicy? Cipher = OperatingSystem.IsLinux() ? new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_128_GCM_SHA256]) : null;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;

    public BareTls(KeyPair key)
    {
        _certificate = LibP2PCertificate.Create(key, TimeProvider.System);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static async Task<SslStream> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var secured = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "bench",
            EnabledSslProtocols = SslProtocols.Tls13,
            CipherSuitesPolicy = Cipher,
        });
        return secured;
    }

    public static async Task SendAsync(Stream secured, long bytes, byte[] data)
    {
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(length, bytes);
        await secured.WriteAsync(length);
        for (long sent = 0; sent < bytes; sent += data.Length)
        {
            await secured.WriteAsync(data);
        }

        await secured.ReadExactlyAsync(length.AsMemory(0, 1));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        await using var secured = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = _certificate,
            EnabledSslProtocols = SslProtocols.Tls13,
            CipherSuitesPolicy = Cipher,
        });
        var buffer = new byte[WriteBytes];
        while (await secured.ReadAtLeastAsync(buffer.AsMemory(0, sizeof(long)), sizeof(long), throwOnEndOfStream: false) == sizeof(long))
        {
            for (var left = BinaryPrimitives.ReadInt64BigEndian(buffer); left > 0;)
            {
                var read = await secured.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)));
                left -= read > 0 ? read : throw new EndOfStreamException();
            }

            await secured.WriteAsync(buffer.AsMemory(0, 1));
        }
    }
}
