using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking.Pubsub;

/// <summary>What pubsub says about itself. Peers, topics and reasons, never payload.</summary>
internal static partial class PubsubLog
{
    [LoggerMessage(100, LogLevel.Debug, "{Peer} joined with {Protocol}", EventName = "PubsubPeerJoined")]
    public static partial void Joined(ILogger logger, PeerId peer, string protocol);

    [LoggerMessage(101, LogLevel.Debug, "{Peer} does not speak pubsub", EventName = "PubsubNotSpoken")]
    public static partial void NotSpoken(ILogger logger, PeerId peer);

    [LoggerMessage(102, LogLevel.Debug, "The stream to {Peer} broke ({Attempt} of {Limit}): {Reason}", EventName = "PubsubStreamBroke")]
    public static partial void StreamBroke(ILogger logger, PeerId peer, int attempt, int limit, string reason);

    [LoggerMessage(103, LogLevel.Debug, "{Peer} broke a rule: {Reason} ({Count} times)", EventName = "PubsubFault")]
    public static partial void Fault(ILogger logger, PeerId peer, string reason, int count);

    [LoggerMessage(104, LogLevel.Error, "The validator of {Topic} failed; the message is ignored", EventName = "PubsubValidatorFailed")]
    public static partial void ValidatorFailed(ILogger logger, Exception error, string topic);

    [LoggerMessage(105, LogLevel.Error, "Pubsub with {Peer} ended by an error", EventName = "PubsubPeerFailed")]
    public static partial void PeerFailed(ILogger logger, Exception error, PeerId peer);

    [LoggerMessage(106, LogLevel.Debug, "{Peer} takes nothing: its stream is reset", EventName = "PubsubStalled")]
    public static partial void Stalled(ILogger logger, PeerId peer);

    [LoggerMessage(107, LogLevel.Error, "A heartbeat failed", EventName = "PubsubHeartbeatFailed")]
    public static partial void HeartbeatFailed(ILogger logger, Exception error);
}
