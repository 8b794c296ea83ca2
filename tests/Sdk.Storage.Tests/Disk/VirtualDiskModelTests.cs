using static Sdk.Storage.Tests.Disk.VirtualDiskFixture;

namespace Sdk.Storage.Tests.Disk;

/// <summary>The disk against the simplest model there is: an array of bytes.</summary>
public sealed class VirtualDiskModelTests
{
    private const int SliceBytes = 256 * 1024;

    // Not a multiple of a slice or a sector, so that the end is crooked.
    private const int SizeBytes = 12 * SliceBytes + 5001;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Random_operations_leave_what_they_would_leave_in_an_array(int seed)
    {
        var random = new Random(seed);
        byte[] model = new byte[SizeBytes];
        await using VirtualDiskFixture fixture = Create(SizeBytes, groups: 1 + seed % 3, submitRoom: 1 + seed % 4);
        for (int step = 0; step < 400; step++)
        {
            int length = RandomLength(random);
            int offset = random.Next(SizeBytes - length + 1);
            switch (random.Next(10))
            {
                case < 4:
                    random.NextBytes(model.AsSpan(offset, length));
                    await fixture.Disk.WriteAsync(offset, model.AsMemory(offset, length));
                    break;
                case < 6:
                    model.AsSpan(offset, length).Clear();
                    await fixture.Disk.TrimAsync(offset, length);
                    break;
                case < 9:
                    byte[] part = await fixture.ReadAsync(offset, length);
                    Assert.True(model.AsSpan(offset, length).SequenceEqual(part), $"step {step}");
                    break;
                default:
                    await fixture.Disk.FlushAsync();
                    break;
            }
        }

        await fixture.Disk.FlushAsync();
        Assert.InRange(fixture.Disk.PeakCacheSectors, 1, 256);
        await using VirtualDisk other = Open(SizeBytes, fixture.Groups);
        byte[] read = new byte[SizeBytes];
        await other.ReadAsync(0, read);
        Assert.True(model.AsSpan().SequenceEqual(read));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Writers_of_interleaved_unaligned_stripes_do_not_disturb_each_other(int seed)
    {
        const int writers = 4, stripeBytes = 1500, turns = 150;
        byte[] model = new byte[SizeBytes];
        await using VirtualDiskFixture fixture = Create(SizeBytes);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteStripesAsync(writer))));
        await fixture.Disk.FlushAsync();
        byte[] all = await fixture.ReadAsync(0, SizeBytes);
        Assert.True(model.AsSpan().SequenceEqual(all));

        async Task WriteStripesAsync(int writer)
        {
            var random = new Random(seed * writers + writer);
            for (int turn = 0; turn < turns; turn++)
            {
                // A small region, so that sectors are shared, written again while underway, and certified meanwhile.
                int stripe = random.Next(40) * writers + writer;
                Memory<byte> place = model.AsMemory(stripe * stripeBytes, stripeBytes);
                random.NextBytes(place.Span);
                await fixture.Disk.WriteAsync(stripe * stripeBytes, place);
                byte[] read = await fixture.ReadAsync(stripe * stripeBytes, stripeBytes);
                Assert.True(place.Span.SequenceEqual(read));
                if (turn % 20 == 19)
                {
                    await fixture.Disk.FlushAsync();
                }
            }
        }
    }

    [Fact]
    public async Task Overlapping_writes_leave_whole_sectors_of_one_of_them()
    {
        await using VirtualDiskFixture fixture = Create(SizeBytes);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(writer => Task.Run(async () =>
        {
            byte[] data = new byte[3 * SliceBytes];
            Array.Fill(data, (byte)writer);
            await fixture.Disk.WriteAsync(4096, data);
        })));
        await fixture.Disk.FlushAsync();
        byte[] read = await fixture.ReadAsync(4096, 3 * SliceBytes);
        Assert.All(read.Chunk(4096), sector => Assert.InRange(Assert.Single(sector.Distinct()), 1, 8));
    }

    private static int RandomLength(Random random) => random.Next(4) switch
    {
        0 => random.Next(1, 100),
        1 => random.Next(1, 3 * 4096),
        2 => 4096 * random.Next(1, 100),
        _ => random.Next(1, 4 * SliceBytes),
    };
}
