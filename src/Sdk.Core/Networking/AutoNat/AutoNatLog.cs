using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking.AutoNat;

/// <summary>What reachability checks say about themselves.</summary>
internal static partial class AutoNatLog
{
    [LoggerMessage(120, LogLevel.Debug, "{Peer} asked to be dialled at {Count} addresses: {Status} {Text}", EventName = "DialledBack")]
    public static partial void DialledBack(ILogger logger, PeerId peer, int count, Wire.DialMessage.Types.ResponseStatus status, string text);

    [LoggerMessage(121, LogLevel.Debug, "{Peer} was asked to dial this node: {Answer}", EventName = "Asked")]
    public static partial void Asked(ILogger logger, PeerId peer, string answer);

    [LoggerMessage(122, LogLevel.Information, "This node's reachability is {Reachability} (before: {Before})", EventName = "ReachabilityChanged")]
    public static partial void ReachabilityChanged(ILogger logger, Reachability reachability, Reachability before);

    [LoggerMessage(123, LogLevel.Error, "A listener for reachability failed", EventName = "ReachabilityListenerFailed")]
    public static partial void ListenerFailed(ILogger logger, Exception error);

    [LoggerMessage(124, LogLevel.Warning, "A round of questions about this node's reachability failed", EventName = "ReachabilityRoundFailed")]
    public static partial void RoundFailed(ILogger logger, Exception error);
}
