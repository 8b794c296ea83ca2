using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking.Diagnostics;
using Sdk.Core.Networking.Identify;
using Sdk.Core.Networking.Muxing;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Networking;

/// <summary>
/// A live, secured connection to one verified peer. Carries any number of streams that either side opens. Thread-safe. Its
/// <see cref="Switch"/> owns it; disposing it closes it for everybody who uses it.
/// </summary>
public sealed class Connection : IAsyncDisposable
{
    /// <summary>A peer that opened a stream has this long to name its protocol.</summary>
    private static readonly TimeSpan NegotiationTimeout = TimeSpan.FromSeconds(10);

    private readonly Yamux _muxer;
    private readonly ConcurrentDictionary<string, IProtocol> _protocols;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<YamuxStream, Task> _handlers = new();
    private readonly int _maxHandlers;
    private int _handlerCount;
    private int _closeReason;

    internal Connection(
        SecuredConnection secured,
        TransportConnection transport,
        bool isDialer,
        ConcurrentDictionary<string, IProtocol> protocols,
        YamuxLimits limits,
        TimeProvider time,
        ILogger logger)
    {
        RemotePeer = secured.RemotePeer;
        RemoteIdentity = secured.RemoteKey;
        RemoteAddress = transport.Remote;
        LocalAddress = transport.Local;
        Limit = transport.Limit;
        IsDialer = isDialer;
        _maxHandlers = 2 * limits.MaxInboundStreams;
        _protocols = protocols;
        TimeProvider = time;
        _logger = logger;
        _muxer = new Yamux(secured.Stream, transport.Stream, isDialer, limits, time, OnInbound, OnMuxerFault);
        OpenedTimestamp = time.GetTimestamp();
        Closed = WatchAsync();
    }

    /// <summary>Who is at the other end; its handshake proved it.</summary>
    public PeerId RemotePeer { get; }

    /// <summary>The peer's identity key, of whatever type; <see cref="RemotePeer"/> is made of it.</summary>
    public IdentityKey RemoteIdentity { get; }

    /// <summary>The peer's node key, where it is of the suite's own kind (secp256k1); null for a foreign peer with another type.</summary>
    public PublicKey? RemoteKey => RemoteIdentity.Secp256k1;

    /// <summary>The other end as the transport sees it, without the peer.</summary>
    public Multiaddr RemoteAddress { get; }

    /// <summary>This end as the transport sees it, without the peer.</summary>
    public Multiaddr LocalAddress { get; }

    /// <summary>Whether this side dialled.</summary>
    public bool IsDialer { get; }

    /// <summary>
    /// What the peer says of itself; null until it has said it, which is soon after the connection opened or never
    /// (see <see cref="WhenIdentifiedAsync"/>).
    /// </summary>
    public PeerIdentity? Identity => IdentifyState.Identity;

    /// <summary>
    /// Whether a relay carries the connection. It is as secret and as verified as any other; but it is slower, often limited, and its
    /// addresses say nothing of where the peer is.
    /// </summary>
    public bool IsRelayed => RemoteAddress.IsRelayed;

    /// <summary>What the relay lets the connection carry; null where nothing limits it.</summary>
    public ConnectionLimit? Limit { get; }

    /// <summary>Completes, never with an error, when the connection is closed and its resources are released.</summary>
    public Task Closed { get; }

    /// <summary>The clock of the connection's switch.</summary>
    internal TimeProvider TimeProvider { get; }

    /// <summary>What identify keeps of this connection.</summary>
    internal IdentifyState IdentifyState { get; } = new();

    internal long OpenedTimestamp { get; }

    /// <summary>Streams that either side holds open.</summary>
    internal int StreamCount => _muxer.StreamCount;

    /// <summary>Whether new streams can be opened.</summary>
    internal bool IsOpen => _muxer.IsOpen;

    /// <summary>Opens a stream and agrees on <paramref name="protocol"/> with the peer.</summary>
    /// <exception cref="PeerRefusedException">The peer does not speak the protocol.</exception>
    /// <exception cref="StreamResetException">The connection is closed, or the peer reset the stream.</exception>
    /// <exception cref="ProtocolViolationException">The peer answered against the rules.</exception>
    public async ValueTask<PeerStream> OpenStreamAsync(string protocol, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        var stream = await _muxer.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var view = new DuplexStream(stream.Input, stream.Output);
            if (!await MultistreamSelect.ProposeAsync(view, protocol, cancellationToken).ConfigureAwait(false))
            {
                throw new PeerRefusedException($"The peer does not speak {protocol}.");
            }

            return new PeerStream(stream, this, protocol);
        }
        catch (Exception error)
        {
            _muxer.Reset(stream);
            if (error is ProtocolViolationException)
            {
                Violated(protocol, error);
            }

            throw;
        }
    }

    /// <summary>Measures one round trip to the peer (libp2p <c>specs/ping</c>), on a stream of its own.</summary>
    /// <exception cref="PeerRefusedException">The peer does not answer pings.</exception>
    /// <exception cref="StreamResetException">The peer did not answer within ten seconds, or the connection is closed.</exception>
    /// <exception cref="ProtocolViolationException">The peer answered against the rules.</exception>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        var session = await OpenPingAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            return await session.PingAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a stream on which round trips to the peer are measured again and again.</summary>
    /// <exception cref="PeerRefusedException">The peer does not answer pings.</exception>
    /// <exception cref="StreamResetException">The peer did not agree within ten seconds, or the connection is closed.</exception>
    /// <exception cref="ProtocolViolationException">The peer answered against the rules.</exception>
    public async ValueTask<PingSession> OpenPingAsync(CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(PingSession.Timeout, TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return new PingSession(await OpenStreamAsync(PingProtocol.Name, either.Token).ConfigureAwait(false), TimeProvider);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamResetException("The peer did not agree to be pinged in time.", error);
        }
    }

    /// <summary>Waits until the peer has answered who it is, which every connection asks when it opens.</summary>
    /// <exception cref="PeerRefusedException">The peer does not speak identify.</exception>
    /// <exception cref="ProtocolViolationException">The peer's answer is malformed, forged or beyond the limits, or it did not come in time.</exception>
    /// <exception cref="StreamResetException">The connection was closed, or the peer reset the stream.</exception>
    public Task<PeerIdentity> WhenIdentifiedAsync(CancellationToken cancellationToken = default) =>
        IdentifyState.Answered.Task.WaitAsync(cancellationToken);

    /// <summary>Closes: queued data is sent within five seconds, handlers are cancelled, streams end.</summary>
    public ValueTask DisposeAsync() => CloseAsync(CloseReason.Local);

    /// <summary>Closes as <see cref="DisposeAsync"/> does; the reason is counted.</summary>
    internal async ValueTask CloseAsync(CloseReason reason)
    {
        Interlocked.CompareExchange(ref _closeReason, (int)reason, 0);
        await _closing.CancelAsync().ConfigureAwait(false);
        await _muxer.DisposeAsync().ConfigureAwait(false);
        await Closed.ConfigureAwait(false);
    }

    /// <summary>Completes when every handler of this connection's streams has returned.</summary>
    internal Task WhenHandledAsync() => Task.WhenAll(_handlers.Values);

    internal void Start() => _muxer.Start();

    internal void Tick() => _muxer.Tick();

    private async Task WatchAsync()
    {
        await _muxer.Closed.ConfigureAwait(false);
        Telemetry.Closed(ReasonOf(_muxer.Failure));
        NetworkLog.ConnectionClosed(_logger, RemotePeer, _muxer.Failure?.Message ?? "closed");
        await _closing.CancelAsync().ConfigureAwait(false);
    }

    private CloseReason ReasonOf(Exception? failure) => (CloseReason)Volatile.Read(ref _closeReason) switch
    {
        0 => failure switch
        {
            ProtocolViolationException => CloseReason.Violation,
            StreamResetException => CloseReason.Remote,
            _ => CloseReason.Broken,
        },
        var reason => reason,
    };

    /// <summary>The peer broke a rule on a stream that this side opened, and that is reset for it: counted and logged.</summary>
    internal void Violated(string protocol, Exception error)
    {
        Telemetry.StreamReset(Telemetry.ResetOf(error));
        NetworkLog.StreamEnded(_logger, RemotePeer, protocol, error.Message);
    }

    private void ResetInbound(YamuxStream stream, string reason, string why)
    {
        _muxer.Reset(stream);
        Telemetry.StreamReset(reason);
        NetworkLog.StreamEnded(_logger, RemotePeer, "?", why);
    }

    private void OnMuxerFault(YamuxFault fault)
    {
        YamuxTelemetry.Fault(fault);
        NetworkLog.MuxerFault(_logger, RemotePeer, YamuxTelemetry.WordOf(fault));
    }

    // Called by the receive loop: the work begins on another thread.
    private void OnInbound(YamuxStream stream)
    {
        // A peer that opens and resets in turn holds no streams; it must not pile up handlers either.
        if (Interlocked.Increment(ref _handlerCount) > _maxHandlers)
        {
            Interlocked.Decrement(ref _handlerCount);
            ResetInbound(stream, "overload", "The peer opens streams faster than they are served.");
            return;
        }

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _handlers[stream] = HandleAsync(stream, started.Task);
        started.SetResult();
    }

    [SuppressMessage("Design", "CA1031", Justification = "What a handler throws concerns its stream only: the stream is reset and the error logged.")]
    private async Task HandleAsync(YamuxStream stream, Task started)
    {
        await started.ConfigureAwait(false);
        var protocol = "?";
        try
        {
            if (await NegotiateAsync(stream).ConfigureAwait(false) is { } handler)
            {
                protocol = handler.Id;
                var peerStream = new PeerStream(stream, this, protocol);
                await handler.HandleAsync(peerStream, _closing.Token).ConfigureAwait(false);
                await peerStream.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                ResetInbound(stream, "unknown", "The peer asked for no protocol that is spoken here.");
            }
        }
        catch (Exception error)
        {
            _muxer.Reset(stream);
            Telemetry.StreamReset(Telemetry.ResetOf(error));
            if (error is SdkException or OperationCanceledException)
            {
                NetworkLog.StreamEnded(_logger, RemotePeer, protocol, error.Message);
            }
            else
            {
                NetworkLog.HandlerFailed(_logger, error, RemotePeer, protocol);
            }
        }
        finally
        {
            _handlers.TryRemove(stream, out _);
            Interlocked.Decrement(ref _handlerCount);
        }
    }

    private async ValueTask<IProtocol?> NegotiateAsync(YamuxStream stream)
    {
        using var timeout = new CancellationTokenSource(NegotiationTimeout, TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        var view = new DuplexStream(stream.Input, stream.Output);
        try
        {
            return await MultistreamSelect.AnswerAsync(view, name => _protocols.GetValueOrDefault(name), either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!_closing.IsCancellationRequested)
        {
            throw new ProtocolViolationException("The peer opened a stream and did not say in time for what.", error);
        }
    }
}
