namespace Sdk.Core.Overlay.Routing;

/// <summary>A rate with bursts. Begins full. A struct, since a node knows thousands of peers: keep it in a field.</summary>
internal struct TokenBucket
{
    private TimeSpan _filledAt;
    private double _tokens;
    private bool _isUsed;

    /// <summary>Takes a token if there is one.</summary>
    /// <param name="now">The time.</param>
    /// <param name="perSecond">How many come back in a second.</param>
    /// <param name="burst">How many there are at most.</param>
    public bool TryTake(TimeSpan now, double perSecond, double burst)
    {
        _tokens = _isUsed ? Math.Min(burst, _tokens + ((now - _filledAt).TotalSeconds * perSecond)) : burst;
        (_filledAt, _isUsed) = (now, true);
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
