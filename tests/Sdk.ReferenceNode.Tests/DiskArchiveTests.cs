using System.Security.Cryptography;
using Sdk.ReferenceNode.Archive;

namespace Sdk.ReferenceNode.Tests;

public sealed class DiskArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Reading_returns_every_file_that_was_written()
    {
        _folder.Write("a/small", 10);
        _folder.Write("empty", 0);
        _folder.Write("large", 9_000_001);
        _folder.Write("ünïcode/名", 70_000);
        var files = SourceFolder.List(_folder.FullName, "/");
        using var disk = DiskFor(files);

        await DiskArchive.WriteAsync(disk, files, _ => { });

        var index = await DiskArchive.ReadIndexAsync(disk);
        Assert.Equal(["a/small", "empty", "large", "ünïcode/名"], index.Select(file => file.Path));
        var read = new Dictionary<string, string>();
        await DiskArchive.ReadAsync(disk, index, (file, hash) => read.Add(file.Path, Convert.ToHexString(hash)));
        Assert.All(files, file => Assert.Equal(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullPath))), read[file.Path]));
    }

    [Fact]
    public async Task The_index_holds_the_hash_of_what_was_read_from_the_source()
    {
        var path = _folder.Write("one", 5_000_000);
        var files = SourceFolder.List(path, "/");
        using var disk = DiskFor(files);

        var archived = Assert.Single(await DiskArchive.WriteAsync(disk, files, _ => { }));

        Assert.Equal(SHA256.HashData(File.ReadAllBytes(path)), archived.Sha256);
        Assert.Equal(0, archived.OffsetBytes % (256 * 1024));
    }

    [Fact]
    public async Task Even_a_small_copy_has_a_middle()
    {
        _folder.Write("small", 300_000);
        var files = SourceFolder.List(_folder.FullName, "/");
        using var disk = DiskFor(files);
        var steps = new List<long>();

        await DiskArchive.WriteAsync(disk, files, steps.Add);

        Assert.Contains(steps, bytes => bytes is >= 150_000 and < 300_000);
        Assert.Equal(300_000, steps[^1]);
    }

    [Fact]
    public async Task A_byte_that_changed_on_the_disk_changes_the_hash_of_its_file_only()
    {
        _folder.Write("first", 1000);
        _folder.Write("second", 1000);
        var files = SourceFolder.List(_folder.FullName, "/");
        using var disk = DiskFor(files);
        var archived = await DiskArchive.WriteAsync(disk, files, _ => { });
        disk.GetBuffer()[archived[1].OffsetBytes] ^= 1;

        var right = new List<bool>();
        await DiskArchive.ReadAsync(disk, await DiskArchive.ReadIndexAsync(disk), (file, hash) => right.Add(file.Sha256.SequenceEqual(hash)));

        Assert.Equal([true, false], right);
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_refused_before_anything_is_written()
    {
        _folder.Write("file", 1_000_000);
        using var disk = Disk(500_000);

        var refusal = await Assert.ThrowsAsync<CommandException>(
            () => DiskArchive.WriteAsync(disk, SourceFolder.List(_folder.FullName, "/"), _ => { }));

        Assert.StartsWith("The disk is too small", refusal.Message, StringComparison.Ordinal);
        Assert.All(disk.ToArray(), stored => Assert.Equal(0, stored));
    }

    [Fact]
    public async Task A_file_that_became_shorter_is_an_error_and_leaves_no_archive()
    {
        var path = _folder.Write("file", 1000);
        var files = SourceFolder.List(_folder.FullName, "/");
        File.WriteAllBytes(path, new byte[10]);
        using var disk = DiskFor(files);

        await Assert.ThrowsAsync<CommandException>(() => DiskArchive.WriteAsync(disk, files, _ => { }));

        await Assert.ThrowsAsync<CommandException>(() => DiskArchive.ReadIndexAsync(disk));
    }

    [Fact]
    public async Task An_empty_disk_holds_no_archive()
    {
        using var disk = Disk(1 << 20);
        var refusal = await Assert.ThrowsAsync<CommandException>(() => DiskArchive.ReadIndexAsync(disk));
        Assert.Equal("There is no archive on this disk.", refusal.Message);
    }

    [Fact]
    public async Task Any_changed_byte_of_header_or_index_is_noticed()
    {
        _folder.Write("some/file", 100);
        var files = SourceFolder.List(_folder.FullName, "/");
        using var disk = DiskFor(files);
        await DiskArchive.WriteAsync(disk, files, _ => { });
        var used = Enumerable.Range(0, 48).Concat(Enumerable.Range(4096, 50 + "some/file".Length));

        foreach (var position in used)
        {
            disk.GetBuffer()[position] ^= 0x41;
            await Assert.ThrowsAsync<CommandException>(() => DiskArchive.ReadIndexAsync(disk));
            disk.GetBuffer()[position] ^= 0x41;
        }

        Assert.Single(await DiskArchive.ReadIndexAsync(disk));
    }

    private static MemoryStream DiskFor(IReadOnlyList<SourceFile> files) => Disk((int)DiskArchive.SizeOf(files));

    private static MemoryStream Disk(int bytes) => new(new byte[bytes], 0, bytes, writable: true, publiclyVisible: true);
}
