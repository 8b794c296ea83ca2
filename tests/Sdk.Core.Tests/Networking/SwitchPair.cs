using System.IO.Pipelines;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

/// <summary>Two switches that can reach each other, over TCP on loopback or in memory.</summary>
internal sealed class SwitchPair : IAsyncDisposable
{
    private readonly KeyPair _dialerKey = KeyPair.GenerateTestOnly();
    private readonly KeyPair _listenerKey = KeyPair.GenerateTestOnly();
    private readonly ITransport _transport;

    private SwitchPair(ITransport transport, bool isNoise, Action<SwitchOptions>? configureListener, Action<SwitchOptions>? configureDialer)
    {
        _transport = transport;
        Listener = Create(_listenerKey, configureListener);
        Dialer = Create(_dialerKey, configureDialer);

        Switch Create(KeyPair key, Action<SwitchOptions>? configure)
        {
            var options = new SwitchOptions { NodeKey = key, Transports = [transport] };
            options.Securities = isNoise ? [SecurityProtocol.Noise] : options.Securities;
            configure?.Invoke(options);
            return new Switch(options);
        }
    }

    public ITransport Transport => _transport;

    public Switch Dialer { get; }

    public Switch Listener { get; }

    public Multiaddr Address { get; private set; } = null!;

    /// <param name="kind">"tcp" or "memory"; with "/noise" behind it, both speak Noise alone.</param>
    /// <param name="configureListener">Changes the listener's options.</param>
    /// <param name="configureDialer">Changes the dialer's options.</param>
    public static async Task<SwitchPair> StartAsync(
        string kind = "tcp", Action<SwitchOptions>? configureListener = null, Action<SwitchOptions>? configureDialer = null)
    {
        var isTcp = kind.StartsWith("tcp", StringComparison.Ordinal);
        var isNoise = kind.EndsWith("/noise", StringComparison.Ordinal);
        var pair = new SwitchPair(isTcp ? new TcpTransport() : new MemoryTransport(), isNoise, configureListener, configureDialer);
        pair.Address = await pair.Listener.ListenAsync(Multiaddr.Parse(isTcp ? "/ip4/127.0.0.1/tcp/0" : "/memory/0"));
        return pair;
    }

    public async ValueTask DisposeAsync()
    {
        await Dialer.DisposeAsync();
        await Listener.DisposeAsync();
        await _transport.DisposeAsync();
        _dialerKey.Dispose();
        _listenerKey.Dispose();
    }
}

/// <summary>A protocol from a delegate.</summary>
internal sealed class Handler(string id, Func<PeerStream, CancellationToken, Task> handle) : IProtocol
{
    public string Id => id;

    public static Handler Echo { get; } = new("/test/echo/1", async (stream, token) => await stream.Input.CopyToAsync(stream.Output, token));

    public Task HandleAsync(PeerStream stream, CancellationToken cancellationToken) => handle(stream, cancellationToken);
}

internal static class PipeReading
{
    /// <summary>Reads to the end.</summary>
    public static async Task<byte[]> ReadToEndAsync(this PipeReader reader)
    {
        using var all = new MemoryStream();
        await reader.CopyToAsync(all);
        return all.ToArray();
    }
}

internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for what another thread is about to do; fails after 30 seconds.</summary>
    public static async Task TrueAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>The connection to a peer that is dialling, once it is there.</summary>
    public static async Task<Connection> ConnectionAsync(this Switch of, PeerId peer)
    {
        await TrueAsync(() => of.Connections.Any(connection => connection.RemotePeer == peer));
        return of.Connections.First(connection => connection.RemotePeer == peer);
    }
}

/// <summary>Tests that measure the process run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class Alone
{
    public const string Name = "alone";
}
