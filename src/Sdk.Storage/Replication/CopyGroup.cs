using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// A copy group as lane A sees it: who counts towards a quorum, in which epoch, over how many slices. Members are known
/// by their place in <see cref="MemberKeys"/>; where they are reached is the business of the shell around.
/// </summary>
internal sealed class CopyGroup
{
    /// <summary>Slices of the largest span: 1 GiB.</summary>
    public const uint MaxSlices = 4096;

    public CopyGroup(Hash256 id, uint epoch, ulong networkId, uint sliceCount, IReadOnlyList<VerifyingKey> memberKeys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memberKeys.Count, Replication.Quorum.MinMembers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memberKeys.Count, Replication.Quorum.MaxMembers);
        ArgumentOutOfRangeException.ThrowIfZero(sliceCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sliceCount, MaxSlices);
        (Id, Epoch, NetworkId, SliceCount, MemberKeys) = (id, epoch, networkId, sliceCount, memberKeys);
    }

    public Hash256 Id { get; }

    public uint Epoch { get; }

    public ulong NetworkId { get; }

    public uint SliceCount { get; }

    /// <summary>The P-256 keys that members sign acknowledgements with.</summary>
    public IReadOnlyList<VerifyingKey> MemberKeys { get; }

    public int Members => MemberKeys.Count;

    public int Quorum => Replication.Quorum.Size(Members);
}

/// <summary>The right to a range of a group's slices: only sessions of the owner may write them.</summary>
internal sealed record SliceLease(DiskId Disk, AccountAddress Owner, uint FirstSlice, uint SliceCount)
{
    public bool Covers(uint slice) => slice >= FirstSlice && slice - FirstSlice < SliceCount;
}
