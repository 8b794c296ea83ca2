namespace Sdk.Core.Overlay;

/// <summary>A rate with bursts. Begins full.</summary>
internal sealed class TokenBucket
{
    private TimeSpan _filledAt = TimeSpan.MinValue;
    private double _tokens;

    /// <summary>Takes a token if there is one.</summary>
    /// <param name="now">The time.</param>
    /// <param name="perSecond">How many come back in a second.</param>
    /// <param name="burst">How many there are at most.</param>
    public bool TryTake(TimeSpan now, double perSecond, double burst)
    {
        _tokens = _filledAt == TimeSpan.MinValue ? burst : Math.Min(burst, _tokens + ((now - _filledAt).TotalSeconds * perSecond));
        _filledAt = now;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
