namespace Sdk.Core.Addressing;

/// <summary>What came of offering a peer to a <see cref="RoutingTable{TPeer}"/>.</summary>
internal enum RoutingOutcome
{
    /// <summary>It is in.</summary>
    Added,

    /// <summary>One with this address was in already and stays.</summary>
    Known,

    /// <summary>Its bin is full of peers that live.</summary>
    Full,

    /// <summary>Its network group has all the places that it may have.</summary>
    Crowded,

    /// <summary>It has this node's own address.</summary>
    Self,
}
