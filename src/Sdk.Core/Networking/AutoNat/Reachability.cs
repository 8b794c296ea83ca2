namespace Sdk.Core.Networking.AutoNat;

/// <summary>Whether strangers can connect to this node.</summary>
public enum Reachability
{
    /// <summary>Too few peers have tried, or they do not agree.</summary>
    Unknown = 0,

    /// <summary>Peers reached the node at an address of its own.</summary>
    Public = 1,

    /// <summary>Peers tried and did not reach it, or it listens nowhere: it needs a relay.</summary>
    Private = 2,
}
