using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Routing;

/// <summary>Whom to dial.</summary>
internal sealed partial class Topology<TPeer>
    where TPeer : RoutingPeer
{
    private readonly List<Dial> _dials = [];

    // At this version of the table there was nobody to dial before that time.
    private int _restVersion = -1;
    private TimeSpan _restUntil;

    /// <summary>
    /// Names the peers to dial now, the neighbourhood first, then those that bins below saturation need, one for an empty slot before one for a
    /// slot that has a peer. Each counts as being dialled until the table hears that it connected, failed or is gone.
    /// </summary>
    /// <returns>How many peers were written to the start of <paramref name="dials"/>.</returns>
    public int NextDials(TimeSpan now, Span<TPeer> dials)
    {
        if (!EndDials(now) && _restVersion == _table.Version && now < _restUntil)
        {
            return 0;
        }

        var round = new Round(now, dials[..Math.Min(dials.Length, _options.MaxDialing - _dials.Count)]);
        var neighbourhood = ProspectiveDepth();
        for (var order = _table.BinCount - 1; order >= neighbourhood; order--)
        {
            DialAll(order, ref round);
        }

        for (var order = 0; order < neighbourhood; order++)
        {
            DialSome(order, ref round);
        }

        if (round.Count == 0 && !round.IsFull)
        {
            (_restVersion, _restUntil) = (_table.Version, round.NextRetry);
        }

        return round.Count;
    }

    private bool EndDials(TimeSpan now)
    {
        var before = _dials.Count;
        for (var i = before - 1; i >= 0; i--)
        {
            if (HasEnded(_dials[i], now))
            {
                _dials.RemoveAt(i);
            }
        }

        return _dials.Count < before;
    }

    private bool HasEnded(Dial dial, TimeSpan now) =>
        dial.Peer.IsConnected
        || dial.Peer.Failures != dial.Failures
        || now - dial.Since >= _options.DialTimeout
        || !_table.Contains(dial.Peer);

    /// <summary>
    /// Depth as it will be when those who are known and have not failed are connected, though of no bin more than it takes. While a node joins,
    /// depth is 0 and everybody its neighbour: it would dial all it hears of, and prune most of them afterwards.
    /// </summary>
    private int ProspectiveDepth()
    {
        Span<int> counts = stackalloc int[OverlayAddress.ProximityMax];
        counts = counts[.._table.BinCount];
        for (var order = 0; order < counts.Length; order++)
        {
            counts[order] = _table.PromisingCount(order);
        }

        return RoutingTable<TPeer>.DepthOf(counts, TableOptions);
    }

    private void DialAll(int order, ref Round round)
    {
        foreach (var peer in _table.Known(order)[_table.Connected(order).Length..])
        {
            if (round.IsFull)
            {
                return;
            }

            if (IsDue(peer, ref round))
            {
                Take(peer, ref round);
            }
        }
    }

    private void DialSome(int order, ref Round round)
    {
        var connected = _table.Connected(order);
        var missing = TableOptions.Saturation - connected.Length;
        if (missing <= 0)
        {
            return;
        }

        var slots = SlotsOf(connected);
        foreach (var dial in _dials)
        {
            if (dial.Peer.ProximityOrder == order)
            {
                missing--;
                slots |= SlotOf(dial.Peer);
            }
        }

        for (; missing > 0 && !round.IsFull; missing--)
        {
            TPeer? best = null;
            foreach (var peer in _table.Known(order)[connected.Length..])
            {
                if (IsDue(peer, ref round) && (best is null || Rank(peer, slots).CompareTo(Rank(best, slots)) < 0))
                {
                    best = peer;
                }
            }

            if (best is null)
            {
                return;
            }

            slots |= SlotOf(best);
            Take(best, ref round);
        }
    }

    // Failures before slots: a slot that only dead peers could fill would be tried again and again.
    private static (int, bool, TimeSpan) Rank(TPeer peer, uint slots) => (peer.Failures, (slots & SlotOf(peer)) != 0, -peer.LastUsed);

    private void Take(TPeer peer, ref Round round)
    {
        _table.Dialing(peer, round.Now + _options.RedialAfter);
        _dials.Add(new Dial(peer, round.Now, peer.Failures));
        round.Dials[round.Count++] = peer;
    }

    private bool IsDue(TPeer peer, ref Round round)
    {
        foreach (var dial in _dials)
        {
            if (ReferenceEquals(dial.Peer, peer))
            {
                return false;
            }
        }

        var due = DueOf(peer);
        if (due > round.Now)
        {
            round.NextRetry = Min(round.NextRetry, due);
            return false;
        }

        return true;
    }

    private TimeSpan DueOf(TPeer peer)
    {
        if (peer.Failures == 0)
        {
            return peer.DialAgain;
        }

        // Without any connection the fault is likely this node's own: when that is over it wants back soon.
        const int MaxDoublings = 16;
        var pause = _table.ConnectedCount == 0 ? _options.BackoffFirst : _options.BackoffFirst * (1 << Math.Min(peer.Failures - 1, MaxDoublings));
        return peer.LastFailed + Min(pause, _options.BackoffMax);
    }

    private readonly record struct Dial(TPeer Peer, TimeSpan Since, int Failures);

    private ref struct Round(TimeSpan now, Span<TPeer> dials)
    {
        public readonly TimeSpan Now = now;
        public readonly Span<TPeer> Dials = dials;
        public int Count;

        /// <summary>When the first of those that were passed over for their backoff is due.</summary>
        public TimeSpan NextRetry = TimeSpan.MaxValue;

        public readonly bool IsFull => Count == Dials.Length;
    }
}
