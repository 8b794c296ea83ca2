namespace Sdk.ReferenceNode.Demo;

/// <summary>
/// How fast this machine makes sequential writes durable: the yardstick for a demo in which every byte is written by every member, first
/// to a log and then to its place, on one and the same disk. One MiB at a time, each followed by an fsync.
/// </summary>
internal static class SequentialWriteRate
{
    private const int BlockBytes = (int)ByteSize.MiB;
    private const int MaxBlocks = 128;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    /// <summary>The rate that a demo should reach even on a fast disk.</summary>
    public const double FullSpeedMiBPerSecond = 40;

    /// <summary>Writes a file in <paramref name="directory"/>, removes it, and returns MiB per second.</summary>
    public static double Measure(string directory)
    {
        var path = Path.Combine(directory, "rate");
        var block = new byte[BlockBytes];
        new Random(1).NextBytes(block);
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var start = TimeProvider.System.GetTimestamp();
            var written = 0L;
            while (written < (long)MaxBlocks * BlockBytes && TimeProvider.System.GetElapsedTime(start) < TimeLimit)
            {
                file.Write(block);
                file.Flush(flushToDisk: true);
                written += BlockBytes;
            }

            return ByteSize.MiBPerSecond(written, TimeProvider.System.GetElapsedTime(start));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>What <paramref name="members"/> members on one disk owe: 40 MiB/s, or half of the disk's share where that is lower.</summary>
    public static double Floor(double fsyncedMiBPerSecond, int members) =>
        Math.Min(FullSpeedMiBPerSecond, fsyncedMiBPerSecond / (2 * members) / 2);
}
