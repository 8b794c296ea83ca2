using static Sdk.Storage.Tests.Disk.VirtualDiskFixture;

namespace Sdk.Storage.Tests.Disk;

public sealed class VirtualDiskStreamTests
{
    private const int SizeBytes = 1_000_001;

    [Fact]
    public async Task A_stream_reads_what_it_wrote_at_its_own_position_and_ends_at_the_disks_end()
    {
        await using VirtualDiskFixture fixture = Create(SizeBytes);
        byte[] data = RandomBytes(1, SizeBytes);
        await using (Stream writing = fixture.Disk.OpenStream())
        {
            await writing.WriteAsync(data);
            Assert.Equal(SizeBytes, writing.Position);
        }

        Assert.True(fixture.Group.TouchedSectors > 200);
        await using Stream reading = fixture.Disk.OpenStream();
        using var copy = new MemoryStream();
        await reading.CopyToAsync(copy);
        Assert.Equal(data, copy.ToArray());
        Assert.Equal(0, await reading.ReadAsync(new byte[10]));
        reading.Position = SizeBytes - 3;
        Assert.Equal(3, reading.Read(new byte[10], 0, 10));
    }

    [Fact]
    public async Task Seeking_goes_where_it_is_told_and_not_before_the_begin()
    {
        await using VirtualDiskFixture fixture = Create(SizeBytes);
        await using Stream stream = fixture.Disk.OpenStream();
        Assert.Equal(SizeBytes, stream.Length);
        Assert.Equal(100, stream.Seek(100, SeekOrigin.Begin));
        Assert.Equal(90, stream.Seek(-10, SeekOrigin.Current));
        Assert.Equal(SizeBytes - 1, stream.Seek(-1, SeekOrigin.End));
        Assert.Equal(SizeBytes + 5, stream.Seek(5, SeekOrigin.End));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        Assert.Throws<IOException>(() => stream.Seek(-1, SeekOrigin.Begin));
        Assert.Throws<IOException>(() => stream.Seek(long.MaxValue, SeekOrigin.Current));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(5));
    }

    [Fact]
    public async Task Writing_beyond_the_end_is_refused_and_nothing_is_written()
    {
        await using VirtualDiskFixture fixture = Create(SizeBytes);
        await using Stream stream = fixture.Disk.OpenStream();
        stream.Position = SizeBytes - 4;
        await Assert.ThrowsAsync<IOException>(() => stream.WriteAsync(new byte[] { 1, 2, 3, 4, 5 }).AsTask());
        Assert.Equal(new byte[4], await fixture.ReadAsync(SizeBytes - 4, 4));
    }

    [Fact]
    public async Task Closing_a_stream_that_wrote_flushes_and_throws_if_it_cannot()
    {
        await using VirtualDiskFixture fixture = Create(SizeBytes);
        fixture.Group.Failure = new IOException("too few members");
        Stream stream = fixture.Disk.OpenStream();
        stream.Write([1, 2, 3]);
        Assert.Throws<WriteNotCertifiedException>(stream.Dispose);
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
    }
}
