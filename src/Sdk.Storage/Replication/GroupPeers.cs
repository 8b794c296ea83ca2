using Sdk.Core.Networking;

namespace Sdk.Storage.Replication;

/// <summary>A copy group with who its members are on the wire.</summary>
internal sealed record GroupPeers(CopyGroup Group, IReadOnlyList<PeerId> Peers, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>A peer's place in the group; −1 when it is no member.</summary>
    public int IndexOf(PeerId peer)
    {
        for (var i = 0; i < Peers.Count; i++)
        {
            if (Peers[i] == peer)
            {
                return i;
            }
        }

        return -1;
    }
}
