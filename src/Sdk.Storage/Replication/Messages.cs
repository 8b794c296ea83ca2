using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>What lane A says over a stream. Decoded messages are well-formed; nothing in them is verified yet.</summary>
internal abstract class SliceMessage
{
    /// <summary>Gives payloads back to the pool. A message that is sent to several members is retained once for each.</summary>
    public virtual void Release()
    {
    }

    public virtual void Retain()
    {
    }
}

/// <summary>
/// Opens a writing session on all slices of a disk in this group: members that grant it raise their fence first.
/// Signed by the session key, so that nobody can lock a writer out.
/// </summary>
internal sealed class OpenRequest : SliceMessage
{
    /// <summary>How far a session counter may jump over the highest that a member has seen.</summary>
    public const ulong MaxCounterJump = 1024;

    public required DiskId Disk { get; init; }

    public required SessionGrant Grant { get; init; }

    public required Hash256 Nonce { get; init; }

    public required byte[] Signature { get; init; }

    public SessionId Session => Grant.Session;

    public static OpenRequest Create(CopyGroup group, DiskId disk, SessionGrant grant, Hash256 nonce, SigningKey sessionKey)
    {
        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        Digest(group, disk, grant.Session, nonce).CopyTo(digest);
        var signature = new byte[FieldWidths.SignatureBytes];
        sessionKey.Sign(digest, signature);
        return new OpenRequest { Disk = disk, Grant = grant, Nonce = nonce, Signature = signature };
    }

    /// <summary>True when the owner's account stands behind the session and the session key signed this request for this group and epoch.</summary>
    public bool Verify(CopyGroup group, AccountAddress owner, DateTimeOffset? now)
    {
        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        Digest(group, Disk, Session, Nonce).CopyTo(digest);
        return Grant.Verify(owner, group.NetworkId, now) && Grant.SessionKey.Verify(digest, Signature);
    }

    public void WriteTo(ref FieldWriter writer)
    {
        writer.Disk(Disk);
        writer.Hash(Nonce);
        writer.Bytes(Signature);
        Grant.WriteTo(ref writer);
    }

    public static OpenRequest? Read(ref FieldReader reader, GrantCache known)
    {
        var disk = reader.Disk();
        var nonce = reader.Hash();
        var signature = reader.Bytes(FieldWidths.SignatureBytes);
        return !reader.Failed && SessionGrant.Read(ref reader, known) is { } grant
            ? new OpenRequest { Disk = disk, Nonce = nonce, Signature = signature.ToArray(), Grant = grant }
            : null;
    }

    private static Hash256 Digest(CopyGroup group, in DiskId disk, in SessionId session, in Hash256 nonce)
    {
        Span<byte> preimage = stackalloc byte[256];
        var writer = FieldWriter.ForPurpose(preimage, "sdk/open/1"u8);
        writer.UInt64(group.NetworkId);
        writer.Hash(group.Id);
        writer.UInt32(group.Epoch);
        writer.Disk(disk);
        writer.Session(session);
        writer.Hash(nonce);
        return writer.Digest();
    }
}

internal enum OpenOutcome
{
    /// <summary>The fence stands at this session, durably; the heads are what the member holds.</summary>
    Granted = 0,

    /// <summary>A later session holds the fence; its own signed request is the evidence.</summary>
    Fenced = 1,

    /// <summary>The member does not keep this disk, or the request does not verify.</summary>
    Refused = 2,
}

/// <summary>A member's signed answer to an Open, bound to the request's nonce, with the head of every slice it holds.</summary>
internal sealed class OpenAnswer : SliceMessage
{
    public required SessionId Session { get; init; }

    public required Hash256 Nonce { get; init; }

    public required OpenOutcome Outcome { get; init; }

    public required IReadOnlyList<SignedEntry> Heads { get; init; }

    public OpenRequest? Evidence { get; init; }

    public required byte[] Signature { get; init; }

    public static Hash256 Digest(CopyGroup group, in SessionId session, in Hash256 nonce, OpenOutcome outcome, IReadOnlyList<SignedEntry> heads)
    {
        var buffer = new byte[256 + (heads.Count * FieldWidths.HashBytes)];
        var writer = FieldWriter.ForPurpose(buffer, "sdk/open-answer/1"u8);
        writer.UInt64(group.NetworkId);
        writer.Hash(group.Id);
        writer.UInt32(group.Epoch);
        writer.Session(session);
        writer.Hash(nonce);
        writer.Byte((byte)outcome);
        writer.UInt32((uint)heads.Count);
        foreach (var head in heads)
        {
            writer.Hash(head.Operation.Hash);
        }

        return writer.Digest();
    }
}

/// <summary>Write operations of one session under one signature, each with its payload.</summary>
internal sealed class WriteBatch : SliceMessage
{
    /// <summary>Operations of one batch. An empty operation for every slice of a span fits into sixteen of them.</summary>
    public const int MaxOperations = 256;

    /// <summary>Payload of one batch: four full slices. Large enough to make one signature and one fsync cheap.</summary>
    public const int MaxPayloadBytes = 4 * SliceGeometry.SectorsPerSlice * SliceGeometry.StoredSectorBytes;

    public required SessionId Session { get; init; }

    public required WriteOperation[] Operations { get; init; }

    public required PayloadBuffer[] Payloads { get; init; }

    public required byte[] Signature { get; init; }

    /// <summary>Leaves of each operation's data sectors; members fill it while they decode, outside any lock.</summary>
    public Hash256[][]? Leaves { get; set; }

    public override void Retain()
    {
        foreach (var payload in Payloads)
        {
            payload.Retain();
        }
    }

    public override void Release()
    {
        foreach (var payload in Payloads)
        {
            payload.Release();
        }
    }
}

/// <summary>"I hold this entry, and all before it in its slice, durably."</summary>
internal readonly record struct Ack(uint Slice, EntryKey Key, Hash256 Hash)
{
    public Hash256 Digest(CopyGroup group)
    {
        Span<byte> preimage = stackalloc byte[256];
        var writer = FieldWriter.ForPurpose(preimage, "sdk/ack/1"u8);
        writer.UInt64(group.NetworkId);
        writer.Hash(group.Id);
        writer.UInt32(Slice);
        writer.Key(Key);
        writer.Hash(Hash);
        return writer.Digest();
    }
}

/// <summary>Every acknowledgement that was ready, under one signature of the member over their Merkle root.</summary>
internal sealed class AckBatch : SliceMessage
{
    public const int MaxAcks = MerkleBatch.MaxLeaves;

    public required Ack[] Acks { get; init; }

    public required byte[] Signature { get; init; }

    public static AckBatch Create(CopyGroup group, Ack[] acks, SigningKey memberKey)
    {
        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        Digest(group, acks, digest);
        var signature = new byte[FieldWidths.SignatureBytes];
        memberKey.Sign(digest, signature);
        return new AckBatch { Acks = acks, Signature = signature };
    }

    public bool Verify(CopyGroup group, VerifyingKey memberKey)
    {
        if (Acks.Length is 0 or > MaxAcks)
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        Digest(group, Acks, digest);
        return memberKey.Verify(digest, Signature);
    }

    private static void Digest(CopyGroup group, Ack[] acks, Span<byte> digest32)
    {
        var leaves = new Hash256[acks.Length];
        for (var i = 0; i < acks.Length; i++)
        {
            leaves[i] = acks[i].Digest(group);
        }

        Span<byte> preimage = stackalloc byte[64];
        var writer = FieldWriter.ForPurpose(preimage, "sdk/ack-batch/1"u8);
        writer.UInt32((uint)acks.Length);
        writer.Hash(MerkleBatch.Root(leaves));
        writer.Digest(digest32);
    }
}

internal enum WriteRefusal
{
    /// <summary>A later session holds the fence; its signed request is the evidence.</summary>
    Fenced = 0,

    /// <summary>The member has not granted this session: open it there first.</summary>
    NotOpen = 1,

    /// <summary>Wrong signature, root, range or chain: an honest writer never sends this.</summary>
    Invalid = 2,

    /// <summary>The member's store takes no writes: full, or its disk failed.</summary>
    ReadOnly = 3,
}

internal sealed class WriteRefused : SliceMessage
{
    public required SessionId Session { get; init; }

    public required WriteRefusal Reason { get; init; }

    public OpenRequest? Evidence { get; init; }
}

internal sealed class ReadRequest : SliceMessage
{
    public required ulong Id { get; init; }

    public required uint Slice { get; init; }

    public required int First { get; init; }

    public required int Count { get; init; }
}

/// <summary>Sectors with what proves them: the head they belong to, their versions, and the siblings up to the root.</summary>
internal sealed class ReadAnswer : SliceMessage
{
    public required ulong Id { get; init; }

    /// <summary>Head of the slice that was read; default when the member holds nothing or refuses.</summary>
    public required EntryKey Head { get; init; }

    public required ulong Touched { get; init; }

    public required ulong[] Versions { get; init; }

    public required byte[] Proof { get; init; }

    public required PayloadBuffer Payload { get; init; }

    public override void Retain() => Payload.Retain();

    public override void Release() => Payload.Release();
}

internal sealed class TreeRequest : SliceMessage
{
    public required ulong Id { get; init; }

    public required uint Slice { get; init; }
}

/// <summary>All leaves of a slice: what a session needs to compute the next root.</summary>
internal sealed class TreeAnswer : SliceMessage
{
    public required ulong Id { get; init; }

    public required EntryKey Head { get; init; }

    /// <summary>A slice tree as <see cref="SliceTree"/> writes it; empty when the member holds nothing.</summary>
    public required byte[] Tree { get; init; }
}

/// <summary>From member to member: "give me this slice if yours is newer".</summary>
internal sealed class StateRequest : SliceMessage
{
    public required uint Slice { get; init; }

    public required EntryKey NewerThan { get; init; }
}

/// <summary>A whole slice with the owner's signature on its head; without a head when the member has nothing newer.</summary>
internal sealed class StateAnswer : SliceMessage
{
    public required uint Slice { get; init; }

    public SignedEntry? Head { get; init; }

    public required ulong Touched { get; init; }

    public required ulong[] Versions { get; init; }

    public required PayloadBuffer Payload { get; init; }

    public override void Retain() => Payload.Retain();

    public override void Release() => Payload.Release();
}
