using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;

namespace Sdk.Storage.Space;

/// <summary>What the keeping of disks logs: event ids 2050 to 2099. Never a disk's name.</summary>
internal static partial class SpaceLog
{
    [LoggerMessage(2050, LogLevel.Information, "Holding a span of {SliceCount} slices for group {Group}.")]
    public static partial void GroupHeld(ILogger logger, Hash256 group, uint sliceCount);

    [LoggerMessage(2051, LogLevel.Warning, "A disk was refused: {Reason}")]
    public static partial void DiskRefused(ILogger logger, string reason);
}
