using System.Threading.Channels;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Replication;

/// <summary>
/// Lane A messages of one group on one stream. Sending never waits: messages queue up to a bound of bytes, and beyond it
/// they are dropped, since everything in lane A may be lost and is asked for again.
/// </summary>
internal sealed class SliceStream : IAsyncDisposable
{
    /// <summary>From here on the way counts as congested, and nothing is sent on it a second time.</summary>
    private const long CongestedBytes = 4 * WriteBatch.MaxPayloadBytes;

    /// <summary>What may queue for one peer: a full flight of batches. Payloads are shared among the peers they go to.</summary>
    private const long MaxQueuedBytes = 24L * WriteBatch.MaxPayloadBytes;

    private readonly PeerStream _stream;
    private readonly Hash256 _group;
    private readonly GrantCache _grants;
    private readonly Channel<SliceMessage> _queue = Channel.CreateUnbounded<SliceMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private long _queuedBytes;

    public SliceStream(PeerStream stream, Hash256 group, GrantCache grants)
    {
        (_stream, _group, _grants) = (stream, group, grants);
        _sending = SendLoopAsync();
    }

    public bool IsCongested => Interlocked.Read(ref _queuedBytes) > CongestedBytes;

    /// <summary>Messages that found the queue full.</summary>
    public long Dropped { get; private set; }

    /// <summary>Queues a message and takes over its payload; false when it was dropped.</summary>
    public bool TrySend(SliceMessage message)
    {
        var bytes = SizeOf(message);
        if (Interlocked.Add(ref _queuedBytes, bytes) <= MaxQueuedBytes && _queue.Writer.TryWrite(message))
        {
            return true;
        }

        Interlocked.Add(ref _queuedBytes, -bytes);
        Dropped++;
        message.Release();
        return false;
    }

    /// <summary>The next message; null at the clean end of the stream.</summary>
    /// <exception cref="ProtocolViolationException">What came is no message of this group.</exception>
    /// <exception cref="StreamResetException">The stream or its connection broke.</exception>
    public async ValueTask<SliceMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        if (await SliceLogWire.ReadAsync(_stream.Input, _grants, cancellationToken).ConfigureAwait(false) is not { } read)
        {
            return null;
        }

        if (read.Group != _group)
        {
            read.Message.Release();
            throw new ProtocolViolationException("A message on this stream is about another group.");
        }

        return read.Message;
    }

    /// <summary>
    /// Takes no more messages and waits until the queued ones have left, so that a member that is slower than the quorum
    /// gets what it would have to fetch from others.
    /// </summary>
    public async Task DrainAsync(TimeSpan limit, TimeProvider time)
    {
        _queue.Writer.TryComplete();
        using var late = new CancellationTokenSource(limit, time);
        await Task.WhenAny(_sending, Task.Delay(Timeout.InfiniteTimeSpan, time, late.Token)).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        _stop.Dispose();
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task SendLoopAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out var message))
                {
                    await WriteAsync(message, _stop.Token).ConfigureAwait(false);
                }

                await _stream.Output.FlushAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is StreamResetException or OperationCanceledException)
        {
            // The reader of this stream meets the same end and reports it; what is queued is lost, as on any broken wire.
            _queue.Writer.TryComplete();
        }

        while (_queue.Reader.TryRead(out var message))
        {
            message.Release();
        }
    }

    private async ValueTask WriteAsync(SliceMessage message, CancellationToken cancellationToken)
    {
        try
        {
            SliceLogWire.WriteFrame(_stream.Output, _group, message);
            foreach (var part in SliceLogWire.BodyOf(message))
            {
                if (part.Length > 0)
                {
                    await _stream.Output.WriteAsync(part.Memory, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            Interlocked.Add(ref _queuedBytes, -SizeOf(message));
            message.Release();
        }
    }

    private static long SizeOf(SliceMessage message)
    {
        // What is not payload is small; a flat share keeps a queue of acknowledgements bounded too.
        var bytes = 512L;
        foreach (var part in SliceLogWire.BodyOf(message))
        {
            bytes += part.Length;
        }

        return bytes;
    }
}
