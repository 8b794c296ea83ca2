namespace Sdk.Core.Payments;

/// <summary>Reservations under way: a bounded table without allocation per reservation. A place's generation makes each good for one use.</summary>
internal sealed class ReservationTable(int maxReservations)
{
    private Slot[] _slots = new Slot[Math.Min(256, maxReservations)];
    private int _used;
    private int _free = -1;

    public bool TryAdd(PeerSheet sheet, UInt128 amount, bool isEarning, ServiceShares? shares, out Reservation reservation)
    {
        var index = _free;
        if (index >= 0)
        {
            _free = _slots[index].NextFree;
        }
        else if (_used < maxReservations)
        {
            index = _used++;
            if (index == _slots.Length)
            {
                Array.Resize(ref _slots, Math.Min(2 * index, maxReservations));
            }
        }
        else
        {
            reservation = default;
            return false;
        }

        ref var slot = ref _slots[index];
        var generation = slot.Entry.Generation + 1;
        slot.Entry = new Entry(sheet, amount, isEarning, shares, generation == 0 ? 1 : generation);
        reservation = new Reservation(index, slot.Entry.Generation);
        return true;
    }

    /// <exception cref="InvalidOperationException">It was used before, or never made.</exception>
    public Entry Take(Reservation reservation)
    {
        if ((uint)reservation.Slot >= (uint)_used || _slots[reservation.Slot].Entry is not { Sheet: not null } entry || entry.Generation != reservation.Generation)
        {
            throw new InvalidOperationException("A reservation is applied or released once.");
        }

        ref var slot = ref _slots[reservation.Slot];
        slot.Entry = new Entry(null, 0, false, null, entry.Generation);
        slot.NextFree = _free;
        _free = reservation.Slot;
        return entry;
    }

    internal readonly record struct Entry(PeerSheet? Sheet, UInt128 Amount, bool IsEarning, ServiceShares? Shares, uint Generation);

    private struct Slot
    {
        public Entry Entry;
        public int NextFree;
    }
}
