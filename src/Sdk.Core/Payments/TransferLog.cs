using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Payments.Transfers;

namespace Sdk.Core.Payments;

internal static partial class TransferLog
{
    [LoggerMessage(EventId = 620, EventName = "TransferSubmitted", Level = LogLevel.Information, Message = "Transfer {SecretHash}: {Kind} of the {Side} lock is in block {Block}.")]
    public static partial void Submitted(ILogger logger, Hash256 secretHash, OperationKind kind, TransferSide side, ulong block);

    [LoggerMessage(EventId = 621, EventName = "TransferNotSubmitted", Level = LogLevel.Warning, Message = "Transfer {SecretHash}: {Kind} of the {Side} lock did not go through.")]
    public static partial void NotSubmitted(ILogger logger, Hash256 secretHash, OperationKind kind, TransferSide side, Exception reason);

    [LoggerMessage(EventId = 622, EventName = "TransferLedgerAway", Level = LogLevel.Warning, Message = "Transfer {SecretHash}: the {Side} ledger shows nothing now.")]
    public static partial void LedgerAway(ILogger logger, Hash256 secretHash, TransferSide side, Exception reason);

    [LoggerMessage(EventId = 623, EventName = "TransferNotTold", Level = LogLevel.Debug, Message = "Transfer {SecretHash}: the other side was not told.")]
    public static partial void NotTold(ILogger logger, Hash256 secretHash, Exception reason);

    [LoggerMessage(EventId = 624, EventName = "TransferEnded", Level = LogLevel.Information, Message = "Transfer {SecretHash} ended: {Outcome}.")]
    public static partial void Ended(ILogger logger, Hash256 secretHash, TransferOutcome outcome);

    [LoggerMessage(EventId = 625, EventName = "TransferStopped", Level = LogLevel.Error, Message = "Transfer {SecretHash} stopped; it can be resumed.")]
    public static partial void Stopped(ILogger logger, Hash256 secretHash, Exception reason);
}
