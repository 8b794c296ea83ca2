namespace Sdk.Core.Networking.AutoNat;

/// <summary>What both sides of AutoNAT v1 (libp2p <c>specs/autonat/autonat-v1</c>) need of its messages.</summary>
internal static class AutoNatWire
{
    public const string Protocol = "/libp2p/autonat/1.0.0";

    /// <summary>The largest message: many more addresses than anybody tries.</summary>
    public const int MaxMessageBytes = 8192;

    /// <summary>Addresses that are asked about, and that are tried for one request.</summary>
    public const int MaxAddresses = 8;

    /// <summary>Addresses in a request that are looked at, of which those with another IP address do not count.</summary>
    public const int MaxAddressesRead = 64;

    /// <summary>A peer that opened a stream has this long to say what it wants.</summary>
    public static readonly TimeSpan MessageTimeout = TimeSpan.FromSeconds(10);
}
