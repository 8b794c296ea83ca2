using Microsoft.Extensions.Logging;
using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Forwarding;

internal static partial class RouteLog
{
    [LoggerMessage(230, LogLevel.Debug, "Packets do not reach {Address}: {Reason}", EventName = "RouteStreamEnded")]
    public static partial void StreamEnded(ILogger logger, OverlayAddress address, string reason);

    [LoggerMessage(231, LogLevel.Error, "The handler of {Kind} failed", EventName = "RouteHandlerFailed")]
    public static partial void HandlerFailed(ILogger logger, string kind, Exception error);
}
