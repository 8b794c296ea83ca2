using System.Numerics;
using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Routing;

/// <summary>
/// The policy over a routing table: whom to dial, whom to let go, whom to ask whether it lives, and which addresses to look up because the
/// table knows nobody there. It aims at the shape of Swarm's nodes: all of the neighbourhood, and from every other bin a few peers, spread
/// evenly over the bin's slots.
/// </summary>
/// <remarks>
/// Neither waits nor reads a clock, and moves nobody: the caller dials, asks and closes, and tells the table what came of it, from which
/// this class sees how its dials ended. Where the table has not changed, asking costs next to nothing, so it may be asked every second.
/// </remarks>
internal sealed partial class Topology<TPeer>
    where TPeer : RoutingPeer
{
    private readonly RoutingTable<TPeer> _table;
    private readonly TopologyOptions _options;
    private TimeSpan _nextPrune;
    private TimeSpan _nextPing;
    private int _pingFrom;
    private TimeSpan _lastMiss = TimeSpan.MinValue;
    private TimeSpan _alarmUntil;

    /// <param name="table">What is kept in shape.</param>
    /// <param name="options">The numbers.</param>
    public Topology(RoutingTable<TPeer> table, TopologyOptions options)
    {
        options.Validate();
        (_table, _options) = (table, options);
    }

    private RoutingTableOptions TableOptions => _table.Options;

    /// <summary>
    /// Names the connected peers to let go, every <see cref="TopologyOptions.PruneInterval"/>: of bins shallower than depth that are oversaturated.
    /// Those whose health is in doubt go first, then the youngest of the slot that has most; the last peer of a slot stays.
    /// </summary>
    /// <returns>How many peers were written to the start of <paramref name="prunes"/>. If all of it was used there may be more: ask again.</returns>
    public int Prunes(TimeSpan now, Span<TPeer> prunes)
    {
        if (now < _nextPrune)
        {
            return 0;
        }

        var count = 0;
        for (var order = 0; order < _table.Depth; order++)
        {
            count += Prune(order, now, prunes[count..]);
        }

        if (count < prunes.Length)
        {
            _nextPrune = now + _options.PruneInterval;
        }

        return count;
    }

    /// <summary>A connected peer that had not failed did not answer in time.</summary>
    public void Missed(TimeSpan now)
    {
        if (_lastMiss != TimeSpan.MinValue && now - _lastMiss <= _options.AlarmWithin)
        {
            // Those who are due by now are to be named at once.
            _nextPing = now < _alarmUntil ? _nextPing : now;
            _alarmUntil = now + _options.Alarm;
        }

        _lastMiss = now;
    }

    /// <summary>
    /// Names connected peers that have shown no life for <see cref="TopologyOptions.PingAfter"/>, or outside the neighbourhood for
    /// <see cref="TopologyOptions.PingFarAfter"/>.
    /// </summary>
    /// <returns>How many peers were written to the start of <paramref name="silent"/>; the others come first at the next call.</returns>
    public int Pings(TimeSpan now, Span<TPeer> silent)
    {
        if (now < _nextPing)
        {
            return 0;
        }

        var count = 0;
        var next = now + _options.PingAfter;
        var isAlarm = now < _alarmUntil;
        for (var i = 0; i < _table.BinCount; i++)
        {
            var order = (_pingFrom + i) % _table.BinCount;
            var after = isAlarm || order >= _table.Depth ? _options.PingAfter : _options.PingFarAfter;
            foreach (var peer in _table.Connected(order))
            {
                var due = peer.LastUsed + after + (peer.Address < _table.Self ? _options.PingLowerLater : TimeSpan.Zero);
                if (due > now)
                {
                    next = Min(next, due);
                    continue;
                }

                if (count == silent.Length)
                {
                    (_pingFrom, _nextPing) = (order, now);
                    return count;
                }

                silent[count++] = peer;
                next = Min(next, now + _options.PingAgainAfter);
            }
        }

        // Some are due at almost any time: all are looked at together now and then, not whenever one is.
        var soonest = now + _options.PingCheck;
        (_pingFrom, _nextPing) = (0, next > soonest ? next : soonest);
        return count;
    }

    /// <summary>
    /// Makes addresses to look up: one in each slot, of bins not deeper than depth, in which nobody is known who might be dialled. Where there are more
    /// such slots than places, it begins with any of them.
    /// </summary>
    /// <param name="random">For the bits of the addresses that do not matter.</param>
    /// <param name="vacancies">Takes the addresses.</param>
    /// <returns>How many addresses were written to the start of <paramref name="vacancies"/>.</returns>
    public int Vacancies(Random random, Span<OverlayAddress> vacancies)
    {
        var total = 0;
        for (var order = 0; order <= _table.Depth; order++)
        {
            total += RoutingTable<TPeer>.SlotsPerBin - BitOperations.PopCount(SlotsWithLife(order));
        }

        var count = Math.Min(total, vacancies.Length);
        var first = count < total ? random.Next(total) : 0;
        var index = 0;
        for (var order = 0; order <= _table.Depth; order++)
        {
            var taken = SlotsWithLife(order);
            for (var slot = 0; slot < RoutingTable<TPeer>.SlotsPerBin; slot++)
            {
                if ((taken & (1 << slot)) == 0)
                {
                    var place = (index++ - first + total) % total;
                    if (place < count)
                    {
                        vacancies[place] = AddressIn(order, slot, random);
                    }
                }
            }
        }

        return count;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private int Prune(int order, TimeSpan now, Span<TPeer> prunes)
    {
        var connected = _table.Connected(order);
        var excess = Math.Min(connected.Length - TableOptions.Oversaturation, prunes.Length);
        if (excess <= 0)
        {
            return 0;
        }

        Span<int> perSlot = stackalloc int[RoutingTable<TPeer>.SlotsPerBin];
        perSlot.Clear();
        foreach (var peer in connected)
        {
            perSlot[RoutingTable<TPeer>.SlotOf(peer.Address, order)]++;
        }

        var count = 0;
        while (count < excess && FindWorst(connected, prunes[..count], perSlot, now) is { } worst)
        {
            perSlot[RoutingTable<TPeer>.SlotOf(worst.Address, order)]--;
            prunes[count++] = worst;
        }

        return count;
    }

    private TPeer? FindWorst(ReadOnlySpan<TPeer> connected, ReadOnlySpan<TPeer> except, ReadOnlySpan<int> perSlot, TimeSpan now)
    {
        TPeer? worst = null;
        (bool, int, TimeSpan) worstRank = default;
        foreach (var peer in connected)
        {
            var inSlot = perSlot[RoutingTable<TPeer>.SlotOf(peer.Address, peer.ProximityOrder)];
            var isUnhealthy = peer.Failures > 0 || now - peer.LastUsed > 2 * _options.PingFarAfter;
            var rank = (isUnhealthy, inSlot, peer.ConnectedSince);
            if (inSlot > 1 && (worst is null || rank.CompareTo(worstRank) > 0) && !except.Contains(peer))
            {
                (worst, worstRank) = (peer, rank);
            }
        }

        return worst;
    }

    private uint SlotsWithLife(int order)
    {
        var slots = SlotsOf(_table.Connected(order));
        foreach (var peer in _table.Known(order))
        {
            slots |= peer.Failures == 0 ? SlotOf(peer) : 0;
        }

        return slots;
    }

    private OverlayAddress AddressIn(int order, int slot, Random random)
    {
        Span<byte> bytes = stackalloc byte[OverlayAddress.LengthBytes];
        random.NextBytes(bytes);
        for (var bit = 0; bit <= order; bit++)
        {
            Set(bytes, bit, _table.Self.Bit(bit) ^ (bit == order ? 1 : 0));
        }

        const int SlotBits = RoutingTable<TPeer>.SlotBits;
        for (var i = 0; i < SlotBits && order + 1 + i < OverlayAddress.ProximityMax; i++)
        {
            Set(bytes, order + 1 + i, (slot >> (SlotBits - 1 - i)) & 1);
        }

        return OverlayAddress.FromBytes(bytes);
    }

    private static void Set(Span<byte> bytes, int bit, int value)
    {
        var mask = 0x80 >> (bit & 7);
        bytes[bit >> 3] = (byte)(value == 0 ? bytes[bit >> 3] & ~mask : bytes[bit >> 3] | mask);
    }

    private static uint SlotsOf(ReadOnlySpan<TPeer> peers)
    {
        var slots = 0u;
        foreach (var peer in peers)
        {
            slots |= SlotOf(peer);
        }

        return slots;
    }

    private static uint SlotOf(TPeer peer) => 1u << RoutingTable<TPeer>.SlotOf(peer.Address, peer.ProximityOrder);
}
