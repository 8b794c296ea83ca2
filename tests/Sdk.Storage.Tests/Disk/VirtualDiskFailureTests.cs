using Sdk.Storage.Disk;
using static Sdk.Storage.Tests.Disk.VirtualDiskFixture;
using static Sdk.Storage.Tests.Disk.VirtualDiskTests;

namespace Sdk.Storage.Tests.Disk;

public sealed class VirtualDiskFailureTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task A_flush_throws_when_a_write_cannot_be_certified_and_the_disk_takes_no_more_writes()
    {
        await using VirtualDiskFixture fixture = Create();
        byte[] data = RandomBytes(1, 10_000);
        await fixture.Disk.WriteAsync(0, data);
        fixture.Group.Failure = new IOException("too few members");
        var thrown = await Assert.ThrowsAsync<WriteNotCertifiedException>(() => fixture.Disk.FlushAsync().AsTask());
        Assert.Same(fixture.Group.Failure, thrown.InnerException);
        fixture.Group.Failure = null;
        await Assert.ThrowsAsync<WriteNotCertifiedException>(() => fixture.Disk.FlushAsync().AsTask());
        await Assert.ThrowsAsync<WriteNotCertifiedException>(() => fixture.Disk.WriteAsync(0, data).AsTask());
        await Assert.ThrowsAsync<WriteNotCertifiedException>(() => fixture.Disk.TrimAsync(0, 4096).AsTask());
        Assert.Equal(data, await fixture.ReadAsync(0, data.Length));
    }

    [Fact]
    public async Task A_writer_above_the_bound_waits_for_certificates_and_the_bound_holds()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Group.Hold();
        byte[] data = RandomBytes(2, 3 * MiB);
        Task write = fixture.Disk.WriteAsync(0, data).AsTask();
        await UntilAsync(() => fixture.Group.PendingCount == 3);
        Assert.False(write.IsCompleted);
        while (!write.IsCompleted)
        {
            fixture.Group.Certify(1);
            await Task.Yield();
        }

        fixture.Group.LetGo();
        await fixture.Disk.FlushAsync();
        Assert.InRange(fixture.Disk.PeakCacheSectors, 200, 256);
        Assert.Equal(data, await fixture.ReadAsync(0, data.Length));
    }

    [Fact]
    public async Task Trims_are_bounded_like_writes()
    {
        const long size = 1024L * MiB;
        await using VirtualDiskFixture fixture = Create(size);
        fixture.Group.Hold();
        Task trim = fixture.Disk.TrimAsync(0, size).AsTask();
        await UntilAsync(() => fixture.Group.PendingCount == 16);
        Assert.False(trim.IsCompleted);
        fixture.Group.LetGo();
        await trim;
        await fixture.Disk.FlushAsync();
        Assert.InRange(fixture.Disk.PeakCacheSectors, 1, 256);
    }

    [Fact]
    public async Task A_writer_that_waits_fails_when_a_certificate_does()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Group.Hold();
        Task write = fixture.Disk.WriteAsync(0, new byte[3 * MiB]).AsTask();
        await UntilAsync(() => fixture.Group.PendingCount == 3);
        fixture.Group.Failure = new IOException("too few members");
        fixture.Group.LetGo();
        await Assert.ThrowsAsync<WriteNotCertifiedException>(() => write);
    }

    [Fact]
    public async Task A_cancelled_writer_leaves_the_line_and_the_disk_goes_on()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Group.Hold();
        using var cancel = new CancellationTokenSource();
        Task write = fixture.Disk.WriteAsync(0, new byte[3 * MiB], cancel.Token).AsTask();
        await UntilAsync(() => fixture.Group.PendingCount == 3);
        Task behind = fixture.Disk.WriteAsync(3 * MiB, RandomBytes(3, 4096)).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        fixture.Group.LetGo();
        await behind;
        await fixture.Disk.FlushAsync();
        Assert.Equal(RandomBytes(3, 4096), await fixture.ReadAsync(3 * MiB, 4096));
    }

    [Fact]
    public async Task A_cancelled_flush_leaves_the_outcome_to_the_next_one()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Group.Hold();
        await fixture.Disk.WriteAsync(0, RandomBytes(4, 5000));
        using var cancel = new CancellationTokenSource();
        Task flush = fixture.Disk.FlushAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush);
        Task<FlushReceipt> next = fixture.Disk.FlushAsync().AsTask();
        fixture.Group.LetGo();
        Assert.Equal(1, (await next).CertifiedWrites);
    }

    [Fact]
    public async Task A_flush_waits_for_what_came_before_it_and_not_for_what_comes_after()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Group.Hold();
        await fixture.Disk.WriteAsync(0, RandomBytes(5, 4096));
        Task flush = fixture.Disk.FlushAsync().AsTask();
        await UntilAsync(() => fixture.Group.PendingCount == 1);
        await fixture.Disk.WriteAsync(0, RandomBytes(6, 4096));
        Task second = fixture.Disk.FlushAsync().AsTask();
        await UntilAsync(() => fixture.Group.PendingCount == 2);
        fixture.Group.Certify(1);
        await flush;
        Assert.False(second.IsCompleted);
        Assert.Equal(RandomBytes(6, 4096), await fixture.ReadAsync(0, 4096));
        fixture.Group.LetGo();
        await second;
        Assert.Equal(RandomBytes(6, 4096), await fixture.ReadAsync(0, 4096));
    }

    [Fact]
    public async Task Disposing_flushes_and_closes_the_sessions()
    {
        await using VirtualDiskFixture fixture = Create();
        await fixture.Disk.WriteAsync(100, RandomBytes(7, 5000));
        await fixture.Disk.DisposeAsync();
        Assert.True(fixture.Group.IsDisposed);
        Assert.Equal(2, fixture.Group.TouchedSectors);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => fixture.Disk.WriteAsync(0, new byte[1]).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => fixture.Disk.FlushAsync().AsTask());
    }

    [Fact]
    public async Task Disposing_throws_when_it_cannot_flush_in_time_and_still_closes_the_sessions()
    {
        var group = new MemorySliceChannel(4);
        group.Hold();
        var time = new ImpatientTime();
        VirtualDisk disk = Open(MiB, [group], time: time);
        await disk.WriteAsync(0, new byte[10]);
        await Assert.ThrowsAsync<WriteNotCertifiedException>(() => disk.DisposeAsync().AsTask());
        Assert.True(group.IsDisposed);
        Assert.Equal(TimeSpan.FromSeconds(30), time.Asked);
    }

    [Fact]
    public async Task Abort_does_not_flush_and_fails_whoever_waits()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Group.Hold();
        await fixture.Disk.WriteAsync(0, new byte[4096]);
        Task flush = fixture.Disk.FlushAsync().AsTask();
        fixture.Disk.Abort();
        await Assert.ThrowsAsync<WriteNotCertifiedException>(() => flush);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => fixture.ReadAsync(0, 1));
        await fixture.Disk.DisposeAsync();
        fixture.Disk.Abort();
        Assert.True(fixture.Group.IsDisposed);
    }

    [Fact]
    public async Task A_handler_that_throws_stops_the_writes_rather_than_being_lost()
    {
        await using VirtualDiskFixture fixture = Create();
        fixture.Disk.Certified += _ => throw new InvalidOperationException("a handler's fault");
        await fixture.Disk.WriteAsync(0, new byte[1]);
        var thrown = await Assert.ThrowsAsync<WriteNotCertifiedException>(() => fixture.Disk.FlushAsync().AsTask());
        Assert.IsType<InvalidOperationException>(thrown.InnerException);
    }

    [Fact]
    public void Options_out_of_range_and_maps_larger_than_the_groups_are_refused()
    {
        var group = new MemorySliceChannel(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(MiB, [group], new VirtualDiskOptions { CacheBytes = MiB - 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(MiB, [group], new VirtualDiskOptions { ParallelReads = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(MiB, [group], new VirtualDiskOptions { DisposeTimeout = TimeSpan.Zero }));
        Assert.Throws<ArgumentException>(() => Open(MiB + 1, [group]));
        using DiskKeys keys = DiskKeys.Derive(new byte[32], new DiskId(1));
        Assert.Throws<ArgumentException>(
            () => new VirtualDisk(MiB + 1, keys, SliceMap.Spread(new DiskId(1), 4, 1), [group], new VirtualDiskOptions(), TimeProvider.System));
    }

    /// <summary>Every timer is due at once.</summary>
    private sealed class ImpatientTime : TimeProvider
    {
        public TimeSpan Asked { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Asked = dueTime;
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
