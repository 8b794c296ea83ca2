using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Storage.Replication;

/// <summary>What a session needs to know of its surroundings.</summary>
internal sealed record SessionContext(
    GroupPeers Peers,
    SliceLease Lease,
    DeviceIdentity Device,
    Switch Switch,
    SessionOptions Options,
    TimeProvider Time,
    ILogger Logger)
{
    public GrantCache Grants { get; } = new();
}

/// <summary>How long a session waits for a quorum.</summary>
/// <param name="QuorumTimeout">With fewer than a quorum of members connected.</param>
/// <param name="StallTimeout">With a quorum connected that certifies nothing.</param>
internal sealed record SessionOptions(TimeSpan QuorumTimeout, TimeSpan StallTimeout)
{
    public static SessionOptions Default { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));
}
