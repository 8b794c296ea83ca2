using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Sdk.Core.Networking.Muxing;

/// <summary>
/// The writing end of a stream. The user writes straight into what will be the frame: each pooled buffer begins with room for a
/// header, so that the send loop hands header and payload to TLS as one piece without copying. Where the window lets only part of a
/// buffer go, the next header overwrites bytes that have left already.
/// </summary>
internal sealed class YamuxOutput(YamuxStream stream) : PipeWriter, IValueTaskSource<FlushResult>
{
    /// <summary>A flush waits while more than this is unsent: enough to keep the send loop busy, small enough to bound memory.</summary>
    private const int PauseBytes = 256 * 1024;

    private const int ResumeBytes = 128 * 1024;

    /// <summary>The first buffer of a message is small, since most messages are.</summary>
    private const int SmallBufferBytes = 4096;

    /// <summary>Below this a frame is copied into the batch rather than sent as a TLS record of its own.</summary>
    private const int DirectFrameBytes = 16 * 1024;

    private readonly Queue<Chunk> _queue = new();
    private ManualResetValueTaskSourceCore<FlushResult> _flush = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _flushCancellation;

    // The buffer being filled; the writer's own until it is queued.
    private byte[]? _filling;
    private int _fillingEnd;
    private long _unflushed;
    private bool _isCompleted;

    // ---- Under the session's gate ----
    private Chunk _head;
    private bool _isHeadInFlight;
    private Exception? _error;
    private bool _isFlushWaiting;
    private bool _isFlushCancelled;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    /// <summary>Bytes queued and not yet given to the wire. Under the session's gate.</summary>
    public long QueuedBytes { get; private set; }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Prepare(sizeHint);
        return _filling.AsMemory(_fillingEnd);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Prepare(sizeHint);
        return _filling.AsSpan(_fillingEnd);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_filling?.Length ?? 0) - _fillingEnd);
        _fillingEnd += bytes;
        _unflushed += bytes;
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        var rest = source.Span;
        while (!rest.IsEmpty)
        {
            // The buffer is sized by what is left, so that a large payload does not begin with a small frame.
            var room = GetSpan(_filling is null || _fillingEnd == _filling.Length ? Math.Min(rest.Length, YamuxLimits.MaxFrameBytes - YamuxHeader.Bytes) : 0);
            var part = rest[..Math.Min(room.Length, rest.Length)];
            part.CopyTo(room);
            Advance(part.Length);
            rest = rest[part.Length..];
        }

        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        ObjectDisposedException.ThrowIf(_isCompleted, this);
        lock (stream.Session.Gate)
        {
            _unflushed = 0;
            QueueFilling();
            if (_error is not null)
            {
                return ValueTask.FromException<FlushResult>(_error);
            }

            stream.Session.MarkReady(stream);
            if (QueuedBytes <= PauseBytes || _isFlushCancelled)
            {
                var cancelled = _isFlushCancelled;
                _isFlushCancelled = false;
                return new ValueTask<FlushResult>(new FlushResult(cancelled, isCompleted: false));
            }

            _flush.Reset();
            _isFlushWaiting = true;
        }

        var version = _flush.Version;
        _flushCancellation = cancellationToken.UnsafeRegister(static (state, token) => ((YamuxOutput)state!).CancelFlush(token), this);
        return new ValueTask<FlushResult>(this, version);
    }

    public override void CancelPendingFlush()
    {
        lock (stream.Session.Gate)
        {
            if (!_isFlushWaiting)
            {
                _isFlushCancelled = true;
                return;
            }

            _isFlushWaiting = false;
        }

        _flush.SetResult(new FlushResult(isCanceled: true, isCompleted: false));
    }

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        if (exception is not null)
        {
            ReturnFilling();
            stream.Session.Reset(stream);
            return;
        }

        lock (stream.Session.Gate)
        {
            QueueFilling();
        }

        stream.Session.OnWriterCompleted(stream);
    }

    // ---- Under the session's gate ----

    /// <summary>Whether a frame could leave now, but for the room in the batch.</summary>
    public bool CanSend => QueuedBytes > 0 && stream.SendWindow > 0 && !_isHeadInFlight;

    /// <summary>
    /// Takes the next data frame: into <paramref name="batch"/> if it is small, or as a buffer of its own in <paramref name="direct"/>,
    /// to be handed back with <see cref="OnDirectSent"/>. False where the batch has no room for it.
    /// </summary>
    public bool TryTakeFrame(Span<byte> batch, YamuxFlags flags, out int written, out ReadOnlyMemory<byte> direct)
    {
        written = 0;
        direct = default;
        if (_head.Length == 0)
        {
            _head = _queue.Dequeue();
        }

        var length = (int)Math.Min(Math.Min(_head.Length, YamuxLimits.MaxFrameBytes - YamuxHeader.Bytes), stream.SendWindow);
        var isLarge = length >= DirectFrameBytes;
        if (!isLarge && batch.Length < YamuxHeader.Bytes + length)
        {
            return false;
        }

        var frame = _head.Array.AsSpan(_head.Start - YamuxHeader.Bytes, YamuxHeader.Bytes + length);
        new YamuxHeader(YamuxType.Data, flags, stream.Id, (uint)length).Write(frame);
        if (isLarge)
        {
            direct = _head.Array.AsMemory(_head.Start - YamuxHeader.Bytes, YamuxHeader.Bytes + length);
            _isHeadInFlight = true;
        }
        else
        {
            frame.CopyTo(batch);
            written = frame.Length;
        }

        stream.SendWindow -= length;
        QueuedBytes -= length;
        stream.Session.QueuedBytes -= length;
        _head = _head with { Start = _head.Start + length };
        if (_head.Length == 0 && !isLarge)
        {
            ArrayPool<byte>.Shared.Return(_head.Array!);
            _head = default;
        }

        return true;
    }

    public void OnDirectSent()
    {
        _isHeadInFlight = false;
        if (_head.Length == 0 || _error is not null)
        {
            ArrayPool<byte>.Shared.Return(_head.Array!);
            _head = default;
        }
    }

    /// <summary>Whether a waiting flush may go on; the caller then calls <see cref="ResumeFlush"/> outside the gate.</summary>
    public bool TakeFlushResumption()
    {
        var resume = _isFlushWaiting && (QueuedBytes <= ResumeBytes || _error is not null);
        _isFlushWaiting &= !resume;
        return resume;
    }

    /// <summary>Drops what is queued and fails every later flush. The caller then resumes a waiting flush.</summary>
    public void Fail(Exception error)
    {
        if (_error is not null)
        {
            return;
        }

        _error = error;
        stream.Session.QueuedBytes -= QueuedBytes;
        QueuedBytes = 0;
        while (_queue.TryDequeue(out var chunk))
        {
            ArrayPool<byte>.Shared.Return(chunk.Array!);
        }

        if (!_isHeadInFlight && _head.Array is not null)
        {
            ArrayPool<byte>.Shared.Return(_head.Array);
            _head = default;
        }
    }

    // ---- Outside the gate ----

    public void ResumeFlush()
    {
        if (_error is not null)
        {
            _flush.SetException(_error);
        }
        else
        {
            _flush.SetResult(default);
        }
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        _flushCancellation.Dispose();
        _flushCancellation = default;
        return _flush.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _flush.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _flush.OnCompleted(continuation, state, token, flags);

    private void CancelFlush(CancellationToken token)
    {
        lock (stream.Session.Gate)
        {
            if (!_isFlushWaiting)
            {
                return;
            }

            _isFlushWaiting = false;
        }

        _flush.SetException(new OperationCanceledException(token));
    }

    private void Prepare(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        var isFull = _filling is not null && _filling.Length - _fillingEnd < Math.Max(sizeHint, 1);
        if (_filling is not null && !isFull)
        {
            return;
        }

        // A message that overflows its first buffer is a large one: its next buffers fill whole frames.
        var size = Math.Max(isFull ? YamuxLimits.MaxFrameBytes : SmallBufferBytes, sizeHint + YamuxHeader.Bytes);
        if (_filling is not null)
        {
            lock (stream.Session.Gate)
            {
                QueueFilling();
            }
        }

        _filling = ArrayPool<byte>.Shared.Rent(size);
        _fillingEnd = YamuxHeader.Bytes;
    }

    private void QueueFilling()
    {
        if (_filling is null)
        {
            return;
        }

        if (_error is not null || _fillingEnd == YamuxHeader.Bytes)
        {
            ReturnFilling();
            return;
        }

        var chunk = new Chunk(_filling, YamuxHeader.Bytes, _fillingEnd);
        _filling = null;
        _queue.Enqueue(chunk);
        QueuedBytes += chunk.Length;
        stream.Session.QueuedBytes += chunk.Length;
    }

    private void ReturnFilling()
    {
        if (_filling is not null)
        {
            ArrayPool<byte>.Shared.Return(_filling);
            _filling = null;
        }
    }

    private readonly record struct Chunk(byte[]? Array, int Start, int End)
    {
        public int Length => End - Start;
    }
}
