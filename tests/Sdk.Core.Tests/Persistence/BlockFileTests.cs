using Sdk.Core.Persistence;

namespace Sdk.Core.Tests.Persistence;

public sealed class BlockFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_written_is_read_back_after_reopening_and_gaps_are_zeros()
    {
        using (BlockFile file = BlockFile.Open(_directory["a"]))
        {
            file.Write(10_000, [1, 2, 3]);
            file.Sync();
        }

        using BlockFile again = BlockFile.Open(_directory["a"]);
        byte[] buffer = new byte[8];
        Assert.Equal(10_003, again.LengthBytes);
        Assert.Equal(5, again.Read(9_998, buffer));
        Assert.Equal([0, 0, 1, 2, 3, 0, 0, 0], buffer);
        Assert.Equal(0, again.Read(20_000, buffer));
    }

    [Fact]
    public void Preallocation_gives_length_to_a_new_file_and_to_a_short_one()
    {
        using (BlockFile file = BlockFile.Open(_directory["a"], 10_000))
        {
            Assert.Equal(10_000, file.LengthBytes);
            file.Write(0, [7]);
        }

        using BlockFile again = BlockFile.Open(_directory["a"], 3 << 20);
        byte[] buffer = new byte[1];
        Assert.Equal(3 << 20, again.LengthBytes);
        Assert.Equal(1, again.Read(0, buffer));
        Assert.Equal(7, buffer[0]);
    }

    [Fact]
    public void More_than_the_disk_holds_throws_DiskFull_and_leaves_no_file()
    {
        Assert.Throws<DiskFullException>(() => BlockFile.Open(_directory["a"], 1L << 50));
        Assert.False(File.Exists(_directory["a"]));
    }

    [Fact]
    public void Only_its_owner_may_read_the_file_and_nobody_opens_it_twice()
    {
        using BlockFile file = BlockFile.Open(_directory["a"]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["a"]));
        }

        Assert.ThrowsAny<IOException>(() => BlockFile.Open(_directory["a"]));
    }

    [Fact]
    public void Checksum_is_the_one_of_RFC_3720()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(Crc32C.Compute("123456789"u8), Crc32C.Append(Crc32C.Compute("1234"u8), "56789"u8));
    }
}
