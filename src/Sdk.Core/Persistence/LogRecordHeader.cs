using System.Buffers.Binary;

namespace Sdk.Core.Persistence;

/// <summary>The 40 bytes before each record: log mark u64, lsn u64, synced lsn u64, payload length u32, epoch u32, zero u32, CRC-32C u32
/// of all these and the payload; little-endian.</summary>
/// <remarks>The mark is random for each log and never leaves it. So recovery can look for records at any multiple of <see cref="Alignment"/>
/// without being fooled by payload bytes that somebody chose to look like a record.</remarks>
/// <param name="Lsn">Byte position of the record in the endless log; a record of an earlier lap has a smaller one.</param>
/// <param name="SyncedLsn">What was durable when the record was appended.</param>
/// <param name="PayloadBytes">Length of the payload.</param>
/// <param name="Epoch">Number of the opening under which it was appended. It never falls along the log: what an earlier life wrote
/// behind a torn record does not come back once new records lead up to it.</param>
internal readonly record struct LogRecordHeader(long Lsn, long SyncedLsn, int PayloadBytes, uint Epoch)
{
    public const int Bytes = 40;

    /// <summary>Records begin at multiples of this.</summary>
    public const int Alignment = 8;

    private const int ChecksumOffset = 36;

    /// <summary>Bytes from this record to the next.</summary>
    public int SpanBytes => SpanOf(PayloadBytes);

    public static int SpanOf(int payloadBytes) => (Bytes + payloadBytes + Alignment - 1) & -Alignment;

    public void Write(Span<byte> destination, ulong mark, ReadOnlySpan<byte> payloadHead, ReadOnlySpan<byte> payloadRest)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, mark);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Lsn);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], SyncedLsn);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], PayloadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[32..], 0);
        uint checksum = Crc32C.Append(Crc32C.Append(Crc32C.Compute(destination[..ChecksumOffset]), payloadHead), payloadRest);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ChecksumOffset..], checksum);
    }

    /// <summary>Reads the fields, if mark and length may be those of a record; the checksum is not judged yet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ulong mark, out LogRecordHeader header)
    {
        header = new LogRecordHeader(
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[28..]));
        return BinaryPrimitives.ReadUInt64LittleEndian(source) == mark
            && header.PayloadBytes is >= 0 and <= WriteAheadLog.MaxRecordBytes
            && header.Lsn >= 0;
    }

    /// <summary>Whether header and payload, as they stand in the log, match the checksum.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> record, int payloadBytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[ChecksumOffset..])
            == Crc32C.Append(Crc32C.Compute(record[..ChecksumOffset]), record.Slice(Bytes, payloadBytes));
}
