using System.Buffers;
using System.Runtime.CompilerServices;

namespace Sdk.Core.Networking.Muxing;

/// <summary>
/// The receiving half. The payload of a data frame is read straight into its stream's pipe, after the window has been checked and
/// before anything is allocated for it.
/// </summary>
internal sealed partial class Yamux
{
    /// <summary>A window doubles only where half of it was used up within this time or four round trips: slow streams stay small.</summary>
    private static readonly TimeSpan FastGrant = TimeSpan.FromMilliseconds(5);

    private readonly byte[] _header = new byte[YamuxHeader.Bytes];
    private long _lastReceivedTimestamp;

    // ---- Under the gate ----
    private long _unreadBytes;
    private long _growthBytes;
    private bool _areRepliesOverflowing;
    private uint _pingValue;
    private long _pingTimestamp;
    private TimeSpan _roundTrip;

    /// <summary>What could be granted now: all of the window that is neither granted nor unread.</summary>
    private static int GrantOf(YamuxStream stream) => stream.Window - stream.Credit - stream.Unread;

    private async Task ReceiveLoopAsync()
    {
        while (await TryReadExactlyAsync(_header).ConfigureAwait(false))
        {
            Volatile.Write(ref _lastReceivedTimestamp, _time.GetTimestamp());
            if (!YamuxHeader.TryRead(_header, out var header))
            {
                throw Violation(YamuxFault.Frame, "A yamux frame has an unknown version, type or flag.");
            }

            switch (header.Type)
            {
                case YamuxType.Data:
                    await ReceiveDataAsync(header).ConfigureAwait(false);
                    break;
                case YamuxType.WindowUpdate:
                    ReceiveWindowUpdate(header);
                    break;
                case YamuxType.Ping:
                    ReceivePing(header);
                    break;
                default:
                    lock (Gate)
                    {
                        _isRemoteGoingAway = true;
                    }

                    break;
            }

            if (_areRepliesOverflowing)
            {
                throw Violation(YamuxFault.Replies, "The peer asks for replies and does not read them.");
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveDataAsync(YamuxHeader header)
    {
        var stream = BeginReceive(header);
        if (stream is null)
        {
            await SkipAsync(header.Length).ConfigureAwait(false);
            return;
        }

        var isWhole = false;
        try
        {
            if (header.Length > 0)
            {
                await ReceivePayloadAsync(stream.Received, (int)header.Length).ConfigureAwait(false);
            }

            isWhole = true;
        }
        finally
        {
            EndReceive(stream, isWhole && header.IsFin);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceivePayloadAsync(System.IO.Pipelines.PipeWriter destination, int length)
    {
        var unflushed = 0;
        while (length > 0)
        {
            var memory = destination.GetMemory(Math.Min(length, YamuxLimits.MaxFrameBytes));
            var read = await _wire.ReadAsync(memory[..Math.Min(length, memory.Length)]).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException("The connection ended within a frame.");
            }

            destination.Advance(read);
            length -= read;
            unflushed += read;
            if (length == 0 || unflushed >= YamuxLimits.MaxFrameBytes)
            {
                await destination.FlushAsync().ConfigureAwait(false);
                unflushed = 0;
            }
        }
    }

    /// <summary>Finds or accepts the stream of a data frame and books the bytes; null where the payload is to be dropped.</summary>
    private YamuxStream? BeginReceive(YamuxHeader header)
    {
        YamuxStream? stream;
        var isNew = false;
        var isOverBudget = false;
        bool isRefused;
        lock (Gate)
        {
            stream = Find(header, out isNew, out isRefused);
            if (stream is not null && header.Length > 0)
            {
                if (header.Length > (uint)stream.Credit || stream.IsRemoteEnded)
                {
                    throw Violation(YamuxFault.Window, "The peer sent more than its window, or after its end.");
                }

                stream.Credit -= (int)header.Length;
                isOverBudget = stream.IsDiscarding || _unreadBytes + header.Length > _limits.MaxUnreadBytesPerConnection;
                if (!isOverBudget)
                {
                    stream.Unread += (int)header.Length;
                    _unreadBytes += header.Length;
                }
            }
            else if (stream is null && header.Length > _limits.MaxWindowBytes)
            {
                throw Violation(YamuxFault.Length, "The peer sent a frame larger than any window.");
            }

            if (stream is not null)
            {
                stream.IsReceiving = !isOverBudget;
            }
        }

        ReportIfRefused(isRefused);
        if (isNew)
        {
            _onInbound(stream!);
        }

        if (header.IsReset && stream is not null)
        {
            EndReceive(stream, isEnd: false);
            Remove(stream, new StreamResetException("The peer reset the stream."));
            return null;
        }

        if (isOverBudget)
        {
            Reset(stream!, stream!.IsDiscarding ? YamuxFault.Unwelcome : YamuxFault.Unread);
            return null;
        }

        return stream;
    }

    private void EndReceive(YamuxStream stream, bool isEnd)
    {
        bool complete;
        lock (Gate)
        {
            complete = stream.EndReceiving();
            if (isEnd && !stream.IsRemoved)
            {
                stream.IsRemoteEnded = true;
                complete |= stream.MarkInputEnded(null);
                if (stream.IsFinSent)
                {
                    Requeue(stream);
                }
            }
        }

        if (complete)
        {
            stream.CompleteInput();
        }
    }

    private void ReceiveWindowUpdate(YamuxHeader header)
    {
        YamuxStream? stream;
        bool isNew, isRefused;
        lock (Gate)
        {
            stream = Find(header, out isNew, out isRefused);
            if (stream is not null)
            {
                stream.SendWindow += header.Length;
                if (stream.SendWindow > YamuxLimits.MaxSendWindowBytes)
                {
                    throw Violation(YamuxFault.Overflow, "The peer's window overflows.");
                }

                MarkReady(stream);
            }
        }

        ReportIfRefused(isRefused);
        if (stream is null)
        {
            return;
        }

        if (isNew)
        {
            _onInbound(stream);
        }

        if (header.IsReset)
        {
            Remove(stream, new StreamResetException("The peer reset the stream."));
        }
        else if (header.IsFin)
        {
            EndReceive(stream, isEnd: true);
        }
    }

    /// <summary>The stream of a frame: known, or new with SYN and within the limits. Null where the frame means nothing any more.</summary>
    private YamuxStream? Find(YamuxHeader header, out bool isNew, out bool isRefused)
    {
        isNew = isRefused = false;
        if (!header.IsSyn)
        {
            if (_streams.TryGetValue(header.StreamId, out var known) && header.IsAck)
            {
                MarkAcknowledged(known);
            }

            return known;
        }

        var isPeersId = (header.StreamId & 1) == (_isDialer ? 0u : 1u);
        if (!isPeersId || _streams.ContainsKey(header.StreamId))
        {
            throw Violation(YamuxFault.StreamId, "The peer opened a stream under an id that is not free.");
        }

        if (_inboundCount >= _limits.MaxInboundStreams || _isClosing || _failure is not null)
        {
            isRefused = !_isClosing && _failure is null;
            QueueReply(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Reset, header.StreamId, 0));
            return null;
        }

        var stream = new YamuxStream(this, header.StreamId, isInbound: true) { OpeningFlags = YamuxFlags.Ack };
        _streams.Add(stream.Id, stream);
        _inboundCount++;
        isNew = true;
        MarkReady(stream);
        return stream;
    }

    private void ReportIfRefused(bool isRefused)
    {
        if (isRefused)
        {
            _onFault?.Invoke(YamuxFault.Streams);
        }
    }

    private void ReceivePing(YamuxHeader header)
    {
        lock (Gate)
        {
            if (header.IsSyn)
            {
                QueueReply(header with { Flags = YamuxFlags.Ack });
            }
            else if (_pingTimestamp != 0 && header.Length == _pingValue)
            {
                _roundTrip = _time.GetElapsedTime(_pingTimestamp);
                _pingTimestamp = 0;
            }
        }
    }

    private void SendPing()
    {
        lock (Gate)
        {
            if (_failure is null && !_isClosing)
            {
                _pingTimestamp = _time.GetTimestamp();
                QueueReply(new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, ++_pingValue));
            }
        }
    }

    /// <summary>Doubles the window of a stream that uses its window up quickly, while the connection's budget lasts.</summary>
    private void GrowWindow(YamuxStream stream)
    {
        var limit = 4 * _roundTrip > FastGrant ? 4 * _roundTrip : FastGrant;
        var growth = Math.Min(stream.Window, _limits.MaxWindowBytes - stream.Window);
        if (growth > 0 && _growthBytes + growth <= _limits.MaxGrowthBytesPerConnection
            && _time.GetElapsedTime(stream.LastGrantTimestamp) < limit)
        {
            _growthBytes += growth;
            stream.Window += growth;
        }
    }

    private async ValueTask SkipAsync(uint length)
    {
        if (length == 0)
        {
            return;
        }

        var scratch = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while (length > 0)
            {
                var read = await _wire.ReadAsync(scratch.AsMemory(0, (int)Math.Min(length, (uint)scratch.Length))).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new EndOfStreamException("The connection ended within a frame.");
                }

                length -= (uint)read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>False at a clean end: no byte of a new header has come.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryReadExactlyAsync(Memory<byte> destination)
    {
        var filled = 0;
        while (filled < destination.Length)
        {
            var read = await _wire.ReadAsync(destination[filled..]).ConfigureAwait(false);
            if (read == 0)
            {
                return filled == 0 ? false : throw new EndOfStreamException("The connection ended within a frame.");
            }

            filled += read;
        }

        return true;
    }
}
