using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sdk.Core.Persistence;

/// <summary>What a write-ahead log knows apart from its records. Two pages at the head of the file hold it in turn, so that a torn write of one
/// leaves the other; the valid one with the higher sequence counts.</summary>
/// <param name="Sequence">Grows by one with every header written; its parity names the page.</param>
/// <param name="Epoch">Grows by one with every opening of the log.</param>
/// <param name="Mark">Random number that opens every record of this log, see <see cref="LogRecordHeader"/>.</param>
/// <param name="CapacityBytes">Length of the ring.</param>
/// <param name="TailLsn">Where the first record still needed begins.</param>
/// <param name="SyncedLsn">Everything below was durable when this header was written.</param>
internal sealed record LogHeader(ulong Sequence, uint Epoch, ulong Mark, long CapacityBytes, long TailLsn, long SyncedLsn)
{
    /// <summary>Bytes of the two pages; the ring begins here.</summary>
    public const int AreaBytes = 2 * PageBytes;

    private const int PageBytes = WriteAheadLog.PageBytes;
    private const ulong Magic = 0x31474F4C4B4453; // "SDKLOG1"
    private const uint FormatVersion = 1;
    private const int ChecksumOffset = 60;

    /// <summary>A header for an empty log.</summary>
    public static LogHeader Create(long capacityBytes)
    {
        Span<byte> mark = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(mark);
        return new LogHeader(0, 0, BinaryPrimitives.ReadUInt64LittleEndian(mark) | 1, capacityBytes, 0, 0); // never zero: a hole is no record
    }

    /// <summary>Reads the newest valid header, or null where none was ever written.</summary>
    /// <exception cref="LogCorruptException">There are bytes, but no valid header.</exception>
    /// <exception cref="FormatTooNewException">A newer version wrote the log.</exception>
    public static LogHeader? Read(IBlockFile file)
    {
        Span<byte> area = new byte[AreaBytes];
        _ = file.Read(0, area);
        LogHeader? first = Parse(area[..PageBytes], file.LengthBytes);
        LogHeader? second = Parse(area[PageBytes..], file.LengthBytes);
        LogHeader? newest = second is null || first?.Sequence > second.Sequence ? first : second;
        return newest is null && area.ContainsAnyExcept((byte)0)
            ? throw new LogCorruptException("Neither of the two headers of the write-ahead log is readable.")
            : newest;
    }

    /// <summary>Writes the page that the newest header does not occupy. Durable with the next sync.</summary>
    public void Write(IBlockFile file)
    {
        Span<byte> page = stackalloc byte[PageBytes];
        page.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(page, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(page[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(page[12..], Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(page[16..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(page[24..], Mark);
        BinaryPrimitives.WriteInt64LittleEndian(page[32..], CapacityBytes);
        BinaryPrimitives.WriteInt64LittleEndian(page[40..], TailLsn);
        BinaryPrimitives.WriteInt64LittleEndian(page[48..], SyncedLsn);
        BinaryPrimitives.WriteUInt32LittleEndian(page[ChecksumOffset..], Crc32C.Compute(page[..ChecksumOffset]));
        file.Write((long)(Sequence & 1) * PageBytes, page);
    }

    private static LogHeader? Parse(ReadOnlySpan<byte> page, long fileBytes)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(page) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(page[ChecksumOffset..]) != Crc32C.Compute(page[..ChecksumOffset]))
        {
            return null;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(page[8..]) > FormatVersion)
        {
            throw new FormatTooNewException("The write-ahead log was written by a newer version.");
        }

        var header = new LogHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(page[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(page[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[48..]));
        return WriteAheadLog.IsCapacity(header.CapacityBytes) && fileBytes >= AreaBytes + header.CapacityBytes
            && header.TailLsn >= 0 && header.TailLsn % LogRecordHeader.Alignment == 0
            ? header
            : null;
    }
}
