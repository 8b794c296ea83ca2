using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sdk.ReferenceNode.Archive;

/// <summary>One file of an archive: name, length, where its bytes begin on the disk, and their SHA-256.</summary>
internal sealed record ArchivedFile(string Path, long LengthBytes, long OffsetBytes, byte[] Sha256);

/// <summary>
/// The simplest layout that brings a folder back: a header in the first sector, then an index, then the bytes of all files one after the
/// other. There are no directories, no free space and no rewriting: a disk holds one archive. A file system comes with a block device.
/// <code>
/// 0      magic "SDKARCH1", files (u32), index length (u32), SHA-256 of the index; zeros up to 4096
/// 4096   index: for each file name length (u16), name (UTF-8), length (u64), offset (u64), SHA-256; little endian
/// data   begins at the next multiple of 256 KiB
/// </code>
/// </summary>
internal static class DiskArchive
{
    private const int HeaderBytes = 4096;
    private const int EntryFixedBytes = 2 + 8 + 8 + HashBytes;
    private const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>Data begins where a slice of the disk begins, so that whole blocks fill whole slices.</summary>
    private const long DataAlignmentBytes = 256 * ByteSize.KiB;

    /// <summary>Large enough to keep several slices in flight, small enough that two of them do not count.</summary>
    private const int MaxBlockBytes = (int)(4 * ByteSize.MiB);
    private const int MinBlockBytes = (int)(64 * ByteSize.KiB);

    /// <summary>An index is held in memory; 64 MiB is room for more than half a million files.</summary>
    private const long MaxIndexBytes = 64 * ByteSize.MiB;

    private static ReadOnlySpan<byte> Magic => "SDKARCH1"u8;

    /// <summary>The bytes that an archive of <paramref name="files"/> takes on a disk.</summary>
    public static long SizeOf(IReadOnlyList<SourceFile> files) => DataStart(IndexBytes(files)) + files.Sum(file => file.LengthBytes);

    /// <summary>Copies <paramref name="files"/> to <paramref name="disk"/>; the header goes last, so half an archive is no archive.</summary>
    /// <param name="disk">A seekable stream over the disk. Nothing is flushed.</param>
    /// <param name="files">What to copy.</param>
    /// <param name="copied">Told how many bytes of the files the disk has taken so far.</param>
    /// <param name="cancellationToken">Stops the copy.</param>
    /// <exception cref="CommandException">A file cannot be read or changed its length, or the disk is too small.</exception>
    public static async Task<IReadOnlyList<ArchivedFile>> WriteAsync(
        Stream disk, IReadOnlyList<SourceFile> files, Action<long> copied, CancellationToken cancellationToken = default)
    {
        var indexBytes = IndexBytes(files);
        if (indexBytes > MaxIndexBytes)
        {
            throw new CommandException($"{files.Count} files are too many for one archive.");
        }

        if (disk.Length < SizeOf(files))
        {
            throw new CommandException(
                $"The disk is too small: it holds {ByteSize.Format(disk.Length)} and the files take {ByteSize.Format(SizeOf(files))}.");
        }

        var archived = await WriteDataAsync(disk, DataStart(indexBytes), files, copied, cancellationToken);
        var index = EncodeIndex(archived, (int)indexBytes);
        disk.Position = HeaderBytes;
        await disk.WriteAsync(index, cancellationToken);
        disk.Position = 0;
        await disk.WriteAsync(EncodeHeader(files.Count, index), cancellationToken);
        return archived;
    }

    /// <summary>Reads the index and checks it.</summary>
    /// <exception cref="CommandException">There is no archive on the disk, or its index does not add up.</exception>
    public static async Task<IReadOnlyList<ArchivedFile>> ReadIndexAsync(Stream disk, CancellationToken cancellationToken = default)
    {
        var header = new byte[HeaderBytes];
        disk.Position = 0;
        await disk.ReadExactlyAsync(header, cancellationToken);
        var indexBytes = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12));
        if (!header.AsSpan(0, 8).SequenceEqual(Magic) || indexBytes > MaxIndexBytes || indexBytes > disk.Length - HeaderBytes)
        {
            throw new CommandException("There is no archive on this disk.");
        }

        var index = new byte[indexBytes];
        await disk.ReadExactlyAsync(index, cancellationToken);
        if (!SHA256.HashData(index).AsSpan().SequenceEqual(header.AsSpan(16, HashBytes)))
        {
            throw new CommandException("The index of the archive does not match its SHA-256.");
        }

        return DecodeIndex(index, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)), disk.Length);
    }

    /// <summary>Reads every file in the order of the disk and tells the SHA-256 of what came back. The next block is always under way.</summary>
    /// <param name="disk">A seekable stream over the disk.</param>
    /// <param name="files">The index.</param>
    /// <param name="read">Told each file, with the SHA-256 of the bytes that were read.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task ReadAsync(
        Stream disk, IReadOnlyList<ArchivedFile> files, Action<ArchivedFile, byte[]> read, CancellationToken cancellationToken = default)
    {
        var position = files.Count == 0 ? 0 : files[0].OffsetBytes;
        var end = files.Count == 0 ? 0 : files[^1].OffsetBytes + files[^1].LengthBytes;
        var (current, next) = (new byte[MaxBlockBytes], new byte[MaxBlockBytes]);
        var reading = ReadBlockAsync(next, position);
        var (block, used) = (ReadOnlyMemory<byte>.Empty, 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            for (var left = file.LengthBytes; left > 0;)
            {
                if (used == block.Length)
                {
                    var length = await reading;
                    (current, next) = (next, current);
                    (block, used) = (current.AsMemory(0, length), 0);
                    position += length;
                    reading = ReadBlockAsync(next, position);
                }

                var take = (int)Math.Min(left, block.Length - used);
                hash.AppendData(block.Span.Slice(used, take));
                used += take;
                left -= take;
            }

            read(file, hash.GetHashAndReset());
        }

        await reading;

        async Task<int> ReadBlockAsync(byte[] buffer, long offsetBytes)
        {
            var length = (int)Math.Min(buffer.Length, end - offsetBytes);
            disk.Position = offsetBytes;
            await disk.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken);
            return length;
        }
    }

    private static async Task<List<ArchivedFile>> WriteDataAsync(
        Stream disk, long start, IReadOnlyList<SourceFile> files, Action<long> copied, CancellationToken cancellationToken)
    {
        // A small copy still takes several blocks, so that there is a middle in which something can happen to it.
        var total = files.Sum(file => file.LengthBytes);
        var block = new byte[(int)Math.Clamp(total / 16, MinBlockBytes, MaxBlockBytes)];
        var (used, taken) = (0, 0L);
        var archived = new List<ArchivedFile>(files.Count);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        disk.Position = start;
        foreach (var file in files)
        {
            var offset = start + taken + used;
            if (file.LengthBytes > 0)
            {
                await using var source = file.Open();
                for (var left = file.LengthBytes; left > 0;)
                {
                    var wanted = (int)Math.Min(left, block.Length - used);
                    var got = await source.ReadAsync(block.AsMemory(used, wanted), cancellationToken);
                    if (got == 0)
                    {
                        throw new CommandException($"{file.FullPath} became shorter while it was copied.");
                    }

                    hash.AppendData(block, used, got);
                    used += got;
                    left -= got;
                    await WriteBlockAsync(whenFull: true);
                }
            }

            archived.Add(new ArchivedFile(file.Path, file.LengthBytes, offset, hash.GetHashAndReset()));
        }

        await WriteBlockAsync(whenFull: false);
        return archived;

        async ValueTask WriteBlockAsync(bool whenFull)
        {
            if (used > 0 && (!whenFull || used == block.Length))
            {
                await disk.WriteAsync(block.AsMemory(0, used), cancellationToken);
                taken += used;
                used = 0;
                copied(taken);
            }
        }
    }

    private static long IndexBytes(IReadOnlyList<SourceFile> files) =>
        files.Sum(file => (long)EntryFixedBytes + Encoding.UTF8.GetByteCount(file.Path));

    private static long DataStart(long indexBytes) =>
        (HeaderBytes + indexBytes + DataAlignmentBytes - 1) / DataAlignmentBytes * DataAlignmentBytes;

    private static byte[] EncodeHeader(int files, byte[] index)
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), (uint)files);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), (uint)index.Length);
        SHA256.HashData(index, header.AsSpan(16));
        return header;
    }

    private static byte[] EncodeIndex(IReadOnlyList<ArchivedFile> files, int indexBytes)
    {
        var index = new byte[indexBytes];
        var rest = index.AsSpan();
        foreach (var file in files)
        {
            var nameBytes = Encoding.UTF8.GetBytes(file.Path, rest[2..]);
            BinaryPrimitives.WriteUInt16LittleEndian(rest, checked((ushort)nameBytes));
            rest = rest[(2 + nameBytes)..];
            BinaryPrimitives.WriteInt64LittleEndian(rest, file.LengthBytes);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], file.OffsetBytes);
            file.Sha256.CopyTo(rest[16..]);
            rest = rest[(16 + HashBytes)..];
        }

        return index;
    }

    private static List<ArchivedFile> DecodeIndex(ReadOnlySpan<byte> index, uint count, long diskBytes)
    {
        var files = new List<ArchivedFile>();
        var rest = index;
        var next = DataStart(index.Length);
        while (files.Count < count && rest.Length >= EntryFixedBytes)
        {
            var nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (rest.Length < EntryFixedBytes + nameBytes)
            {
                break;
            }

            var name = Encoding.UTF8.GetString(rest.Slice(2, nameBytes));
            rest = rest[(2 + nameBytes)..];
            var length = BinaryPrimitives.ReadInt64LittleEndian(rest);
            var offset = BinaryPrimitives.ReadInt64LittleEndian(rest[8..]);
            if (offset != next || length < 0 || length > diskBytes - offset)
            {
                break;
            }

            files.Add(new ArchivedFile(name, length, offset, rest.Slice(16, HashBytes).ToArray()));
            rest = rest[(16 + HashBytes)..];
            next = offset + length;
        }

        return files.Count == count && rest.IsEmpty ? files : throw new CommandException("The index of the archive does not add up.");
    }
}
