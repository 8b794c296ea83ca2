using Sdk.Core.Addressing;
using Sdk.Core.Networking;

namespace Sdk.Core.Overlay.Routing;

/// <summary>A node as somebody named it.</summary>
/// <param name="Record">Its record, which may be forged.</param>
/// <param name="Floor">Addresses that reach less far than who named it are not dialled.</param>
internal readonly record struct OverlayContact(NodeRecord Record, AddressReach Floor)
{
    /// <summary>Whether it can be dialled, and stands in tables.</summary>
    public bool IsDialable => !Record.IsLight && Record.Reach != AddressReach.Nowhere && Record.Reach >= Floor;

    /// <summary>The network in which it may be dialled.</summary>
    public NetworkGroup Group => Record.GroupAt(Floor);

    /// <summary>Where it may be dialled: strangers of the public network send nobody to this machine, nor to its neighbours.</summary>
    public IReadOnlyList<Multiaddr> Addresses
    {
        get
        {
            var floor = Floor;
            return [.. Record.Addresses.Where(address => address.Reach != AddressReach.Nowhere && address.Reach >= floor)];
        }
    }
}
