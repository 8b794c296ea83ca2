namespace Sdk.Core.Persistence;

/// <summary>The endless log laid around a ring in a file: an lsn modulo the capacity is a place, and a piece may run over the end.</summary>
internal sealed class LogRing(IBlockFile file, long capacityBytes)
{
    public long CapacityBytes { get; } = capacityBytes;

    public void Write(long lsn, ReadOnlySpan<byte> data)
    {
        int untilEnd = BytesUntilEnd(lsn, data.Length);
        file.Write(PlaceOf(lsn), data[..untilEnd]);
        if (untilEnd < data.Length)
        {
            file.Write(LogHeader.AreaBytes, data[untilEnd..]);
        }
    }

    public void Read(long lsn, Span<byte> buffer)
    {
        int untilEnd = BytesUntilEnd(lsn, buffer.Length);
        ReadExactly(PlaceOf(lsn), buffer[..untilEnd]);
        ReadExactly(LogHeader.AreaBytes, buffer[untilEnd..]);
    }

    private void ReadExactly(long offsetBytes, Span<byte> buffer)
    {
        if (file.Read(offsetBytes, buffer) != buffer.Length)
        {
            throw new LogCorruptException("The file of the write-ahead log is shorter than its ring.");
        }
    }

    private long PlaceOf(long lsn) => LogHeader.AreaBytes + (lsn % CapacityBytes);

    private int BytesUntilEnd(long lsn, int wantedBytes) => (int)Math.Min(wantedBytes, CapacityBytes - (lsn % CapacityBytes));
}
