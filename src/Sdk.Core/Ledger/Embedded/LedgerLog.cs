using Microsoft.Extensions.Logging;

namespace Sdk.Core.Ledger.Embedded;

internal static partial class LedgerLog
{
    [LoggerMessage(EventId = 500, EventName = "LedgerStopped", Level = LogLevel.Critical, Message = "The ledger stopped: it could not make a block durable.")]
    public static partial void Stopped(ILogger logger, Exception reason);
}
