using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Networking.Muxing;

/// <summary>
/// Many streams over one (yamux <c>/yamux/1.0.0</c>). Two loops own the wire: one receives, one sends. They share state under one
/// short lock and never wait for each other, so a peer that stops reading stalls its own streams and nothing else. What waits to be
/// sent is marked, not queued as frames: a stream in the ready queue is asked for its next frame when the wire has room for it.
/// </summary>
internal sealed partial class Yamux : IAsyncDisposable
{
    private readonly Stream _wire;
    private readonly Stream _transport;
    private readonly bool _isDialer;
    private readonly YamuxLimits _limits;
    private readonly TimeProvider _time;
    private readonly Action<YamuxStream> _onInbound;
    private readonly Action<YamuxFault>? _onFault;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _unacknowledged = new(YamuxLimits.MaxUnacknowledgedStreams);

    // ---- Under the gate ----
    private readonly Dictionary<uint, YamuxStream> _streams = [];
    private uint _nextId;
    private int _inboundCount;
    private bool _isRemoteGoingAway;
    private bool _isClosing;
    private bool _isDraining;
    private Exception? _failure;
    private YamuxFault? _fault;
    private ITimer? _drainTimer;

    /// <param name="wire">The secured connection; the session disposes it.</param>
    /// <param name="transport">What lies under <paramref name="wire"/> (or the wire itself): closing it makes both loops fail.</param>
    /// <param name="isDialer">The dialer opens odd streams, the listener even ones.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="time">Clock.</param>
    /// <param name="onInbound">Called by the receive loop for each stream that the peer opens: must return at once.</param>
    /// <param name="onFault">Called outside the gate for whatever the session ends or resets on its own account; must return at once.</param>
    public Yamux(
        Stream wire, Stream transport, bool isDialer, YamuxLimits limits, TimeProvider time, Action<YamuxStream> onInbound, Action<YamuxFault>? onFault = null)
    {
        _wire = wire;
        _transport = transport;
        _isDialer = isDialer;
        _limits = limits;
        _time = time;
        _onInbound = onInbound;
        _onFault = onFault;
        _nextId = isDialer ? 1u : 2u;
        _lastReceivedTimestamp = time.GetTimestamp();
    }

    /// <summary>The one lock. Nothing is awaited and no user code runs under it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Bytes queued on all streams. Under the gate.</summary>
    public long QueuedBytes { get; set; }

    /// <summary>Completes, never with an error, when both loops have ended and the wire is disposed.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Why the session ended; null while it lives.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    public int StreamCount
    {
        get
        {
            lock (Gate)
            {
                return _streams.Count;
            }
        }
    }

    public bool IsOpen
    {
        get
        {
            lock (Gate)
            {
                return _failure is null && !_isClosing && !_isRemoteGoingAway;
            }
        }
    }

    /// <summary>Starts both loops.</summary>
    public void Start()
    {
        SendPing();
        _ = RunAsync();
    }

    /// <summary>Opens a stream; waits where the peer has not acknowledged 256 earlier ones.</summary>
    /// <exception cref="StreamResetException">The session is closed or closing.</exception>
    public async ValueTask<YamuxStream> OpenAsync(CancellationToken cancellationToken)
    {
        await _unacknowledged.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (Gate)
        {
            if (_failure is null && !_isClosing && !_isRemoteGoingAway && _nextId <= uint.MaxValue - 2)
            {
                var stream = new YamuxStream(this, _nextId, isInbound: false) { OpeningFlags = YamuxFlags.Syn };
                _nextId += 2;
                _streams.Add(stream.Id, stream);
                return stream;
            }
        }

        _unacknowledged.Release();
        throw new StreamResetException("The connection is closed and opens no more streams.", _failure);
    }

    /// <summary>Sends what is queued within the drain time, says goodbye, and closes.</summary>
    public ValueTask DisposeAsync()
    {
        BeginClose(YamuxGoAway.Normal);
        return new ValueTask(Closed);
    }

    /// <summary>Closes at once: what is queued is lost, streams fail with <paramref name="reason"/> as the cause.</summary>
    public void Abort(Exception reason)
    {
        List<YamuxStream> streams;
        lock (Gate)
        {
            if (_failure is not null)
            {
                return;
            }

            Volatile.Write(ref _failure, reason);
            streams = [.. _streams.Values];
            _streams.Clear();
            _drainTimer?.Dispose();
        }

        foreach (var stream in streams)
        {
            Remove(stream, new StreamResetException("The connection was closed.", reason));
        }

        // Both loops fail, which is how they end; the layers above are disposed when nobody uses them any more.
        _transport.Dispose();
        _work.Set();
    }

    /// <summary>
    /// Called now and then by the owner: measures the round trip, ends a silent peer, and resets streams that were closed here long ago.
    /// </summary>
    public void Tick()
    {
        List<YamuxStream>? overdue = null;
        var now = _time.GetTimestamp();
        lock (Gate)
        {
            foreach (var stream in _streams.Values)
            {
                if (stream.LingerTimestamp != 0 && _time.GetElapsedTime(stream.LingerTimestamp, now) > _limits.CloseTimeout)
                {
                    (overdue ??= []).Add(stream);
                }
            }
        }

        overdue?.ForEach(stream => Reset(stream, YamuxFault.Unended));
        if (_time.GetElapsedTime(Volatile.Read(ref _lastReceivedTimestamp), now) > _limits.KeepAliveTimeout)
        {
            _onFault?.Invoke(YamuxFault.Silent);
            Abort(new ProtocolViolationException("The peer did not answer for too long."));
            return;
        }

        SendPing();
    }

    /// <summary>Resets the stream: both directions end at once, here and at the peer.</summary>
    public void Reset(YamuxStream stream)
    {
        lock (Gate)
        {
            if (stream.IsRemoved)
            {
                return;
            }

            // A stream that the peer has not heard of needs no reset.
            if ((stream.OpeningFlags & YamuxFlags.Syn) == 0)
            {
                QueueReply(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Reset, stream.Id, 0));
            }
        }

        Remove(stream, new StreamResetException("The stream was reset by this side."));
    }

    private void Reset(YamuxStream stream, YamuxFault fault)
    {
        _onFault?.Invoke(fault);
        Reset(stream);
    }

    /// <summary>The reader has dealt with <paramref name="bytes"/>; once half the window is free the peer is told.</summary>
    public void OnExamined(YamuxStream stream, int bytes)
    {
        lock (Gate)
        {
            // Not below zero: a reset has already let go of what was unread.
            bytes = Math.Min(bytes, stream.Unread);
            stream.Unread -= bytes;
            _unreadBytes -= bytes;
            if (!stream.IsRemoved && !stream.IsRemoteEnded && GrantOf(stream) >= stream.Window / 2)
            {
                GrowWindow(stream);
                MarkReady(stream);
            }
        }
    }

    /// <summary>The reader is gone: unread bytes no longer count, further data is unwelcome.</summary>
    public void OnReaderCompleted(YamuxStream stream)
    {
        lock (Gate)
        {
            stream.IsDiscarding = true;
            ForgetUnread(stream);
            Linger(stream);
        }
    }

    /// <summary>The writer is done: a FIN follows what is queued.</summary>
    public void OnWriterCompleted(YamuxStream stream)
    {
        lock (Gate)
        {
            if (stream.IsRemoved)
            {
                return;
            }

            stream.IsLocalEnded = true;
            Linger(stream);
            MarkReady(stream);
        }
    }

    private void Linger(YamuxStream stream)
    {
        if (stream.IsLocalEnded && stream.IsDiscarding)
        {
            stream.LingerTimestamp = _time.GetTimestamp();
        }
    }

    /// <summary>Takes the stream out and ends both its directions: cleanly where they had ended, else with <paramref name="error"/>.</summary>
    private void Remove(YamuxStream stream, Exception error)
    {
        bool completeInput, resumeFlush;
        lock (Gate)
        {
            if (stream.IsRemoved)
            {
                return;
            }

            stream.IsRemoved = true;
            _streams.Remove(stream.Id);
            _inboundCount -= stream.IsInbound ? 1 : 0;
            _growthBytes -= stream.Window - YamuxLimits.InitialWindowBytes;
            MarkAcknowledged(stream);
            if (!stream.IsRemoteEnded)
            {
                ForgetUnread(stream);
            }

            stream.Output.Fail(error);
            completeInput = stream.MarkInputEnded(error);
            resumeFlush = stream.Output.TakeFlushResumption();
        }

        if (completeInput)
        {
            stream.CompleteInput();
        }

        if (resumeFlush)
        {
            stream.Output.ResumeFlush();
        }
    }

    private void ForgetUnread(YamuxStream stream)
    {
        _unreadBytes -= stream.Unread;
        stream.Unread = 0;
    }

    private void MarkAcknowledged(YamuxStream stream)
    {
        if (!stream.IsInbound && !stream.IsAcknowledged)
        {
            stream.IsAcknowledged = true;
            _unacknowledged.Release();
        }
    }

    /// <summary>What ends the session by the peer's fault; the receive loop throws it, reports it and tells the peer.</summary>
    private ProtocolViolationException Violation(YamuxFault fault, string message)
    {
        _fault = fault;
        return new ProtocolViolationException(message);
    }

    private void BeginClose(YamuxGoAway reason)
    {
        lock (Gate)
        {
            if (_isClosing || _failure is not null)
            {
                return;
            }

            _isClosing = true;
            _isDraining = reason == YamuxGoAway.Normal;
            QueueReply(new YamuxHeader(YamuxType.GoAway, YamuxFlags.None, 0, (uint)reason));
            _drainTimer = _time.CreateTimer(
                static state => ((Yamux)state!).Abort(new StreamResetException("The peer did not take the last data in time.")),
                this, _limits.DrainTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A loop ends by whatever the wire throws; the reason is kept and told.")]
    private async Task RunAsync()
    {
        var send = Task.Run(SendLoopAsync);
        try
        {
            await ReceiveLoopAsync().ConfigureAwait(false);
            Abort(new StreamResetException("The peer closed the connection."));
        }
        catch (ProtocolViolationException violation)
        {
            // The peer is told why, if it still listens; the drain timer bounds the attempt.
            if (_fault is { } fault)
            {
                _onFault?.Invoke(fault);
            }

            BeginClose(YamuxGoAway.ProtocolError);
            await send.ConfigureAwait(false);
            Abort(violation);
        }
        catch (Exception error)
        {
            Abort(error);
        }

        await send.ConfigureAwait(false);
        await _wire.DisposeAsync().ConfigureAwait(false);
        _closed.TrySetResult();
    }
}
