using System.Buffers.Binary;
using Sdk.Core;

namespace Sdk.Storage.Tests.BadInput;

/// <summary>Files of a member that somebody, or a bad disk, changed while it was stopped.</summary>
public sealed class DamagedFilesTests
{
    [Fact]
    public async Task A_bit_that_flipped_in_an_acknowledged_record_stops_the_member_from_starting_until_it_is_mended()
    {
        await using var served = await StartWithSeveralSyncsAsync();
        await served.Network.StopNodeAsync(0);
        var log = FileOf(served, 0, "log-*");
        Flip(log, RecordsOf(log)[0].Offset + 100);
        await Assert.ThrowsAsync<LogCorruptException>(() => served.Network.RestartNodeAsync(0));
        await served.Network.StopNodeAsync(0);

        Flip(log, RecordsOf(log)[0].Offset + 100);
        await served.Network.RestartNodeAsync(0);
        await served.AssertGoesOnWithAsync(0);
    }

    [Theory]
    [InlineData("log-*")]
    [InlineData("span-*")]
    [InlineData("control-*")]
    public async Task A_file_that_was_cut_off_or_is_missing_stops_the_member_from_starting(string name)
    {
        await using var served = await StartWithSeveralSyncsAsync();
        await served.Network.StopNodeAsync(0);
        var file = FileOf(served, 0, name);
        using (var stream = File.OpenWrite(file))
        {
            stream.SetLength(stream.Length / 2);
        }

        await Assert.ThrowsAsync<LogCorruptException>(() => served.Network.RestartNodeAsync(0));
        await served.Network.StopNodeAsync(0);
        File.Delete(file);
        await Assert.ThrowsAsync<LogCorruptException>(() => served.Network.RestartNodeAsync(0));
        await served.AssertReadsAsync(served.Disk);
    }

    [Fact]
    public async Task A_torn_end_of_the_log_is_cut_off_and_the_member_gets_what_it_lacks_from_the_others()
    {
        await using var served = await StartWithSeveralSyncsAsync();
        await served.Network.StopNodeAsync(0);
        var log = FileOf(served, 0, "log-*");
        var last = RecordsOf(log)[^1];
        using (var stream = File.OpenWrite(log))
        {
            // The second half of the last record never reached the disk.
            stream.Position = last.Offset + (last.Length / 2);
            stream.Write(new byte[last.Length - (last.Length / 2)]);
        }

        await served.Network.RestartNodeAsync(0);
        await served.AssertGoesOnWithAsync(0);
    }

    [Fact]
    public async Task Sectors_that_rotted_at_more_than_a_third_of_the_members_are_never_served_as_the_owners()
    {
        await using var served = await StartWithSeveralSyncsAsync();

        // So much that every member makes a checkpoint, after which the log no longer heals what is older.
        for (var round = 0; round < 12; round++)
        {
            await served.WriteAsync(1 << 20, 1 << 20);
            await served.Disk.FlushAsync();
        }

        for (var member = 0; member < 3; member++)
        {
            await served.Network.StopNodeAsync(member);
            Rot(FileOf(served, member, "span-*"));
            await served.Network.RestartNodeAsync(member);
        }

        await served.AssertReadsAsync(served.Disk);
    }

    [Fact]
    public async Task A_description_of_a_disk_that_is_damaged_stops_the_member_from_starting()
    {
        await using var served = await ServedDisk.StartAsync();
        await served.Network.StopNodeAsync(1);
        var file = FileOf(served, 1, "disk-*");
        var whole = File.ReadAllBytes(file);
        foreach (var damaged in new[] { whole[..(whole.Length / 2)], [], [.. whole[..^1], (byte)(whole[^1] ^ 1)], new byte[1 << 20] })
        {
            File.WriteAllBytes(file, damaged);
            var error = await Assert.ThrowsAsync<DiskRefusedException>(() => served.Network.RestartNodeAsync(1));
            Assert.Contains(Path.GetFileName(file), error.Message, StringComparison.Ordinal);
            await served.Network.StopNodeAsync(1);
        }

        File.WriteAllBytes(file, whole);
        await served.Network.RestartNodeAsync(1);
        await served.AssertGoesOnWithAsync(1);
    }

    /// <summary>Each record says what was durable when it was written, so a record is known to be durable once a later one is there.</summary>
    private static async Task<ServedDisk> StartWithSeveralSyncsAsync()
    {
        var served = await ServedDisk.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await served.WriteAsync(i * 300_000, 10_000);
            await served.Disk.FlushAsync();
        }

        return served;
    }

    private static string FileOf(ServedDisk served, int member, string pattern) =>
        Assert.Single(Directory.GetFiles(served.Network.DirectoryOf(member), pattern));

    private static void Flip(string file, long offset)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    /// <summary>Changes a byte in every 4 KiB of the first four slices' ciphertext, and leaves the records about them alone.</summary>
    private static void Rot(string span)
    {
        const int slotBytes = (256 + 16) * 1024; // Ciphertext of a slice, then its record twice.
        var headBytes = new FileInfo(span).Length % slotBytes;
        for (var sector = 0; sector < 4 * 64; sector++)
        {
            Flip(span, headBytes + (sector / 64 * slotBytes) + (sector % 64 * 4096) + 1234);
        }
    }

    /// <summary>Places and lengths of the log's records: two pages of headers, then mark, lsn, synced lsn, payload length, each in 8 bytes.</summary>
    private static List<(long Offset, int Length)> RecordsOf(string log)
    {
        const int ringOffset = 8192;
        const int headerBytes = 40;
        var ring = File.ReadAllBytes(log).AsSpan(ringOffset);
        var mark = BinaryPrimitives.ReadUInt64LittleEndian(ring);
        var records = new List<(long, int)>();
        for (var lsn = 0; BinaryPrimitives.ReadUInt64LittleEndian(ring[lsn..]) == mark;)
        {
            var length = (headerBytes + BinaryPrimitives.ReadInt32LittleEndian(ring[(lsn + 24)..]) + 7) & ~7;
            records.Add((ringOffset + lsn, length));
            lsn += length;
        }

        return records;
    }
}
