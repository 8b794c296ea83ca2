using System.IO.Pipelines;

namespace Sdk.Core.Networking.Muxing;

/// <summary>
/// One stream of a yamux session: what has been granted, received, queued and ended in both directions. The session's two loops and
/// the user's reader and writer meet here; every member below "Under the session's gate" is touched under that one lock only.
/// </summary>
internal sealed class YamuxStream
{
    // The window bounds what the pipe holds, so the pipe itself never says stop: nothing blocks the receive loop.
    private static readonly PipeOptions InputOptions = new(pauseWriterThreshold: 0, minimumSegmentSize: 4096, useSynchronizationContext: false);

    private readonly Pipe _input = new(InputOptions);

    public YamuxStream(Yamux session, uint id, bool isInbound)
    {
        Session = session;
        Id = id;
        IsInbound = isInbound;
        Input = new YamuxInput(this, _input.Reader);
        Output = new YamuxOutput(this);
    }

    public Yamux Session { get; }

    public uint Id { get; }

    public bool IsInbound { get; }

    public YamuxInput Input { get; }

    public YamuxOutput Output { get; }

    /// <summary>Only the receive loop writes.</summary>
    public PipeWriter Received => _input.Writer;

    // ---- Under the session's gate ----

    /// <summary>SYN or ACK, waiting to travel on the first frame that leaves.</summary>
    public YamuxFlags OpeningFlags { get; set; }

    public bool IsAcknowledged { get; set; }

    /// <summary>In the session's queue of streams that have something to send.</summary>
    public bool IsReady { get; set; }

    /// <summary>Bytes that the peer lets us send.</summary>
    public long SendWindow { get; set; } = YamuxLimits.InitialWindowBytes;

    /// <summary>What the peer may have under way or unread here, in all.</summary>
    public int Window { get; set; } = YamuxLimits.InitialWindowBytes;

    /// <summary>Bytes that the peer may still send.</summary>
    public int Credit { get; set; } = YamuxLimits.InitialWindowBytes;

    /// <summary>Bytes received that the reader has not examined.</summary>
    public int Unread { get; set; }

    public long LastGrantTimestamp { get; set; }

    /// <summary>The reader is gone: what still arrives is dropped, and answered with a reset.</summary>
    public bool IsDiscarding { get; set; }

    /// <summary>The peer's FIN has come.</summary>
    public bool IsRemoteEnded { get; set; }

    /// <summary>No more will be queued for sending; the FIN follows what is queued.</summary>
    public bool IsLocalEnded { get; set; }

    public bool IsFinSent { get; set; }

    /// <summary>A reset is to be sent, instead of everything else.</summary>
    public bool IsResetQueued { get; set; }

    /// <summary>Out of the session's table: nothing more is sent or received.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>When both ends had been closed here and only the peer's end was missing; 0 before.</summary>
    public long LingerTimestamp { get; set; }

    /// <summary>The receive loop is writing into <see cref="Received"/> right now, so nobody else may complete it.</summary>
    public bool IsReceiving { get; set; }

    private bool _isInputEnded;
    private Exception? _inputError;
    private bool _isInputCompleted;

    /// <summary>Marks the end of the input; the first mark counts. Returns whether the caller must complete the pipe, outside the gate.</summary>
    public bool MarkInputEnded(Exception? error)
    {
        if (!_isInputEnded)
        {
            _isInputEnded = true;
            _inputError = error;
        }

        return TakeInputCompletion();
    }

    /// <summary>Ends the receive loop's turn. Returns whether the caller must complete the pipe, outside the gate.</summary>
    public bool EndReceiving()
    {
        IsReceiving = false;
        return TakeInputCompletion();
    }

    public void CompleteInput() => _input.Writer.Complete(_inputError);

    private bool TakeInputCompletion()
    {
        var take = _isInputEnded && !IsReceiving && !_isInputCompleted;
        _isInputCompleted |= take;
        return take;
    }
}
