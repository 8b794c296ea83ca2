using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;

namespace Sdk.Core.Protocols;

/// <summary>What payments say about themselves.</summary>
internal static partial class PaymentLog
{
    [LoggerMessage(700, LogLevel.Information, "{Kind} with {Peer}: {Amount}", EventName = "PaymentNotice")]
    public static partial void Noticed(ILogger logger, PaymentNoticeKind kind, AccountAddress peer, TokenAmount amount);

    [LoggerMessage(701, LogLevel.Warning, "A cheque of {Peer} is refused: {Fault}", EventName = "ChequeRefused")]
    public static partial void ChequeRefused(ILogger logger, AccountAddress peer, ChequeFault fault);

    [LoggerMessage(702, LogLevel.Warning, "{Peer} refuses this node's cheque: {Fault}", EventName = "ChequeRefusedByPeer")]
    public static partial void ChequeRefusedByPeer(ILogger logger, AccountAddress peer, ChequeFault fault);

    [LoggerMessage(703, LogLevel.Warning, "The ledger does not answer; cheques wait", EventName = "PaymentLedgerFailed")]
    public static partial void LedgerFailed(ILogger logger, Exception error);

    [LoggerMessage(704, LogLevel.Critical, "The books of payments cannot be written; nothing more is charged or paid", EventName = "PaymentBooksFailed")]
    public static partial void BooksFailed(ILogger logger, Exception error);

    [LoggerMessage(705, LogLevel.Error, "A handler of payment notices failed", EventName = "PaymentHandlerFailed")]
    public static partial void HandlerFailed(ILogger logger, Exception error);

    [LoggerMessage(706, LogLevel.Error, "A payment stream failed", EventName = "PaymentSessionFailed")]
    public static partial void SessionFailed(ILogger logger, Exception error);
}
