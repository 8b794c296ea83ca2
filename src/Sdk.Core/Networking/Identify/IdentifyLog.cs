using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking.Identify;

internal static partial class IdentifyLog
{
    [LoggerMessage(20, LogLevel.Debug, "{Peer} identified itself as {Agent} with {Protocols} protocols and {Addresses} addresses (certified: {IsCertified})", EventName = "Identified")]
    public static partial void Identified(ILogger logger, PeerId peer, string agent, int protocols, int addresses, bool isCertified);

    [LoggerMessage(21, LogLevel.Debug, "{Peer} did not identify itself: {Reason}", EventName = "NotIdentified")]
    public static partial void NotIdentified(ILogger logger, PeerId peer, string reason);

    [LoggerMessage(22, LogLevel.Debug, "{Peer} was not told of a change: {Reason}", EventName = "NotTold")]
    public static partial void NotTold(ILogger logger, PeerId peer, string reason);

    [LoggerMessage(23, LogLevel.Warning, "Peers are told of {Told} of {All} protocols and addresses only: more do not fit", EventName = "ToldInPart")]
    public static partial void ToldInPart(ILogger logger, int told, int all);

    [LoggerMessage(24, LogLevel.Error, "A listener for identified peers failed on {Peer}", EventName = "IdentifyListenerFailed")]
    public static partial void ListenerFailed(ILogger logger, Exception error, PeerId peer);
}
