using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;

namespace Sdk.Simulation.LaneA.Checkers;

/// <summary>
/// I1: there is at most one certificate for a key. An honest member acknowledges one hash per key, for ever, across
/// crashes; and no two hashes of one key gather a quorum of signatures, liars included.
/// </summary>
internal sealed class OneCertificatePerKey(int quorum) : LaneAChecker("I1")
{
    private readonly Dictionary<(uint Slice, EntryKey Key), Hash256> _certified = [];
    private readonly Dictionary<(uint Slice, EntryKey Key, int Member), Hash256> _acked = [];
    private readonly Dictionary<(uint Slice, EntryKey Key, Hash256 Hash), HashSet<int>> _signers = [];

    public override void Acknowledged(SimMember member, in Ack ack)
    {
        if (!member.IsLiar)
        {
            bool isFirst = _acked.TryAdd((ack.Slice, ack.Key, member.Index), ack.Hash);
            Require(isFirst || _acked[(ack.Slice, ack.Key, member.Index)] == ack.Hash,
                $"honest member {member.Index} acknowledged two entries for {ack.Key} of slice {ack.Slice}");
        }

        if (!_signers.TryGetValue((ack.Slice, ack.Key, ack.Hash), out HashSet<int>? signers))
        {
            _signers[(ack.Slice, ack.Key, ack.Hash)] = signers = [];
        }

        if (signers.Add(member.Index) && signers.Count == quorum)
        {
            bool isFirst = _certified.TryAdd((ack.Slice, ack.Key), ack.Hash);
            Require(isFirst, $"two certificates exist for {ack.Key} of slice {ack.Slice}");
        }
    }
}
