using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;
using Sdk.Storage.Replication;

namespace Sdk.Storage.Space;

/// <summary>The files of one group at a member, and how large they are: all of it is reserved when the group is taken on.</summary>
internal sealed record GroupFiles(uint SliceCount, long LogCapacityBytes)
{
    /// <summary>A log of this size absorbs a second of full-speed writing between two checkpoints.</summary>
    private const long LargestLogBytes = 64L << 20;

    /// <summary>Two flights of the largest batches: less would make every batch wait for a checkpoint.</summary>
    private const long SmallestLogBytes = 16L << 20;

    public long TotalBytes => WriteAheadLog.FileBytes(LogCapacityBytes) + ChunkStore.FileBytes(SliceCount) + ControlBytes;

    private static long ControlBytes => SnapshotFile.FileBytes(SliceLogMember.MaxControlBytes);

    public static GroupFiles Sizes(uint sliceCount) =>
        new(sliceCount, Math.Clamp((long)sliceCount * SliceGeometry.SliceBytes / 2, SmallestLogBytes, LargestLogBytes));

    public MemberFiles Open(DataDirectory directory, Hash256 group)
    {
        var name = group.ToString()[..16];
        var files = new List<BlockFile>();
        try
        {
            files.Add(directory.OpenFile($"log-{name}", WriteAheadLog.FileBytes(LogCapacityBytes)));
            files.Add(directory.OpenFile($"span-{name}", ChunkStore.FileBytes(SliceCount)));
            files.Add(directory.OpenFile($"control-{name}", ControlBytes));
            return new MemberFiles(files[0], LogCapacityBytes, files[1], files[2]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }
}
