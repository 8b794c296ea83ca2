using Sdk.Storage.Disk;

namespace Sdk.Storage.Tests.Disk;

/// <summary>A disk over groups in memory.</summary>
internal sealed class VirtualDiskFixture : IAsyncDisposable
{
    private static readonly DiskId Id = new(42);

    private VirtualDiskFixture(long sizeBytes, MemorySliceChannel[] groups, VirtualDiskOptions options)
    {
        Groups = groups;
        Disk = Open(sizeBytes, groups, options);
    }

    public VirtualDisk Disk { get; }

    public MemorySliceChannel[] Groups { get; }

    public MemorySliceChannel Group => Groups[0];

    public static VirtualDiskFixture Create(
        long sizeBytes = 4 * 1024 * 1024, int groups = 1, long cacheBytes = 1024 * 1024, int submitRoom = 16) =>
        new(sizeBytes,
            [.. Enumerable.Range(0, groups).Select(_ => new MemorySliceChannel(SliceMap.SlicesFor(sizeBytes), submitRoom))],
            new VirtualDiskOptions { CacheBytes = cacheBytes });

    /// <summary>Another opening of the same disk, as by a process that knows the secret only.</summary>
    public static VirtualDisk Open(long sizeBytes, MemorySliceChannel[] groups, VirtualDiskOptions? options = null, TimeProvider? time = null) =>
        new(sizeBytes,
            DiskKeys.Derive(new byte[32], Id),
            SliceMap.Spread(Id, SliceMap.SlicesFor(sizeBytes), groups.Length),
            groups,
            options ?? new VirtualDiskOptions(),
            time ?? TimeProvider.System);

    public static byte[] RandomBytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async Task<byte[]> ReadAsync(long offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        Array.Fill(bytes, (byte)0xEE);
        await Disk.ReadAsync(offsetBytes, bytes);
        return bytes;
    }

    public ValueTask DisposeAsync()
    {
        Disk.Abort();
        return Disk.DisposeAsync();
    }
}
