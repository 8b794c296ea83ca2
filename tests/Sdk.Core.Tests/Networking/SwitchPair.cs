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

    private SwitchPair(ITransport transport, Action<SwitchOptions>? configureListener)
    {
        _transport = transport;
        var options = new SwitchOptions { NodeKey = _listenerKey, Transports = [transport] };
        configureListener?.Invoke(options);
        Listener = new Switch(options);
        Dialer = new Switch(new SwitchOptions { NodeKey = _dialerKey, Transports = [transport] });
    }

    public ITransport Transport => _transport;

    public Switch Dialer { get; }

    public Switch Listener { get; }

    public Multiaddr Address { get; private set; } = null!;

    public static async Task<SwitchPair> StartAsync(string kind = "tcp", Action<SwitchOptions>? configureListener = null)
    {
        var isTcp = kind == "tcp";
        var pair = new SwitchPair(isTcp ? new TcpTransport() : new MemoryTransport(), configureListener);
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
