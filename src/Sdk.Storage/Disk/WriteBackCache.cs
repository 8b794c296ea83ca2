using System.Diagnostics;
using System.Numerics;
using System.Security.Cryptography;

namespace Sdk.Storage.Disk;

/// <summary>
/// Holds every sector that was written and is not certified yet: reads see it, and no write waits for the network while there is room.
/// A slice goes to its group when it is full, when half of the cache is dirty, or when somebody flushes; so sequential
/// writing keeps many whole slices on their way, and random writes are gathered by slice.
/// A write that cannot be certified stops the cache for good: what the disk holds is then unknown, and more writes would bury that.
/// </summary>
/// <remarks>
/// Thread-safe; one lock, held for memory copies only. A sector costs one unit of room and a slice one more for its tables, so that
/// trims are bounded as well. Plaintext lives in arrays of one sector that are zeroed before they are used again.
/// </remarks>
internal sealed partial class WriteBackCache(long capacityBytes, Action<CachedSlice> send)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, CachedSlice> _slices = [];
    private readonly HashSet<FlushBarrier> _barriers = [];
    private readonly Stack<byte[]> _spareSectors = new();
    private readonly CacheRoom _room = new((int)(capacityBytes / SliceGeometry.SectorBytes));
    private readonly CertificateTally _tally = new();
    private WriteNotCertifiedException? _failure;
    // Room of slices that are dirty and not queued: sectors, and one for each slice.
    private int _unsentUnits;
    private int _underway;
    private bool _cleared;

    /// <summary>Room in use, in sectors.</summary>
    public CacheRoom Room => _room;

    /// <summary>Reserves room, waiting for certificates where there is none; what is left over goes back by <see cref="Unreserve"/>.</summary>
    /// <exception cref="WriteNotCertifiedException">The cache has stopped.</exception>
    public ValueTask ReserveAsync(int units, CancellationToken cancellationToken)
    {
        if (_room.TryReserve(units))
        {
            return ValueTask.CompletedTask;
        }

        ValueTask reserved = _room.ReserveAsync(units, cancellationToken);
        lock (_gate)
        {
            SendWhatIsDue();
        }

        return reserved;
    }

    public void Unreserve(int units)
    {
        if (units > 0)
        {
            _room.Release(units);
        }
    }

    /// <summary>Writes within one slice, unless a sector is touched in part and its rest is not known here.</summary>
    /// <param name="slice">The disk's slice.</param>
    /// <param name="offsetBytes">Where in the slice.</param>
    /// <param name="data">What to write.</param>
    /// <param name="edges">Empty, or the present content of the first sector, then of the last: used where it is not cached.</param>
    /// <param name="reserved">Room that the caller reserved; what is used is taken off.</param>
    public bool TryWrite(uint slice, int offsetBytes, ReadOnlySpan<byte> data, ReadOnlySpan<byte> edges, ref int reserved)
    {
        lock (_gate)
        {
            ThrowIfStopped();
            if (edges.IsEmpty && (PartialSectors(offsetBytes, data.Length) & ~CachedSectors(slice)) != 0)
            {
                return false;
            }

            CachedSlice cached = GetOrAdd(slice, ref reserved);
            for (int offset = offsetBytes; !data.IsEmpty;)
            {
                (int sector, int from) = Math.DivRem(offset, SliceGeometry.SectorBytes);
                int count = Math.Min(SliceGeometry.SectorBytes - from, data.Length);
                bool isWhole = count == SliceGeometry.SectorBytes;
                ReadOnlySpan<byte> rest = isWhole || edges.IsEmpty ? default
                    : edges.Slice(offset == offsetBytes ? 0 : SliceGeometry.SectorBytes, SliceGeometry.SectorBytes);
                data[..count].CopyTo(OpenSector(cached, sector, keep: !isWhole, rest, ref reserved).AsSpan(from));
                data = data[count..];
                offset += count;
            }

            SendWhenDue(cached);
            return true;
        }
    }

    /// <summary>Makes whole sectors read as zeros.</summary>
    public void Trim(uint slice, int firstSector, int count, ref int reserved)
    {
        lock (_gate)
        {
            ThrowIfStopped();
            CachedSlice cached = GetOrAdd(slice, ref reserved);
            ulong sectors = SliceGeometry.Mask(firstSector, count);
            for (ulong open = sectors & cached.Dirty & ~cached.Trimmed; open != 0; open &= open - 1)
            {
                GiveBack(cached.Plaintexts[BitOperations.TrailingZeroCount(open)]!);
                CountUnsent(cached, -1);
            }

            CountUnsent(cached, cached.Dirty == 0 ? 1 : 0);

            Array.Clear(cached.Plaintexts, firstSector, count);
            Array.Clear(cached.Owners, firstSector, count);
            cached.Cached |= sectors;
            cached.Trimmed |= sectors;
            cached.Dirty |= sectors;
            SendWhenDue(cached);
        }
    }

    /// <summary>Copies what is cached of a range within one slice.</summary>
    /// <returns>The sectors of the range that are not cached: their newest state is certified, and the group has it.</returns>
    public ulong CopyCached(uint slice, int offsetBytes, Span<byte> destination)
    {
        ulong wanted = SliceGeometry.Mask(
            offsetBytes / SliceGeometry.SectorBytes,
            (offsetBytes + destination.Length - 1) / SliceGeometry.SectorBytes - offsetBytes / SliceGeometry.SectorBytes + 1);
        lock (_gate)
        {
            // The group alone would show what was there before the writes that were forgotten.
            ObjectDisposedException.ThrowIf(_cleared, this);
            if (!_slices.TryGetValue(slice, out CachedSlice? cached))
            {
                return wanted;
            }

            for (ulong rest = wanted & cached.Cached; rest != 0; rest &= rest - 1)
            {
                int sector = BitOperations.TrailingZeroCount(rest);
                int start = Math.Max(sector * SliceGeometry.SectorBytes, offsetBytes);
                int end = Math.Min((sector + 1) * SliceGeometry.SectorBytes, offsetBytes + destination.Length);
                Span<byte> part = destination[(start - offsetBytes)..(end - offsetBytes)];
                if (cached.Plaintexts[sector] is { } plaintext)
                {
                    plaintext.AsSpan(start - sector * SliceGeometry.SectorBytes, part.Length).CopyTo(part);
                }
                else
                {
                    part.Clear();
                }
            }

            return wanted & ~cached.Cached;
        }
    }

    /// <summary>
    /// Until <see cref="Unpin"/>, nothing of the slice is dropped: a writer that reads a sector from the group in order to change a part
    /// of it finds here whatever was written in the meantime, even if that has been certified since.
    /// </summary>
    public void Pin(uint slice, ref int reserved)
    {
        lock (_gate)
        {
            ThrowIfStopped();
            GetOrAdd(slice, ref reserved).Pins++;
        }
    }

    public void Unpin(uint slice)
    {
        lock (_gate)
        {
            if (_cleared)
            {
                return;
            }

            CachedSlice cached = _slices[slice];
            if (--cached.Pins == 0)
            {
                foreach (SliceSubmission certified in cached.Submissions.FindAll(submission => submission.IsCertified))
                {
                    Release(certified);
                }

                DropIfEmpty(cached);
                SendWhatIsDue();
            }
        }
    }

    private static ulong PartialSectors(int offsetBytes, int lengthBytes)
    {
        int endBytes = offsetBytes + lengthBytes;
        ulong head = offsetBytes % SliceGeometry.SectorBytes == 0 ? 0 : 1UL << (offsetBytes / SliceGeometry.SectorBytes);
        ulong tail = endBytes % SliceGeometry.SectorBytes == 0 ? 0 : 1UL << (endBytes / SliceGeometry.SectorBytes);
        return head | tail;
    }

    private ulong CachedSectors(uint slice) => _slices.TryGetValue(slice, out CachedSlice? cached) ? cached.Cached : 0;

    private CachedSlice GetOrAdd(uint slice, ref int reserved)
    {
        if (!_slices.TryGetValue(slice, out CachedSlice? cached))
        {
            reserved--;
            _slices.Add(slice, cached = new CachedSlice(slice));
        }

        return cached;
    }

    /// <summary>The plaintext of a sector, open for change; a submitted one is copied, since its submission may be sealing it.</summary>
    private byte[] OpenSector(CachedSlice cached, int sector, bool keep, ReadOnlySpan<byte> rest, ref int reserved)
    {
        ulong bit = 1UL << sector;
        if ((cached.Dirty & ~cached.Trimmed & bit) != 0)
        {
            return cached.Plaintexts[sector]!;
        }

        reserved--;
        Debug.Assert(reserved >= 0);
        byte[] plaintext = _spareSectors.TryPop(out byte[]? spare) ? spare : new byte[SliceGeometry.SectorBytes];
        if (keep)
        {
            // A trimmed sector continues as the zeros that a spare one holds.
            ReadOnlySpan<byte> present = (cached.Cached & bit) == 0 ? rest : cached.Plaintexts[sector];
            present.CopyTo(plaintext);
        }

        CountUnsent(cached, cached.Dirty == 0 ? 2 : 1);
        cached.Plaintexts[sector] = plaintext;
        cached.Owners[sector] = null;
        cached.Cached |= bit;
        cached.Trimmed &= ~bit;
        cached.Dirty |= bit;
        return plaintext;
    }

    private void SendWhenDue(CachedSlice cached)
    {
        if (cached.IsFull)
        {
            Queue(cached);
        }

        SendWhatIsDue();
    }

    private void GiveBack(byte[] plaintext)
    {
        Zero(plaintext);
        _spareSectors.Push(plaintext);
        _room.Release(1);
    }

    private static void Zero(byte[]? plaintext) => CryptographicOperations.ZeroMemory(plaintext);

    private void ThrowIfStopped()
    {
        if (_failure is not null)
        {
            throw new WriteNotCertifiedException(_failure.Message, _failure.InnerException);
        }
    }
}
