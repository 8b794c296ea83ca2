using Microsoft.Extensions.Logging;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Routing;

namespace Sdk.Core.Overlay;

internal static partial class OverlayLog
{
    [LoggerMessage(200, LogLevel.Information, "In the overlay as {Address}", EventName = "OverlayStarted")]
    public static partial void Started(ILogger logger, OverlayAddress address);

    [LoggerMessage(201, LogLevel.Debug, "{Peer} is {Address} in the overlay, {Standing}", EventName = "OverlayJoined")]
    public static partial void Joined(ILogger logger, PeerId peer, OverlayAddress address, OverlayStanding standing);

    [LoggerMessage(202, LogLevel.Debug, "{Peer} is not in the overlay: {Reason}", EventName = "OverlayNotSpoken")]
    public static partial void NotSpoken(ILogger logger, PeerId peer, string reason);

    [LoggerMessage(203, LogLevel.Debug, "Letting {Address} go: {Reason}", EventName = "OverlayLetGo")]
    public static partial void LetGo(ILogger logger, OverlayAddress address, OverlayCloseReason reason);

    [LoggerMessage(204, LogLevel.Debug, "{Address} was not reached: {Reason}", EventName = "OverlayDialFailed")]
    public static partial void DialFailed(ILogger logger, OverlayAddress address, string reason);

    [LoggerMessage(205, LogLevel.Information, "The bootstrap node {Node} was not reached: {Reason}", EventName = "OverlayBootstrapFailed")]
    public static partial void BootstrapFailed(ILogger logger, Multiaddr node, string reason);

    [LoggerMessage(206, LogLevel.Error, "The overlay failed with a peer", EventName = "OverlayFailed")]
    public static partial void Failed(ILogger logger, Exception error);

    [LoggerMessage(207, LogLevel.Warning, "Known nodes could not be kept", EventName = "OverlayNotKept")]
    public static partial void NotKept(ILogger logger, Exception error);

    [LoggerMessage(208, LogLevel.Warning, "The file of known nodes is not readable and is left aside", EventName = "OverlayFileUnreadable")]
    public static partial void FileUnreadable(ILogger logger);
}
