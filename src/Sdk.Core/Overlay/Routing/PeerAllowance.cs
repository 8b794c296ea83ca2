namespace Sdk.Core.Overlay.Routing;

/// <summary>How much a peer may do.</summary>
internal sealed class PeerAllowance
{
    /// <summary>How much it may ask.</summary>
    public TokenBucket Questions;

    /// <summary>How many records it may bring: each may cost a signature.</summary>
    public TokenBucket Stores;

    /// <summary>How many unknown nodes it may name that are worth two signatures to verify.</summary>
    public TokenBucket Namings;
}
