namespace Sdk.Core.Networking;

/// <summary>From where an address can be reached.</summary>
internal enum AddressReach
{
    /// <summary>It names no place: the unspecified address.</summary>
    Nowhere,

    /// <summary>From the same machine or process.</summary>
    Machine,

    /// <summary>From the same private network.</summary>
    Site,

    /// <summary>From the public network.</summary>
    World,
}
