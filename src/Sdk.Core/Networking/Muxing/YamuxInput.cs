using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Sdk.Core.Networking.Muxing;

/// <summary>
/// The reading end of a stream: the pipe that the receive loop fills, with one addition: what the reader has examined is given back to
/// the peer as window. Examined, not consumed, or a message larger than the window could never arrive whole; a reader that waits for
/// more without consuming sets its own limit, as <see cref="ProtobufFrame"/> does.
/// </summary>
internal sealed class YamuxInput(YamuxStream stream, PipeReader reader) : PipeReader
{
    private ReadOnlySequence<byte> _lastRead;

    // Bytes at the front of the next read that were granted already.
    private long _grantedAhead;

    public override bool TryRead(out ReadResult result)
    {
        var read = reader.TryRead(out result);
        _lastRead = result.Buffer;
        return read;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = reader.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
        {
            return AwaitReadAsync(read);
        }

        var result = read.Result;
        _lastRead = result.Buffer;
        return new ValueTask<ReadResult>(result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var consumedBytes = _lastRead.Slice(_lastRead.Start, consumed).Length;
        var examinedBytes = Math.Max(_lastRead.Slice(_lastRead.Start, examined).Length, _grantedAhead);
        var granted = examinedBytes - _grantedAhead;
        _grantedAhead = examinedBytes - consumedBytes;
        _lastRead = default;
        reader.AdvanceTo(consumed, examined);
        if (granted > 0)
        {
            stream.Session.OnExamined(stream, (int)granted);
        }
    }

    public override void CancelPendingRead() => reader.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _lastRead = default;
        reader.Complete(exception);
        stream.Session.OnReaderCompleted(stream);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitReadAsync(ValueTask<ReadResult> read)
    {
        var result = await read.ConfigureAwait(false);
        _lastRead = result.Buffer;
        return result;
    }
}
