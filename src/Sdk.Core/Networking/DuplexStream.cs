using System.Buffers;
using System.IO.Pipelines;

namespace Sdk.Core.Networking;

/// <summary>
/// A stream over a pipe reader and a pipe writer: one end of an in-memory connection, or a view of a peer stream. Reads take no more
/// than was asked for. Disposing it while reads and writes are under way is safe: the pipes are completed only between copies.
/// </summary>
internal sealed class DuplexStream(PipeReader input, PipeWriter output) : AsyncStream
{
    private readonly Lock _readGate = new();
    private readonly Lock _writeGate = new();
    private bool _isDisposed;

    /// <summary>Two ends of one connection; each direction holds at most <paramref name="capacityBytes"/> before the writer waits.</summary>
    public static (DuplexStream First, DuplexStream Second) CreatePair(int capacityBytes)
    {
        var options = new PipeOptions(pauseWriterThreshold: capacityBytes, resumeWriterThreshold: capacityBytes / 2, useSynchronizationContext: false);
        Pipe there = new(options), back = new(options);
        return (new DuplexStream(back.Reader, there.Writer), new DuplexStream(there.Reader, back.Writer));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidOperationException error) when (_isDisposed)
            {
                throw new IOException("The stream was closed while it was read.", error);
            }

            lock (_readGate)
            {
                if (_isDisposed)
                {
                    throw new IOException("The stream was closed while it was read.");
                }

                // After the advance the sequence is gone, and its length with it.
                var length = (int)Math.Min(buffer.Length, result.Buffer.Length);
                var part = result.Buffer.Slice(0, length);
                part.CopyTo(buffer.Span);
                input.AdvanceTo(part.End);
                if (length > 0 || result.IsCompleted || buffer.Length == 0)
                {
                    return length;
                }
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_writeGate)
        {
            if (_isDisposed)
            {
                throw new IOException("The stream is closed.");
            }

            output.Write(buffer.Span);
        }

        FlushResult result;
        try
        {
            result = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException error) when (_isDisposed)
        {
            throw new IOException("The stream was closed while it was written.", error);
        }

        if (result.IsCompleted || _isDisposed)
        {
            throw new IOException("The other end of the stream is closed.");
        }
    }

    /// <summary>The other end reads to a clean end; reading here goes on.</summary>
    public void EndWriting()
    {
        lock (_writeGate)
        {
            output.Complete();
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_readGate)
        {
            lock (_writeGate)
            {
                if (_isDisposed)
                {
                    return;
                }

                _isDisposed = true;
                input.CancelPendingRead();
                output.CancelPendingFlush();
                output.Complete();
                input.Complete();
            }
        }

        base.Dispose(disposing);
    }
}
