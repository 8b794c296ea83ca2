using Sdk.Core;
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

    /// <summary>Opens a group's files, or makes them.</summary>
    /// <param name="directory">The node's directory.</param>
    /// <param name="group">The group.</param>
    /// <param name="isNew">False when the group was taken on before: then the files must be there whole, for an empty one would pass
    /// for a member that has promised nothing yet.</param>
    /// <exception cref="DiskFullException">The host has no room; nothing new is left behind.</exception>
    /// <exception cref="LogCorruptException">A file that must be there is missing, or was cut off.</exception>
    public MemberFiles Open(DataDirectory directory, Hash256 group, bool isNew)
    {
        var files = new List<BlockFile>();
        try
        {
            foreach (var (name, bytes) in NamesAndSizes(group))
            {
                var known = new FileInfo(directory.PathOf(name));
                if (!isNew && !(known.Exists && known.Length >= bytes))
                {
                    throw new LogCorruptException($"The file '{name}' of the data directory is missing or cut off: it had {bytes} bytes.");
                }

                files.Add(directory.OpenFile(name, bytes));
            }

            return new MemberFiles(files[0], LogCapacityBytes, files[1], files[2]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            if (isNew)
            {
                Delete(directory, group);
            }

            throw;
        }
    }

    /// <summary>Gives the space of files back that are closed, of a group that was not taken on.</summary>
    public void Delete(DataDirectory directory, Hash256 group)
    {
        foreach (var (name, _) in NamesAndSizes(group))
        {
            File.Delete(directory.PathOf(name));
        }
    }

    private (string Name, long Bytes)[] NamesAndSizes(Hash256 group)
    {
        // The whole id: of a part of it a stranger could find a second group with the same.
        return
        [
            ($"log-{group}", WriteAheadLog.FileBytes(LogCapacityBytes)),
            ($"span-{group}", ChunkStore.FileBytes(SliceCount)),
            ($"control-{group}", ControlBytes),
        ];
    }
}
