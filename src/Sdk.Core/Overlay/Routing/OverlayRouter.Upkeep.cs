using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Routing;

/// <summary>What the router does of itself, to keep the table healthy.</summary>
internal sealed partial class OverlayRouter
{
    private const int ChosenMax = 16;

    private readonly Queue<OverlayAddress> _toLookUp = [];

    // Filled and emptied within a call: asking the topology is cheap where it names nobody, and happens every second.
    private readonly OverlayPeer[] _chosen = new OverlayPeer[ChosenMax];
    private TimeSpan _nextUpkeep;
    private TimeSpan _upkeepPause;
    private TimeSpan _nextVisitorCheck;
    private int _upkeepLookups;
    private int _upkeepNews;

    /// <summary>Whether this node has looked around itself once, among others.</summary>
    public bool HasJoined { get; private set; }

    /// <summary>Nodes that lived when they were last heard of, the neighbourhood first, then connected ones.</summary>
    /// <param name="max">How many at most.</param>
    public IReadOnlyList<NodeRecord> GoodNodes(int max)
    {
        var good = new List<NodeRecord>();
        foreach (var isConnected in new[] { true, false })
        {
            for (var order = Table.BinCount - 1; order >= 0; order--)
            {
                foreach (var peer in Table.Known(order))
                {
                    if (good.Count < max && peer.IsConnected == isConnected && peer.Failures == 0)
                    {
                        good.Add(peer.Record);
                    }
                }
            }
        }

        return good;
    }

    /// <summary>Something near is missing: looks around soon, and often for a while.</summary>
    private void HurryUpkeep()
    {
        _upkeepPause = _parameters.UpkeepMin;
        var soon = Now + (_parameters.UpkeepMin * (0.2 + (0.4 * _random.NextDouble())));
        _nextUpkeep = soon < _nextUpkeep ? soon : _nextUpkeep;
    }

    private void KeepUp(TimeSpan now)
    {
        DialWhomTheTableNeeds(now);
        if (!_parameters.Mutations.HasFlag(OverlayMutations.NoLiveness))
        {
            AskTheSilent(now);
        }

        Prune(now);
        if (_visitors > 0 && now >= _nextVisitorCheck)
        {
            _nextVisitorCheck = now + (_parameters.VisitorIdle / 6);
            LetIdleVisitorsGo(now);
        }

        if (!_parameters.Mutations.HasFlag(OverlayMutations.NoUpkeep))
        {
            LookAround(now);
        }
    }

    private void DialWhomTheTableNeeds(TimeSpan now)
    {
        var count = _topology.NextDials(now, _chosen);
        foreach (var peer in TakeChosen(count))
        {
            if (peer.IsLinked)
            {
                Promote(peer, now);
            }
            else
            {
                Reach(new OverlayContact(peer.Record, peer.Floor), static _ => { });
            }
        }
    }

    private void AskTheSilent(TimeSpan now)
    {
        var count = _topology.Pings(now, _chosen);
        foreach (var peer in TakeChosen(count))
        {
            if (!peer.IsAsked)
            {
                AskWhetherItLives(peer);
            }
        }
    }

    private void Prune(TimeSpan now)
    {
        var count = _topology.Prunes(now, _chosen);
        foreach (var peer in TakeChosen(count))
        {
            LetGo(peer, OverlayCloseReason.Pruned);
        }
    }

    private OverlayPeer[] TakeChosen(int count)
    {
        if (count == 0)
        {
            return [];
        }

        var chosen = _chosen[..count];
        Array.Clear(_chosen, 0, count);
        return chosen;
    }

    private void LetIdleVisitorsGo(TimeSpan now)
    {
        OverlayPeer[] idle = [.. _linked.Values.Where(peer =>
            peer.Standing == OverlayStanding.Visiting && now - peer.LastAsked >= _parameters.VisitorIdle && !peer.IsAsked)];
        foreach (var peer in idle)
        {
            LetGo(peer, OverlayCloseReason.Idle);
        }
    }

    /// <summary>Looks up the own address, and what the table lacks.</summary>
    private void LookAround(TimeSpan now)
    {
        if (_toLookUp.Count == 0 && _upkeepLookups == 0 && now >= _nextUpkeep && Table.ConnectedCount > 0)
        {
            _toLookUp.Enqueue(Address);
            var vacancies = new OverlayAddress[_parameters.VacanciesPerRound];
            var count = _topology.Vacancies(_random, vacancies);
            foreach (var vacancy in vacancies.AsSpan(0, count))
            {
                _toLookUp.Enqueue(vacancy);
            }
        }

        LookUpWhatWaits();
    }

    private void LookUpWhatWaits()
    {
        while (_upkeepLookups < _parameters.UpkeepLookups && _toLookUp.TryDequeue(out var target))
        {
            _upkeepLookups++;
            Begin(target, target == Address ? _parameters.MaxNodes : _parameters.VacancyNodes, isUpkeep: true);
        }
    }

    private void UpkeepLookupEnded(OverlayLookup lookup)
    {
        _upkeepLookups--;
        _upkeepNews += lookup.News;
        HasJoined |= lookup.Target == Address;
        LookUpWhatWaits();
        if (_upkeepLookups > 0 || _toLookUp.Count > 0)
        {
            return;
        }

        var longer = _upkeepPause * 2;
        _upkeepPause = _upkeepNews >= _parameters.ManyNews ? _parameters.UpkeepMin : longer < _parameters.UpkeepMax ? longer : _parameters.UpkeepMax;
        _upkeepNews = 0;
        _nextUpkeep = Now + (_upkeepPause * (0.75 + (0.5 * _random.NextDouble())));
    }
}
