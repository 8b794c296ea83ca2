using static Sdk.Storage.Tests.Disk.VirtualDiskFixture;

namespace Sdk.Storage.Tests.Disk;

public sealed class VirtualDiskTests
{
    private const int MiB = 1024 * 1024;
    private const int SliceBytes = 256 * 1024;

    [Fact]
    public async Task What_was_never_written_reads_as_zeros()
    {
        await using VirtualDiskFixture fixture = Create();
        Assert.All(await fixture.ReadAsync(12345, 700_000), b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task A_read_returns_what_was_written_before_and_after_the_certificate()
    {
        await using VirtualDiskFixture fixture = Create();
        byte[] data = RandomBytes(1, 300_001);
        fixture.Group.Hold();
        await fixture.Disk.WriteAsync(4097, data);
        Assert.Equal(data, await fixture.ReadAsync(4097, data.Length));
        fixture.Group.LetGo();
        await fixture.Disk.FlushAsync();
        Assert.Equal(data, await fixture.ReadAsync(4097, data.Length));
    }

    [Fact]
    public async Task What_was_flushed_is_there_for_who_opens_the_disk_with_the_secret_alone()
    {
        await using VirtualDiskFixture fixture = Create(sizeBytes: 4 * MiB, groups: 3);
        byte[] data = RandomBytes(2, 4 * MiB);
        await fixture.Disk.WriteAsync(0, data);
        await fixture.Disk.FlushAsync();
        await using VirtualDisk other = Open(4 * MiB, fixture.Groups);
        byte[] read = new byte[4 * MiB];
        await other.ReadAsync(0, read);
        Assert.Equal(data, read);
        Assert.All(fixture.Groups, group => Assert.True(group.TouchedSectors > 300));
    }

    [Fact]
    public async Task Two_writes_to_parts_of_one_sector_at_the_same_time_both_stand()
    {
        await using VirtualDiskFixture fixture = Create();
        await fixture.Disk.WriteAsync(0, RandomBytes(3, 8192));
        await fixture.Disk.FlushAsync();
        byte[] expected = await fixture.ReadAsync(0, 8192);
        TaskCompletionSource reads = fixture.Group.HoldReads();
        byte[] first = RandomBytes(4, 1000);
        byte[] second = RandomBytes(5, 1000);
        Task one = fixture.Disk.WriteAsync(100, first).AsTask();
        Task two = fixture.Disk.WriteAsync(2000, second).AsTask();
        Assert.False(one.IsCompleted || two.IsCompleted);
        reads.SetResult();
        await Task.WhenAll(one, two);
        await fixture.Disk.FlushAsync();
        first.CopyTo(expected, 100);
        second.CopyTo(expected, 2000);
        Assert.Equal(expected, await fixture.ReadAsync(0, 8192));
    }

    [Fact]
    public async Task A_partial_write_never_undoes_a_whole_one_that_was_certified_while_it_was_reading()
    {
        await using VirtualDiskFixture fixture = Create();
        TaskCompletionSource reads = fixture.Group.HoldReads();
        Task partial = fixture.Disk.WriteAsync(10, new byte[] { 7 }).AsTask();
        byte[] whole = RandomBytes(6, 4096);
        await fixture.Disk.WriteAsync(0, whole);
        await fixture.Disk.FlushAsync();
        reads.SetResult();
        await partial;
        whole[10] = 7;
        Assert.Equal(whole, await fixture.ReadAsync(0, 4096));
    }

    [Fact]
    public async Task A_trim_gives_whole_sectors_back_and_zeroes_the_edges()
    {
        await using VirtualDiskFixture fixture = Create();
        byte[] data = RandomBytes(7, SliceBytes * 2);
        await fixture.Disk.WriteAsync(0, data);
        await fixture.Disk.FlushAsync();
        Assert.Equal(128, fixture.Group.TouchedSectors);
        await fixture.Disk.TrimAsync(1000, SliceBytes);
        data.AsSpan(1000, SliceBytes).Clear();
        Assert.Equal(data, await fixture.ReadAsync(0, data.Length));
        await fixture.Disk.FlushAsync();
        Assert.Equal(65, fixture.Group.TouchedSectors);
        Assert.Equal(data, await fixture.ReadAsync(0, data.Length));
    }

    [Fact]
    public async Task Sequential_writing_sends_whole_slices_before_anybody_flushes()
    {
        await using VirtualDiskFixture fixture = Create(cacheBytes: 2 * MiB);
        byte[] data = RandomBytes(8, 4 * MiB);
        for (int offset = 0; offset < data.Length; offset += 4096)
        {
            await fixture.Disk.WriteAsync(offset, data.AsMemory(offset, 4096));
        }

        FlushReceipt receipt = await fixture.Disk.FlushAsync();
        Assert.Equal(16, receipt.CertifiedWrites);
        Assert.All(fixture.Group.Writes, extents => Assert.Equal(64, Assert.Single(extents).Count));
    }

    [Fact]
    public async Task Many_slices_are_on_their_way_at_a_time()
    {
        await using VirtualDiskFixture fixture = Create(cacheBytes: 8 * MiB);
        fixture.Group.Hold();
        await fixture.Disk.WriteAsync(0, RandomBytes(9, 2 * MiB));
        ValueTask<FlushReceipt> flush = fixture.Disk.FlushAsync();
        await UntilAsync(() => fixture.Group.PendingCount == 8);
        Assert.False(flush.IsCompleted);
        fixture.Group.LetGo();
        await flush;
        Assert.Equal(8, fixture.Group.MaxPending);
    }

    [Fact]
    public async Task A_long_read_asks_for_several_slices_at_a_time_but_not_for_more_than_its_bound()
    {
        await using VirtualDiskFixture fixture = Create();
        await fixture.Disk.WriteAsync(0, RandomBytes(10, 4 * MiB));
        await fixture.Disk.FlushAsync();
        TaskCompletionSource reads = fixture.Group.HoldReads();
        Task<byte[]> read = fixture.ReadAsync(0, 4 * MiB);
        Assert.Equal(8, fixture.Group.ReadsAtATime);
        reads.SetResult();
        Assert.Equal(RandomBytes(10, 4 * MiB), await read);
        Assert.InRange(fixture.Group.MaxReadsAtATime, 8, 8);
    }

    [Fact]
    public async Task A_receipt_counts_each_certificate_once_by_its_holders()
    {
        await using VirtualDiskFixture fixture = Create();
        var batches = new List<BatchCertified>();
        fixture.Disk.Certified += batch =>
        {
            lock (batches)
            {
                batches.Add(batch);
            }
        };
        await fixture.Disk.WriteAsync(SliceBytes, RandomBytes(11, 3 * 4096));
        FlushReceipt receipt = await fixture.Disk.FlushAsync();
        Assert.Equal(1, receipt.CertifiedWrites);
        Assert.Equal(1, receipt.WritesByHolders[MemorySliceChannel.Quorum]);
        Assert.Equal(new BatchCertified(SliceBytes, 3, MemorySliceChannel.Quorum, MemorySliceChannel.Members), Assert.Single(batches));
        Assert.Equal(0, (await fixture.Disk.FlushAsync()).CertifiedWrites);
    }

    [Fact]
    public async Task A_forged_sector_is_refused_and_its_neighbours_are_not()
    {
        await using VirtualDiskFixture fixture = Create();
        byte[] data = RandomBytes(12, SliceBytes);
        await fixture.Disk.WriteAsync(0, data);
        await fixture.Disk.FlushAsync();
        fixture.Group.Forged = (0, 5);
        await Assert.ThrowsAsync<SectorAuthenticationException>(() => fixture.ReadAsync(5 * 4096 + 9, 1));
        await Assert.ThrowsAsync<SectorAuthenticationException>(() => fixture.ReadAsync(0, 2 * SliceBytes));
        await Assert.ThrowsAsync<SectorAuthenticationException>(() => fixture.Disk.WriteAsync(5 * 4096 + 9, new byte[1]).AsTask());
        Assert.Equal(data[..(5 * 4096)], await fixture.ReadAsync(0, 5 * 4096));
        await fixture.Disk.WriteAsync(5 * 4096, data.AsMemory(0, 4096));
        await fixture.Disk.FlushAsync();
    }

    [Fact]
    public async Task Nothing_that_leaves_the_disk_holds_its_plaintext()
    {
        await using VirtualDiskFixture fixture = Create();
        byte[] marker = "a sentence nobody else may read"u8.ToArray();
        await fixture.Disk.WriteAsync(4090, marker);
        await fixture.Disk.FlushAsync();
        Assert.NotEmpty(fixture.Group.Recording);
        Assert.All(fixture.Group.Recording, sent => Assert.Equal(-1, sent.AsSpan().IndexOf(marker.AsSpan(0, 6))));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(4 * MiB, 1)]
    [InlineData(4 * MiB - 1, 2)]
    [InlineData(long.MaxValue, 2)]
    public async Task A_range_outside_the_disk_is_refused(long offset, int length)
    {
        await using VirtualDiskFixture fixture = Create();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => fixture.ReadAsync(offset, length));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => fixture.Disk.WriteAsync(offset, new byte[length]).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => fixture.Disk.TrimAsync(offset, length).AsTask());
    }

    [Fact]
    public async Task Empty_operations_at_the_end_do_nothing()
    {
        await using VirtualDiskFixture fixture = Create();
        await fixture.Disk.ReadAsync(4 * MiB, Memory<byte>.Empty);
        await fixture.Disk.WriteAsync(4 * MiB, ReadOnlyMemory<byte>.Empty);
        await fixture.Disk.TrimAsync(4 * MiB, 0);
        Assert.Equal(0, (await fixture.Disk.FlushAsync()).CertifiedWrites);
    }

    /// <summary>Waits for a state that other threads reach by themselves.</summary>
    internal static async Task UntilAsync(Func<bool> reached)
    {
        while (!reached())
        {
            await Task.Yield();
        }
    }
}
