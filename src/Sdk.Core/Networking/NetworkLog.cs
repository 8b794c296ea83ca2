using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking;

/// <summary>What the network says about itself. Peers and reasons, never payload.</summary>
internal static partial class NetworkLog
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Address}", EventName = "Listening")]
    public static partial void Listening(ILogger logger, Multiaddr address);

    [LoggerMessage(2, LogLevel.Debug, "Connected to {Peer} at {Address} (dialled: {IsDialer})", EventName = "Connected")]
    public static partial void Connected(ILogger logger, PeerId peer, Multiaddr address, bool isDialer);

    [LoggerMessage(3, LogLevel.Debug, "Connection to {Peer} ended: {Reason}", EventName = "ConnectionClosed")]
    public static partial void ConnectionClosed(ILogger logger, PeerId peer, string reason);

    [LoggerMessage(4, LogLevel.Debug, "Refused a connection from {Address}: {Reason}", EventName = "Refused")]
    public static partial void Refused(ILogger logger, Multiaddr address, string reason);

    [LoggerMessage(5, LogLevel.Debug, "A stream with {Peer} for {Protocol} was reset: {Reason}", EventName = "StreamEnded")]
    public static partial void StreamEnded(ILogger logger, PeerId peer, string protocol, string reason);

    [LoggerMessage(6, LogLevel.Error, "The handler of {Protocol} failed on a stream of {Peer}", EventName = "HandlerFailed")]
    public static partial void HandlerFailed(ILogger logger, Exception error, PeerId peer, string protocol);

    [LoggerMessage(7, LogLevel.Warning, "The listener on {Address} cannot accept and tries again in {Pause}", EventName = "AcceptFailed")]
    public static partial void AcceptFailed(ILogger logger, Exception error, Multiaddr address, TimeSpan pause);

    [LoggerMessage(8, LogLevel.Warning, "A protocol handler did not return within {Limit} of being cancelled", EventName = "HandlerLingers")]
    public static partial void HandlerLingers(ILogger logger, TimeSpan limit);

    [LoggerMessage(9, LogLevel.Error, "A listener for connections failed on one with {Peer}", EventName = "ListenerFailed")]
    public static partial void ListenerFailed(ILogger logger, Exception error, PeerId peer);

    [LoggerMessage(10, LogLevel.Information, "Listening on {Address} ended", EventName = "ListeningEnded")]
    public static partial void ListeningEnded(ILogger logger, Multiaddr address);

    [LoggerMessage(11, LogLevel.Debug, "The muxer with {Peer} ended the connection or reset a stream: {Reason}", EventName = "MuxerFault")]
    public static partial void MuxerFault(ILogger logger, PeerId peer, string reason);
}
