namespace Sdk.Storage.Disk;

/// <summary>A run of sectors of one slice: either data, or trimmed (reads as zeros, takes no space).</summary>
internal readonly record struct SectorExtent(byte First, byte Count, bool IsTrim)
{
    public int End => First + Count;
}
