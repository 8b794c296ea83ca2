namespace Sdk.Core.Overlay.Lookups;

/// <summary>The contacts that one path of a lookup knows, or all paths together, nearest first.</summary>
internal sealed class LookupFrontier<TContact>(int width)
    where TContact : notnull
{
    private readonly List<LookupCandidate<TContact>> _sorted = [];

    /// <summary>How many of the nearest must have answered.</summary>
    public int Width { get; } = width;

    /// <summary>Asked by this path, and not answered yet.</summary>
    public int InFlight { get; set; }

    /// <summary>Asked by this path so far.</summary>
    public int Asks { get; set; }

    public int Count => _sorted.Count;

    public void Add(LookupCandidate<TContact> candidate)
    {
        var (low, high) = (0, _sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = _sorted[middle].Distance.CompareTo(candidate.Distance);
            if (order == 0)
            {
                // Equal distances are equal addresses: it is here already, or what was forgotten under this address is.
                _sorted[middle] = candidate;
                return;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle);
        }

        _sorted.Insert(low, candidate);
    }

    public LookupCandidate<TContact> RemoveFarthest()
    {
        var farthest = _sorted[^1];
        _sorted.RemoveAt(_sorted.Count - 1);
        return farthest;
    }

    /// <summary>The nearest that was not asked yet, if it is among the <see cref="Width"/> nearest.</summary>
    public LookupCandidate<TContact>? NextToAsk()
    {
        DropDead();
        for (var i = 0; i < Width && i < _sorted.Count; i++)
        {
            if (_sorted[i].State == LookupState.Heard)
            {
                return _sorted[i];
            }
        }

        return null;
    }

    /// <summary>True while one of the <see cref="Width"/> nearest was asked and has not answered, by whichever path.</summary>
    public bool IsWaiting()
    {
        DropDead();
        for (var i = 0; i < Width && i < _sorted.Count; i++)
        {
            if (_sorted[i].State == LookupState.Asked)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Those that answered, nearest first.</summary>
    public IEnumerable<LookupCandidate<TContact>> Answered() => _sorted.Where(candidate => candidate.State == LookupState.Answered);

    /// <summary>Takes out what does not count from before the place where <see cref="Width"/> that do end.</summary>
    private void DropDead()
    {
        for (var i = 0; i < Width && i < _sorted.Count;)
        {
            if (_sorted[i].Counts)
            {
                i++;
            }
            else
            {
                _sorted.RemoveAt(i);
            }
        }
    }
}
