using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Sdk.Core.Networking.Muxing;

namespace Sdk.Core.Networking;

/// <summary>
/// A stream to a peer: bytes both ways, in order, each way ending on its own. One reader and one writer at a time. What is written
/// leaves when it is flushed; a flush waits while the peer does not keep up. What is read must be consumed, or the peer stalls (on this
/// stream only). Reading and flushing throw <see cref="StreamResetException"/> once either side resets the stream or the connection ends.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is what the field calls a stream: it has two pipes rather than being a System.IO.Stream.")]
public sealed class PeerStream : IAsyncDisposable
{
    private readonly YamuxStream _stream;

    internal PeerStream(YamuxStream stream, Connection connection, string protocol)
    {
        _stream = stream;
        Connection = connection;
        Protocol = protocol;
    }

    /// <summary>What the peer sends.</summary>
    public PipeReader Input => _stream.Input;

    /// <summary>What is sent to the peer. Buffers belong to the stream; completing it with an exception resets the stream.</summary>
    public PipeWriter Output => _stream.Output;

    /// <summary>The protocol agreed on.</summary>
    public string Protocol { get; }

    /// <summary>The connection, which says who the peer is.</summary>
    public Connection Connection { get; }

    /// <summary>Ends the writing direction after what was written; the peer reads to a clean end. Reading goes on.</summary>
    public ValueTask CloseWriteAsync() => Output.CompleteAsync();

    /// <summary>Ends both directions at once; what has not been delivered is lost, and the peer's reads and writes fail.</summary>
    public void Reset() => _stream.Session.Reset(_stream);

    /// <summary>
    /// Resets for a reason. A violation on a stream that this side opened is counted and logged here; on one that the peer opened, where its
    /// handler ends.
    /// </summary>
    internal void Reset(Exception reason)
    {
        if (reason is ProtocolViolationException && !_stream.IsInbound)
        {
            Connection.Violated(Protocol, reason);
        }

        Reset();
    }

    /// <summary>
    /// Ends the writing direction after what was written, and stops reading: if the peer goes on sending, the stream is reset.
    /// Does not wait for the peer.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await Output.CompleteAsync().ConfigureAwait(false);
        await Input.CompleteAsync().ConfigureAwait(false);
    }
}
