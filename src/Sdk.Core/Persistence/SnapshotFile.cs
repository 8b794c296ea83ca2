using System.Buffers.Binary;

namespace Sdk.Core.Persistence;

/// <summary>The latest of a series of snapshots: two checksummed slots that take turns, so that a crash leaves the old one or the new one.</summary>
/// <remarks>
/// <para>A damaged slot alone could be a torn write or a durable snapshot gone bad, and going back behind a durable one is what a promise
/// never to fall must not do. So a third place names the last durable sequence, written after the sync: a slot that is older is refused.
/// That note itself waits for the next sync, so damage within the first seconds may pass as a torn write.</para>
/// <para>The slots lie interleaved in stripes: the greatest length may change from one opening to the next. Not thread-safe.</para>
/// </remarks>
public sealed class SnapshotFile : IDisposable
{
    private const int StripeBytes = 64 << 10;
    private const int NoteBytes = 4096;
    private const int HeaderBytes = 32;
    private const int NoteLength = 20;
    private const ulong Magic = 0x31504E534B4453; // "SDKSNP1"
    private const uint FormatVersion = 1;

    private readonly IBlockFile _file;
    private readonly int _maxBytes;
    private Slot? _latest;
    private Exception? _failure;

    private SnapshotFile(IBlockFile file, int maxBytes)
    {
        _file = file;
        _maxBytes = maxBytes;
    }

    /// <summary>Opens the snapshots in a file, or begins in an empty file.</summary>
    /// <param name="file">The file; it is owned from here on, also when this throws.</param>
    /// <param name="maxBytes">Greatest length of a snapshot; a stored one may not be longer.</param>
    /// <exception cref="SnapshotCorruptException">The last durable snapshot is damaged.</exception>
    /// <exception cref="FormatTooNewException">A newer version wrote it.</exception>
    public static SnapshotFile Open(IBlockFile file, int maxBytes)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        var snapshots = new SnapshotFile(file, maxBytes);
        try
        {
            snapshots.Recover();
            return snapshots;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Length of the file for snapshots of up to <paramref name="maxBytes"/>, for its preallocation.</summary>
    public static long FileBytes(int maxBytes) =>
        NoteBytes + ((HeaderBytes + (long)maxBytes + StripeBytes - 1) / StripeBytes * 2 * StripeBytes);

    /// <summary>The last snapshot written, or null before the first.</summary>
    public ReadOnlyMemory<byte>? Latest => _latest is { } latest ? latest.Payload : (ReadOnlyMemory<byte>?)null;

    /// <summary>Replaces the latest snapshot; the new one is durable when this returns, and until then a crash leaves the old one.</summary>
    /// <exception cref="StoreFailedException">A write or sync failed before.</exception>
    public void Write(ReadOnlySpan<byte> snapshot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(snapshot.Length, _maxBytes, nameof(snapshot));
        if (_failure is { } failure)
        {
            throw new StoreFailedException("The snapshot file stopped when a write or sync failed; it must be reopened.", failure);
        }

        try
        {
            _latest = Store(new Slot((_latest?.Sequence ?? 0) + 1, snapshot.ToArray()));
        }
        catch (Exception e)
        {
            _failure = e;
            throw;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private void Recover()
    {
        Slot? even = ReadSlot(0, out bool isEvenDamaged);
        Slot? odd = ReadSlot(1, out bool isOddDamaged);
        _latest = even is null || odd?.Sequence > even.Sequence ? odd : even;
        ulong durable = ReadNote();
        if ((_latest?.Sequence ?? 0) < durable || (isEvenDamaged && isOddDamaged))
        {
            throw new SnapshotCorruptException("The last durable snapshot is damaged.");
        }

        if (_latest is { } latest && latest.Sequence > durable)
        {
            _latest = Store(latest); // Perhaps it was never synced: whoever builds on it must find it after the next crash too.
        }
    }

    private Slot Store(Slot slot)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], slot.Payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], slot.Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], Crc32C.Append(Crc32C.Compute(header[..24]), slot.Payload));
        Transfer(slot.Sequence, HeaderBytes, slot.Payload.Length, (offset, at, count) => _file.Write(offset, slot.Payload.AsSpan(at, count)));
        _file.Write(OffsetOf(slot.Sequence, 0), header);
        _file.Sync();

        Span<byte> note = stackalloc byte[NoteLength];
        BinaryPrimitives.WriteUInt64LittleEndian(note, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(note[8..], slot.Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(note[16..], Crc32C.Compute(note[..16]));
        _file.Write(0, note);
        return slot;
    }

    private Slot? ReadSlot(ulong parity, out bool isDamaged)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        _ = _file.Read(OffsetOf(parity, 0), header);
        isDamaged = header.ContainsAnyExcept((byte)0);
        int length = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic || length < 0 || length > _maxBytes || (sequence & 1) != parity)
        {
            return null;
        }

        byte[] payload = new byte[length];
        Transfer(parity, HeaderBytes, length, (offset, at, count) => _ = _file.Read(offset, payload.AsSpan(at, count)));
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[24..]) != Crc32C.Append(Crc32C.Compute(header[..24]), payload))
        {
            return null;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) > FormatVersion)
        {
            throw new FormatTooNewException("The snapshot was written by a newer version.");
        }

        isDamaged = false;
        return new Slot(sequence, payload);
    }

    private ulong ReadNote()
    {
        Span<byte> note = stackalloc byte[NoteLength];
        _ = _file.Read(0, note);
        return BinaryPrimitives.ReadUInt64LittleEndian(note) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(note[16..]) == Crc32C.Compute(note[..16])
            ? BinaryPrimitives.ReadUInt64LittleEndian(note[8..])
            : 0;
    }

    private static void Transfer(ulong sequence, int slotOffset, int lengthBytes, Action<long, int, int> move)
    {
        for (int done = 0; done < lengthBytes;)
        {
            int count = Math.Min(lengthBytes - done, StripeBytes - ((slotOffset + done) % StripeBytes));
            move(OffsetOf(sequence, slotOffset + done), done, count);
            done += count;
        }
    }

    private static long OffsetOf(ulong sequence, long slotOffset) =>
        NoteBytes + (((slotOffset / StripeBytes * 2) + (long)(sequence & 1)) * StripeBytes) + (slotOffset % StripeBytes);

    private sealed record Slot(ulong Sequence, byte[] Payload);
}
