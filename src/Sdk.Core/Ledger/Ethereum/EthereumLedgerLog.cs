using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

internal static partial class EthereumLedgerLog
{
    [LoggerMessage(420, LogLevel.Information, "Connected to chain {ChainId}", EventName = "EthereumConnected")]
    public static partial void Connected(ILogger logger, ulong chainId);

    [LoggerMessage(421, LogLevel.Debug, "{Sender} sent {Transaction}, nonce {Nonce}", EventName = "EthereumSent")]
    public static partial void Sent(ILogger logger, AccountAddress sender, Hash256 transaction, ulong nonce);

    [LoggerMessage(422, LogLevel.Warning, "Nonce {Nonce} of {Sender} is stuck: {Transaction} takes its place, at {FeeWei} wei", EventName = "EthereumReplaced")]
    public static partial void Replaced(ILogger logger, AccountAddress sender, ulong nonce, Hash256 transaction, TokenAmount feeWei);

    [LoggerMessage(423, LogLevel.Warning, "Nonce {Nonce} of {Sender} is stuck, and no more may be offered for it", EventName = "EthereumStuck")]
    public static partial void Stuck(ILogger logger, AccountAddress sender, ulong nonce);

    [LoggerMessage(424, LogLevel.Information, "The node does not have {Transaction} any more; it is sent again", EventName = "EthereumResent")]
    public static partial void Resent(ILogger logger, Hash256 transaction);

    [LoggerMessage(425, LogLevel.Warning, "A reorganisation took {Transaction} back", EventName = "EthereumReorganized")]
    public static partial void Reorganized(ILogger logger, Hash256 transaction);

    [LoggerMessage(426, LogLevel.Warning, "The node could not be asked for operations under way", EventName = "EthereumPollFailed")]
    public static partial void PollFailed(ILogger logger, Exception error);

    [LoggerMessage(427, LogLevel.Error, "The node contradicts itself about nonce {Nonce} of {Sender}", EventName = "EthereumUntrustworthy")]
    public static partial void Untrustworthy(ILogger logger, AccountAddress sender, ulong nonce, Exception error);

    [LoggerMessage(428, LogLevel.Warning, "The node refuses {Transaction}: {Message}", EventName = "EthereumRefused")]
    public static partial void Refused(ILogger logger, Hash256 transaction, string message);

    [LoggerMessage(429, LogLevel.Error, "Looking after operations failed", EventName = "EthereumFailed")]
    public static partial void Failed(ILogger logger, Exception error);
}
