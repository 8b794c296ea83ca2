using System.Net.Security;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Security;

namespace Sdk.Benchmarks;

/// <summary>
/// One stream between two switches of one process over loopback TCP, against a bare <see cref="SslStream"/> that copies the same bytes
/// in the same 64 KiB writes: the ratio is the price of streams. Both ends' work is in both figures.
/// </summary>
[MemoryDiagnoser]
public class StreamBenchmarks : IDisposable
{
    private const int WriteBytes = 64 * 1024;
    private const int Writes = 1024;
    private const long TotalBytes = (long)Writes * WriteBytes;
    private const string SinkProtocol = "/bench/sink/1";

    private readonly byte[] _data = RandomNumberGenerator.GetBytes(WriteBytes);
    private readonly byte[] _received = new byte[WriteBytes];
    private readonly KeyPair _listenerKey = KeyPair.GenerateTestOnly();
    private readonly KeyPair _dialerKey = KeyPair.GenerateTestOnly();
    private readonly TcpTransport _transport = new();
    private readonly Sink _sink = new();
    private Switch _listener = null!;
    private Switch _dialer = null!;
    private PeerStream _stream = null!;
    private Stream _bareNear = null!;
    private Stream _bareFar = null!;

    // Not every toolchain awaits an asynchronous set-up.
    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp() => CleanUpAsync().GetAwaiter().GetResult();

    [Benchmark(Baseline = true, OperationsPerInvoke = Writes, Description = "64 KiB over a bare SslStream")]
    public async Task BareAsync()
    {
        var reading = Task.Run(async () =>
        {
            for (long read = 0; read < TotalBytes;)
            {
                read += await _bareFar.ReadAsync(_received);
            }
        });
        for (var i = 0; i < Writes; i++)
        {
            await _bareNear.WriteAsync(_data);
        }

        await reading;
    }

    [Benchmark(OperationsPerInvoke = Writes, Description = "64 KiB over a stream")]
    public async Task StreamAsync()
    {
        var arrived = _sink.Expect(TotalBytes);
        for (var i = 0; i < Writes; i++)
        {
            await _stream.Output.WriteAsync(_data);
        }

        await arrived;
    }

    public void Dispose()
    {
        _listenerKey.Dispose();
        _dialerKey.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task SetUpAsync()
    {
        var anyPort = Multiaddr.Parse("/ip4/127.0.0.1/tcp/0");
        _listener = new Switch(new SwitchOptions { NodeKey = _listenerKey, Transports = [_transport] });
        _dialer = new Switch(new SwitchOptions { NodeKey = _dialerKey, Transports = [_transport] });
        _listener.Register(_sink);
        var connection = await _dialer.DialAsync(await _listener.ListenAsync(anyPort));
        _stream = await connection.OpenStreamAsync(SinkProtocol);

        await using var bare = await _transport.ListenAsync(anyPort);
        var accepting = bare.AcceptAsync();
        var near = new SslStream((await _transport.DialAsync(bare.Address)).Stream, false, (_, shown, _, _) => shown is not null);
        var far = new SslStream((await accepting).Stream);
        using var certificate = LibP2PCertificate.Create(_listenerKey, TimeProvider.System);
        await Task.WhenAll(
            near.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "bench" }),
            far.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }));
        (_bareNear, _bareFar) = (near, far);
    }

    private async Task CleanUpAsync()
    {
        await _dialer.DisposeAsync();
        await _listener.DisposeAsync();
        await _bareNear.DisposeAsync();
        await _bareFar.DisposeAsync();
    }

    /// <summary>Reads and drops; says when as much as was expected has come.</summary>
    private sealed class Sink : IProtocol
    {
        private long _missing;
        private TaskCompletionSource _arrived = new();

        public string Id => SinkProtocol;

        public Task Expect(long bytes)
        {
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _missing, bytes);
            return _arrived.Task;
        }

        public async Task HandleAsync(PeerStream stream, CancellationToken cancellationToken)
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync(cancellationToken);
                var length = result.Buffer.Length;
                stream.Input.AdvanceTo(result.Buffer.End);
                if (length > 0 && Interlocked.Add(ref _missing, -length) == 0)
                {
                    _arrived.SetResult();
                }

                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
    }
}
