using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sdk.Core.Networking.Security;

namespace Sdk.Core.Networking.Muxing;

/// <summary>The sending half: replies first, then one frame of each ready stream in turn; small frames leave together.</summary>
internal sealed partial class Yamux
{
    private readonly Signal _work = new();

    // ---- Under the gate ----
    private readonly Queue<YamuxHeader> _replies = new();
    private readonly Queue<YamuxStream> _ready = new();

    /// <summary>Puts the stream in line for the wire. Under the gate.</summary>
    public void MarkReady(YamuxStream stream)
    {
        if (!stream.IsReady && !stream.IsRemoved && HasFrame(stream))
        {
            stream.IsReady = true;
            _ready.Enqueue(stream);
            _work.Set();
        }
    }

    private static bool HasFrame(YamuxStream stream) =>
        stream.Output.CanSend || IsFinDue(stream) || IsGrantDue(stream) || stream.OpeningFlags == YamuxFlags.Ack;

    private static bool IsFinDue(YamuxStream stream) => stream.IsLocalEnded && !stream.IsFinSent && stream.Output.QueuedBytes == 0;

    private static bool IsGrantDue(YamuxStream stream) =>
        !stream.IsRemoteEnded && !stream.IsDiscarding && GrantOf(stream) >= stream.Window / 2;

    private void QueueReply(YamuxHeader reply)
    {
        if (_replies.Count < YamuxLimits.MaxQueuedReplies)
        {
            _replies.Enqueue(reply);
            _work.Set();
        }
        else
        {
            _areRepliesOverflowing = true;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the wire throws ends the session; the reason is kept and told.")]
    private async Task SendLoopAsync()
    {
        byte[]? batch = null;
        try
        {
            while (true)
            {
                batch ??= ArrayPool<byte>.Shared.Rent(YamuxLimits.MaxFrameBytes);
                var used = FillBatch(batch, out var directStream, out var direct);
                if (used > 0)
                {
                    await _wire.WriteAsync(batch.AsMemory(0, used)).ConfigureAwait(false);
                }

                if (directStream is not null)
                {
                    await SendDirectAsync(directStream, direct).ConfigureAwait(false);
                }
                else if (used == 0)
                {
                    // An idle connection holds no buffer.
                    ArrayPool<byte>.Shared.Return(batch);
                    batch = null;
                    if (!await WaitForWorkAsync().ConfigureAwait(false))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception error)
        {
            Abort(error);
        }
        finally
        {
            if (batch is not null)
            {
                ArrayPool<byte>.Shared.Return(batch);
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendDirectAsync(YamuxStream stream, ReadOnlyMemory<byte> frame)
    {
        try
        {
            await _wire.WriteAsync(frame).ConfigureAwait(false);
        }
        finally
        {
            bool resume;
            lock (Gate)
            {
                stream.Output.OnDirectSent();
                resume = stream.Output.TakeFlushResumption();
                Requeue(stream);
            }

            if (resume)
            {
                stream.Output.ResumeFlush();
            }
        }
    }

    /// <summary>False once there is nothing more to do.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitForWorkAsync()
    {
        bool isDrained;
        lock (Gate)
        {
            if (_failure is not null)
            {
                return false;
            }

            isDrained = _isClosing && _replies.Count == 0 && _ready.Count == 0 && (QueuedBytes == 0 || !_isDraining);
        }

        if (isDrained)
        {
            // The peer sees the end after the last byte, closes, and so ends the receive loop.
            if (_wire is SslStream secured)
            {
                await secured.ShutdownAsync().ConfigureAwait(false);

                // js-libp2p does not act on the end of TLS: it closes when TCP ends, and so would keep us waiting.
                if (_transport is NetworkStream network)
                {
                    network.Socket.Shutdown(SocketShutdown.Send);
                }
            }
            else if (_wire is NoiseStream noise)
            {
                noise.EndWriting();
            }

            return false;
        }

        await _work.WaitAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>Fills the batch with frames that are ready, up to the first large one, which is returned beside it.</summary>
    private int FillBatch(Span<byte> batch, out YamuxStream? directStream, out ReadOnlyMemory<byte> direct)
    {
        direct = default;
        directStream = null;
        var used = 0;
        lock (Gate)
        {
            while (_failure is null && batch.Length - used >= YamuxHeader.Bytes && _replies.TryDequeue(out var reply))
            {
                reply.Write(batch[used..]);
                used += YamuxHeader.Bytes;
            }

            while (_failure is null && directStream is null && _ready.TryPeek(out var stream))
            {
                if (!stream.IsRemoved && !TryTakeFrames(stream, batch, ref used, out direct))
                {
                    break;
                }

                _ready.Dequeue();
                stream.IsReady = false;
                directStream = direct.IsEmpty ? null : stream;
                Requeue(stream);
            }
        }

        return used;
    }

    /// <summary>One turn of a stream: its grant, then one data frame, then its end. False where the batch has no room.</summary>
    private bool TryTakeFrames(YamuxStream stream, Span<byte> batch, ref int used, out ReadOnlyMemory<byte> direct)
    {
        direct = default;
        if (batch.Length - used < 2 * YamuxHeader.Bytes)
        {
            return false;
        }

        var canSend = stream.Output.CanSend;
        if (IsGrantDue(stream) || (stream.OpeningFlags == YamuxFlags.Ack && !canSend))
        {
            var grant = IsGrantDue(stream) ? GrantOf(stream) : 0;
            stream.Credit += grant;
            stream.LastGrantTimestamp = _time.GetTimestamp();
            new YamuxHeader(YamuxType.WindowUpdate, TakeOpeningFlags(stream), stream.Id, (uint)grant).Write(batch[used..]);
            used += YamuxHeader.Bytes;
        }

        if (canSend)
        {
            var flags = stream.OpeningFlags;
            if (!stream.Output.TryTakeFrame(batch[used..], flags, out var written, out direct))
            {
                return false;
            }

            stream.OpeningFlags = YamuxFlags.None;
            used += written;
        }

        // The end travels in a frame of its own: js-libp2p drops the payload of a data frame that carries FIN.
        if (IsFinDue(stream) && direct.IsEmpty && batch.Length - used >= YamuxHeader.Bytes)
        {
            stream.IsFinSent = true;
            new YamuxHeader(YamuxType.Data, TakeOpeningFlags(stream) | YamuxFlags.Fin, stream.Id, 0).Write(batch[used..]);
            used += YamuxHeader.Bytes;
        }

        return true;
    }

    /// <summary>After a frame left: back in line if there is more, out of the table if it was the last.</summary>
    private void Requeue(YamuxStream stream)
    {
        if (stream.IsFinSent && stream.IsRemoteEnded)
        {
            Remove(stream, new StreamResetException("The stream has ended."));
            return;
        }

        if (stream.Output.TakeFlushResumption())
        {
            // Continuations run on the thread pool, so this is safe under the gate.
            stream.Output.ResumeFlush();
        }

        MarkReady(stream);
    }

    private static YamuxFlags TakeOpeningFlags(YamuxStream stream)
    {
        var flags = stream.OpeningFlags;
        stream.OpeningFlags = YamuxFlags.None;
        return flags;
    }
}
