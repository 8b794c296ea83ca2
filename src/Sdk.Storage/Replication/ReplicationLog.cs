using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Replication;

/// <summary>What copy groups log: event ids 2000 to 2049. Never a key or content.</summary>
internal static partial class ReplicationLog
{
    [LoggerMessage(2000, LogLevel.Error, "Group {Group} takes no more writes: its store failed.")]
    public static partial void GroupFailed(ILogger logger, Hash256 group, Exception error);

    [LoggerMessage(2001, LogLevel.Debug, "Member {Address} is not reachable.")]
    public static partial void MemberUnreachable(ILogger logger, Multiaddr address, Exception error);

    [LoggerMessage(2002, LogLevel.Debug, "The stream to member {Address} ended.")]
    public static partial void StreamEnded(ILogger logger, Multiaddr address, Exception error);
}
