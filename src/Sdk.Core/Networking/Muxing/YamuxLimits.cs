namespace Sdk.Core.Networking.Muxing;

/// <summary>What one peer may make a connection hold. Each bound says what it costs and why it has that size.</summary>
internal sealed record YamuxLimits
{
    /// <summary>Every stream begins with this window in both directions; the specification fixes it.</summary>
    public const int InitialWindowBytes = 256 * 1024;

    /// <summary>A data frame with its header fills one pooled 64 KiB array and four TLS records exactly.</summary>
    public const int MaxFrameBytes = 64 * 1024;

    /// <summary>No peer needs a larger window than js-libp2p's 16 MiB; a sum beyond it is an attack on the counter.</summary>
    public const long MaxSendWindowBytes = 1L << 32;

    /// <summary>Replies (pong, reset) waiting for a peer that does not read. Beyond this the peer is cut off.</summary>
    public const int MaxQueuedReplies = 1024;

    /// <summary>How many opened streams may await the peer's acknowledgement; the specification's accept backlog.</summary>
    public const int MaxUnacknowledgedStreams = 256;

    /// <summary>A receive window grows to at most this: 4 MiB carry 80 MB/s over 50 ms of distance.</summary>
    public int MaxWindowBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>All windows of a connection together grow by at most this beyond their initial sizes.</summary>
    public int MaxGrowthBytesPerConnection { get; init; } = 16 * 1024 * 1024;

    /// <summary>Received bytes that nobody has read yet, over all streams. The stream that receives more is reset.</summary>
    public int MaxUnreadBytesPerConnection { get; init; } = 32 * 1024 * 1024;

    /// <summary>Streams that a peer may hold open; those beyond are reset at once.</summary>
    public int MaxInboundStreams { get; init; } = 256;

    /// <summary>A stream that was closed here waits this long for the peer's end, then it is reset.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Queued data may take this long to leave when a connection closes.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A peer that answers no ping and sends nothing for this long is gone.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
