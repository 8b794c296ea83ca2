namespace Sdk.Core.Networking.Muxing;

/// <summary>Why a session ended itself, or reset a stream, on its own account. The words are for counts and logs.</summary>
internal enum YamuxFault
{
    // ---- These end the connection ----

    /// <summary>A version, type or flag that the specification does not know, or a stream id where none belongs.</summary>
    Frame,

    /// <summary>More than the window, or after the end.</summary>
    Window,

    /// <summary>A stream under an id that is the other side's or taken.</summary>
    StreamId,

    /// <summary>For a stream that is gone, a frame larger than any window.</summary>
    Length,

    /// <summary>A window that overflows.</summary>
    Overflow,

    /// <summary>Replies are asked for and not read.</summary>
    Replies,

    /// <summary>No answer for too long.</summary>
    Silent,

    // ---- These reset a stream ----

    /// <summary>More streams than a peer may hold open.</summary>
    Streams,

    /// <summary>More unread bytes than a connection may hold.</summary>
    Unread,

    /// <summary>Data for a reader that is gone, which is nobody's fault.</summary>
    Unwelcome,

    /// <summary>Both ends were closed here, and the peer's end did not come.</summary>
    Unended,
}
