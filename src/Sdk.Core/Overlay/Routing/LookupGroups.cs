using System.Runtime.InteropServices;
using Sdk.Core.Addressing;

namespace Sdk.Core.Overlay.Routing;

/// <summary>Which nodes of each network group a lookup goes by: no more than a few, since one party easily has many places in its own network.</summary>
/// <param name="most">How many of a group.</param>
/// <param name="expected">How many groups most lookups meet.</param>
internal sealed class LookupGroups(int most, int expected)
{
    private readonly Dictionary<NetworkGroup, Members> _groups = new(expected);

    /// <summary>Whether the node is one that the lookup goes by, or becomes one.</summary>
    public bool Admit(NetworkGroup group, OverlayAddress address)
    {
        if (group.IsNone)
        {
            return true;
        }

        ref var members = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, group, out var exists);
        if (!exists)
        {
            members.First = address;
            return true;
        }

        if (members.First == address || members.Others?.Contains(address) == true)
        {
            return true;
        }

        if (1 + (members.Others?.Count ?? 0) >= most)
        {
            return false;
        }

        (members.Others ??= []).Add(address);
        return true;
    }

    /// <summary>Most groups have one.</summary>
    private struct Members
    {
        public OverlayAddress First;
        public List<OverlayAddress>? Others;
    }
}
