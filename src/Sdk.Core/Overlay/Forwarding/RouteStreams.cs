using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Forwarding.Wire;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Overlay.Forwarding;

/// <summary>
/// The shell around <see cref="PacketForwarder{TPeer}"/>: one stream for the packets to a peer, opened when there is one, on which its answers
/// come back; and the handlers of what is for this node. What is said to be under the gate is under the overlay's own.
/// </summary>
internal sealed class RouteStreams
{
    /// <summary>What one flush carries at most, so that no pipe holds a whole window of packets.</summary>
    private const int FlushBytes = 64 * 1024;

    /// <summary>How long a stream waits for the handshake of its peer, which may be a moment behind.</summary>
    private static readonly TimeSpan LinkTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate;
    private readonly OverlayRouter _router;
    private readonly Action<Func<Task>> _begin;
    private readonly Action _settleRouter;
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopped;

    // ---- Under the gate ----
    private readonly PacketForwarder<OverlayPeer> _forwarder;
    private readonly Dictionary<OverlayPeer, Channel<bool>> _outgoing = [];
    private readonly Dictionary<UInt128, TaskCompletionSource<RouteOutcome>> _own = [];
    private readonly Dictionary<PeerId, List<TaskCompletionSource<OverlayPeer>>> _awaited = [];
    private readonly Dictionary<string, Func<RoutedMessage, CancellationToken, ValueTask>> _handlers = [];
    private long _dropped;

    /// <param name="gate">The overlay's.</param>
    /// <param name="router">Who is connected. Under the gate.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="begin">Runs work that the overlay's disposal waits for. Under the gate.</param>
    /// <param name="settleRouter">Does what the router wants. Under the gate.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where logs go.</param>
    /// <param name="stopped">The overlay is being left.</param>
    public RouteStreams(
        Lock gate,
        OverlayRouter router,
        ForwardingOptions options,
        Action<Func<Task>> begin,
        Action settleRouter,
        TimeProvider time,
        ILogger logger,
        CancellationToken stopped)
    {
        (_gate, _router, _begin, _settleRouter, _time, _logger, _stopped) = (gate, router, begin, settleRouter, time, logger, stopped);
        _forwarder = new PacketForwarder<OverlayPeer>(router.Table, options);
        _startedAt = time.GetTimestamp();
    }

    private TimeSpan Now => _time.GetElapsedTime(_startedAt);

    /// <summary>Registers a handler; disposing what is returned takes it away.</summary>
    /// <exception cref="InvalidOperationException">The kind has one.</exception>
    public IDisposable Handle(string kind, Func<RoutedMessage, CancellationToken, ValueTask> handler)
    {
        lock (_gate)
        {
            if (!_handlers.TryAdd(kind, handler))
            {
                throw new InvalidOperationException($"Messages of the kind {kind} are handled already.");
            }
        }

        return new Registration(this, kind);
    }

    public async ValueTask<RouteOutcome> SendAsync(RoutedPacket packet, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<RouteOutcome> settled;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped.IsCancellationRequested, typeof(OverlayNetwork));
            _forwarder.IsLight = _router.Record.IsLight;
            if (_forwarder.Originate(packet, Now) is { } outcome)
            {
                Settle();
                return outcome;
            }

            settled = new TaskCompletionSource<RouteOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            _own.Add(packet.Id, settled);
            Settle();
        }

        return await settled.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes the packets that a peer passes on, and answers each.</summary>
    /// <exception cref="PeerRefusedException">The peer is not in the overlay.</exception>
    /// <exception cref="ProtocolViolationException">A frame is malformed.</exception>
    public async Task ReceiveAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var peer = await WhenLinkedAsync(stream.Connection.RemotePeer, cancellationToken).ConfigureAwait(false);
        try
        {
            while (await ProtobufFrame.ReadAsync(stream.Input, Packet.Parser, RouteWire.MaxPacketBytes, cancellationToken).ConfigureAwait(false) is { } frame)
            {
                var packet = RouteWire.Read(frame);
                var outcome = Receive(peer, packet);
                RouteTelemetry.Answered(outcome);
                ProtobufFrame.Write(stream.Output, RouteWire.Write(packet.Id, outcome));
                await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ProtocolViolationException)
        {
            ReportGarbage(peer);
            throw;
        }
    }

    /// <summary>A peer has shown its record. Under the gate.</summary>
    public void Linked(OverlayPeer peer)
    {
        if (peer.Record.Peer is { } id && _awaited.Remove(id, out var waiting))
        {
            waiting.ForEach(each => each.TrySetResult(peer));
        }
    }

    /// <summary>A peer is gone. Under the gate.</summary>
    public void Disconnected(OverlayPeer peer)
    {
        if (_outgoing.Remove(peer, out var signal))
        {
            signal.Writer.TryComplete();
        }

        _forwarder.Disconnected(peer, Now);
        Settle();
    }

    /// <summary>Time has passed. Under the gate.</summary>
    public void Tick()
    {
        _forwarder.IsLight = _router.Record.IsLight;
        _forwarder.Tick(Now);
        Settle();
        RouteTelemetry.Dropped(_forwarder.DroppedPackets - _dropped);
        _dropped = _forwarder.DroppedPackets;
    }

    /// <summary>Whoever waits for something of this node is told that it has left. Under the gate.</summary>
    public void Stop()
    {
        foreach (var settled in _own.Values)
        {
            settled.TrySetException(new ObjectDisposedException(nameof(OverlayNetwork)));
        }

        _own.Clear();
        foreach (var signal in _outgoing.Values)
        {
            signal.Writer.TryComplete();
        }
    }

    private static Connection? ConnectionTo(OverlayPeer peer) =>
        peer is { IsLinked: true, Link: List<OverlaySession> { Count: > 0 } sessions } ? sessions[0].Connection : null;

    private RouteOutcome Receive(OverlayPeer peer, RoutedPacket packet)
    {
        lock (_gate)
        {
            if (!peer.IsLinked)
            {
                throw new PeerRefusedException("The peer is not in the overlay any more.");
            }

            _forwarder.IsLight = _router.Record.IsLight;
            var outcome = _forwarder.Receive(peer, packet, Now);
            Settle();
            return outcome;
        }
    }

    private async Task<OverlayPeer> WhenLinkedAsync(PeerId id, CancellationToken cancellationToken)
    {
        TaskCompletionSource<OverlayPeer> linked;
        lock (_gate)
        {
            if (_router.Linked.FirstOrDefault(peer => peer.Record.Peer == id) is { } peer)
            {
                return peer;
            }

            linked = new TaskCompletionSource<OverlayPeer>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_awaited.TryGetValue(id, out var waiting))
            {
                _awaited[id] = waiting = [];
            }

            waiting.Add(linked);
        }

        try
        {
            return await linked.Task.WaitAsync(LinkTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException error)
        {
            throw new PeerRefusedException("The peer sends packets and does not show who it is in the overlay.", error);
        }
        finally
        {
            lock (_gate)
            {
                if (_awaited.TryGetValue(id, out var waiting) && waiting.Remove(linked) && waiting.Count == 0)
                {
                    _awaited.Remove(id);
                }
            }
        }
    }

    private void ReportGarbage(OverlayPeer peer)
    {
        lock (_gate)
        {
            _router.ReceivedGarbage(peer);
            _settleRouter();
        }
    }

    /// <summary>Does what the forwarder wants. Under the gate.</summary>
    private void Settle()
    {
        while (_forwarder.TryTakeEffect(out var effect))
        {
            switch (effect.Kind)
            {
                case ForwardEffectKind.Wake:
                    Wake(effect.Peer!);
                    break;
                case ForwardEffectKind.Deliver:
                    Deliver(effect.Packet!);
                    break;
                default:
                    if (_own.Remove(effect.Packet!.Id, out var settled))
                    {
                        settled.TrySetResult(effect.Outcome);
                    }

                    break;
            }
        }
    }

    private void Wake(OverlayPeer peer)
    {
        if (_outgoing.TryGetValue(peer, out var signal))
        {
            signal.Writer.TryWrite(true);
        }
        else if (ConnectionTo(peer) is { } connection)
        {
            // One signal that waits stands for any number.
            signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
            _outgoing.Add(peer, signal);
            signal.Writer.TryWrite(true);
            _begin(() => SendAllAsync(peer, connection, signal));
        }
        else
        {
            _forwarder.Disconnected(peer, Now);
        }
    }

    private void Deliver(RoutedPacket packet)
    {
        if (_handlers.TryGetValue(packet.Kind, out var handler))
        {
            _begin(() => HandleAsync(handler, packet));
        }
        else
        {
            RouteTelemetry.Unhandled();
            _forwarder.Delivered();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "What a user's handler throws is logged and counted, and ends nothing else.")]
    private async Task HandleAsync(Func<RoutedMessage, CancellationToken, ValueTask> handler, RoutedPacket packet)
    {
        try
        {
            await handler(new RoutedMessage(packet.Target, packet.IsToAll, packet.Payload), _stopped).ConfigureAwait(false);
            RouteTelemetry.Handled();
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The node leaves.
        }
        catch (Exception error)
        {
            RouteTelemetry.HandlerFailed();
            RouteLog.HandlerFailed(_logger, packet.Kind, error);
        }
        finally
        {
            lock (_gate)
            {
                _forwarder.Delivered();
            }
        }
    }

    private async Task SendAllAsync(OverlayPeer peer, Connection connection, Channel<bool> signal)
    {
        PeerStream? stream = null;
        try
        {
            stream = await OpenStreamAsync(connection).ConfigureAwait(false);
            var answers = ReceiveAnswersAsync(peer, stream, signal);
            try
            {
                await SendAllAsync(peer, stream, signal).ConfigureAwait(false);
            }
            finally
            {
                stream.Input.CancelPendingRead();
                await answers.ConfigureAwait(false);
            }

            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException or ObjectDisposedException)
        {
            RouteLog.StreamEnded(_logger, peer.Address, error.Message);
            stream?.Reset();
        }
        finally
        {
            lock (_gate)
            {
                if (_outgoing.TryGetValue(peer, out var current) && current == signal)
                {
                    Disconnected(peer);
                }
            }
        }
    }

    private async Task SendAllAsync(OverlayPeer peer, PeerStream stream, Channel<bool> signal)
    {
        while (await signal.Reader.WaitToReadAsync(_stopped).ConfigureAwait(false))
        {
            signal.Reader.TryRead(out _);
            var unflushed = 0;
            while (TryTake(peer, out var packet))
            {
                ProtobufFrame.Write(stream.Output, RouteWire.Write(packet));
                unflushed += packet.Payload.Length;
                if (unflushed >= FlushBytes)
                {
                    await stream.Output.FlushAsync(_stopped).ConfigureAwait(false);
                    unflushed = 0;
                }
            }

            await stream.Output.FlushAsync(_stopped).ConfigureAwait(false);
        }
    }

    private bool TryTake(OverlayPeer peer, [NotNullWhen(true)] out RoutedPacket? packet)
    {
        lock (_gate)
        {
            return _forwarder.TryTakePacket(peer, Now, out packet);
        }
    }

    private async Task ReceiveAnswersAsync(OverlayPeer peer, PeerStream stream, Channel<bool> signal)
    {
        try
        {
            while (await ProtobufFrame.ReadAsync(stream.Input, Answer.Parser, RouteWire.MaxAnswerBytes, _stopped).ConfigureAwait(false) is { } frame)
            {
                var (id, outcome) = RouteWire.Read(frame);
                lock (_gate)
                {
                    _forwarder.Answered(peer, id, outcome, Now);
                    Settle();
                }
            }
        }
        catch (ProtocolViolationException error)
        {
            RouteLog.StreamEnded(_logger, peer.Address, error.Message);
            ReportGarbage(peer);
        }
        catch (Exception error) when (error is SdkException or OperationCanceledException or ObjectDisposedException)
        {
            RouteLog.StreamEnded(_logger, peer.Address, error.Message);
        }

        // Nobody answers any more, so nothing more is sent.
        signal.Writer.TryComplete();
    }

    private async Task<PeerStream> OpenStreamAsync(Connection connection)
    {
        using var timeout = new CancellationTokenSource(LinkTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped);
        return await connection.OpenStreamAsync(RouteWire.Protocol, either.Token).ConfigureAwait(false);
    }

    private sealed class Registration(RouteStreams streams, string kind) : IDisposable
    {
        private bool _isDisposed;

        public void Dispose()
        {
            lock (streams._gate)
            {
                if (!_isDisposed)
                {
                    _isDisposed = true;
                    streams._handlers.Remove(kind);
                }
            }
        }
    }
}
