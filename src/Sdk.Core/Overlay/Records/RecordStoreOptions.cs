namespace Sdk.Core.Overlay.Records;

/// <summary>
/// How much a node keeps for others. At the defaults a full store takes about 14 MiB: 8 MiB of records and some 700 bytes around each.
/// </summary>
public sealed class RecordStoreOptions
{
    /// <summary>Records kept at most.</summary>
    /// <value>8192 by default.</value>
    public int CountMax { get; set; } = 8192;

    /// <summary>Length in bytes of all records together.</summary>
    /// <value>8 MiB by default.</value>
    public int LengthBytesMax { get; set; } = 8 * 1024 * 1024;

    /// <summary>Records kept of one writer, under all keys.</summary>
    /// <value>64 by default.</value>
    public int WriterCountMax { get; set; } = 64;

    /// <summary>Length in bytes of one writer's records together.</summary>
    /// <value>64 KiB by default.</value>
    public int WriterLengthBytesMax { get; set; } = 64 * 1024;

    /// <summary>Records kept that came from one peer. Holders hand on what others wrote, so it is more than for a writer.</summary>
    /// <value>1024 by default.</value>
    public int SubmitterCountMax { get; set; } = 1024;

    /// <summary>Length in bytes of what came from one peer.</summary>
    /// <value>1 MiB by default.</value>
    public int SubmitterLengthBytesMax { get; set; } = 1024 * 1024;

    /// <summary>By how much a record may seem to come from the future, since clocks differ.</summary>
    /// <value>Two minutes by default.</value>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Versions remembered of records that are gone before all older versions are (<see cref="RecordVersions"/>).</summary>
    internal int VersionsMax { get; set; } = 4096;

    /// <exception cref="ArgumentException">A limit is not positive.</exception>
    internal void Validate()
    {
        foreach (var (limit, name) in new[]
        {
            (CountMax, nameof(CountMax)), (LengthBytesMax, nameof(LengthBytesMax)), (WriterCountMax, nameof(WriterCountMax)),
            (WriterLengthBytesMax, nameof(WriterLengthBytesMax)), (SubmitterCountMax, nameof(SubmitterCountMax)),
            (SubmitterLengthBytesMax, nameof(SubmitterLengthBytesMax)), (VersionsMax, nameof(VersionsMax)),
        })
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit, name);
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(ClockSkew, TimeSpan.Zero);
    }
}
