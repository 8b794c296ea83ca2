using Sdk.Storage.Disk;

namespace Sdk.Storage;

/// <summary>How a virtual disk behaves on this machine. Nothing here changes what is stored.</summary>
public sealed class VirtualDiskOptions
{
    /// <summary>The smallest cache: less could not keep a slice on its way while the next one fills.</summary>
    public const long MinCacheBytes = 1024 * 1024;

    /// <summary>The largest cache.</summary>
    public const long MaxCacheBytes = 4L * 1024 * 1024 * 1024;

    /// <summary>
    /// Plaintext that was written and is not certified yet, at most. Writers above it wait. A larger cache keeps more slices on
    /// their way and gathers more random writes, and more is lost if the process ends without a flush.
    /// </summary>
    /// <value>16 MiB; 1 MiB to 4 GiB.</value>
    public long CacheBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Slices that one read asks for at a time.</summary>
    /// <value>8; 1 to 64.</value>
    public int ParallelReads { get; set; } = 8;

    /// <summary>How long disposing may flush before it gives up and throws.</summary>
    /// <value>30 seconds; more than zero.</value>
    public TimeSpan DisposeTimeout { get; set; } = TimeSpan.FromSeconds(30);

    internal void Validate()
    {
        const int maxParallelReads = SliceGeometry.SectorsPerSlice;
        ArgumentOutOfRangeException.ThrowIfLessThan(CacheBytes, MinCacheBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CacheBytes, MaxCacheBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(ParallelReads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ParallelReads, maxParallelReads);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DisposeTimeout, TimeSpan.Zero);
    }
}
