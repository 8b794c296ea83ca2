namespace Sdk.Core.Overlay.Routing;

/// <summary>A rate with bursts. Begins full. A struct, since a node knows thousands of peers: keep it in a field.</summary>
internal struct TokenBucket
{
    private TimeSpan _countedAt;
    private double _taken;

    /// <summary>Takes a token if there is one.</summary>
    /// <param name="now">The time.</param>
    /// <param name="perSecond">How many come back in a second.</param>
    /// <param name="burst">How many there are at most.</param>
    public bool TryTake(TimeSpan now, double perSecond, double burst)
    {
        _taken = Math.Max(0, _taken - ((now - _countedAt).TotalSeconds * perSecond));
        _countedAt = now;
        if (burst - _taken < 1)
        {
            return false;
        }

        _taken++;
        return true;
    }
}
