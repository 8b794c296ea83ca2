using Microsoft.Extensions.Logging;

namespace Sdk.Core.Networking;

internal static partial class ConnectionLog
{
    [LoggerMessage(40, LogLevel.Information, "Closing {Excess} connections to make room", EventName = "Trimming")]
    public static partial void Trimming(ILogger logger, int excess);

    [LoggerMessage(41, LogLevel.Debug, "{Peer} was not reached at {Address}: {Reason}", EventName = "AddressFailed")]
    public static partial void AddressFailed(ILogger logger, PeerId peer, Multiaddr address, string reason);
}
