using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// A write operation with the proof that the owner's session signed it: its place in the batch's Merkle tree, and the
/// session key's signature over the root.
/// </summary>
internal sealed class SignedEntry
{
    /// <summary>Bound of the encoding with its grant: an operation, twelve siblings, a signature, a credential and a delegation.</summary>
    public const int MaxEncodedBytes = 2048;

    public required WriteOperation Operation { get; init; }

    public required int BatchIndex { get; init; }

    public required int BatchCount { get; init; }

    public required Hash256[] BatchPath { get; init; }

    public required byte[] BatchSignature { get; init; }

    public required SessionGrant Grant { get; init; }

    /// <summary>What a session key signs for a batch of operations.</summary>
    public static Hash256 BatchDigest(ulong networkId, in SessionId session, in Hash256 root)
    {
        Span<byte> preimage = stackalloc byte[128];
        var writer = FieldWriter.ForPurpose(preimage, "sdk/write-batch/1"u8);
        writer.UInt64(networkId);
        writer.Session(session);
        writer.Hash(root);
        return writer.Digest();
    }

    /// <summary>True when the grant's session key signed a batch that holds this operation. Does not look at the grant itself.</summary>
    public bool VerifySignature(ulong networkId)
    {
        if (Operation.Key.Session != Grant.Session
            || !MerkleBatch.TryRoot(Operation.Hash, BatchIndex, BatchCount, BatchPath, out var root))
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[FieldWidths.HashBytes];
        BatchDigest(networkId, Grant.Session, root).CopyTo(digest);
        return Grant.SessionKey.Verify(digest, BatchSignature);
    }

    public byte[] Encode()
    {
        Span<byte> buffer = stackalloc byte[MaxEncodedBytes];
        var writer = new FieldWriter(buffer);
        WriteTo(ref writer);
        return writer.Written.ToArray();
    }

    public void WriteTo(ref FieldWriter writer)
    {
        Grant.WriteTo(ref writer);
        WriteWithoutGrant(ref writer);
    }

    public static SignedEntry? Decode(ReadOnlySpan<byte> encoded, Hash256 group, GrantCache known)
    {
        var reader = new FieldReader(encoded);
        var entry = Read(ref reader, group, known);
        return reader.AtCleanEnd ? entry : null;
    }

    public static SignedEntry? Read(ref FieldReader reader, Hash256 group, GrantCache known) =>
        SessionGrant.Read(ref reader, known) is { } grant ? ReadWithoutGrant(ref reader, group, grant) : null;

    public void WriteWithoutGrant(ref FieldWriter writer)
    {
        Operation.WriteTo(ref writer);
        writer.UInt16((ushort)BatchIndex);
        writer.UInt16((ushort)BatchCount);
        writer.Byte((byte)BatchPath.Length);
        foreach (var sibling in BatchPath)
        {
            writer.Hash(sibling);
        }

        writer.Bytes(BatchSignature);
    }

    public static SignedEntry? ReadWithoutGrant(ref FieldReader reader, Hash256 group, SessionGrant grant)
    {
        if (WriteOperation.Read(ref reader, group) is not { } operation)
        {
            return null;
        }

        var index = reader.UInt16();
        var count = reader.UInt16();
        var depth = reader.Byte();
        if (reader.Failed || depth > MerkleBatch.MaxDepth)
        {
            return null;
        }

        var path = new Hash256[depth];
        for (var i = 0; i < depth; i++)
        {
            path[i] = reader.Hash();
        }

        var signature = reader.Bytes(FieldWidths.SignatureBytes);
        return reader.Failed
            ? null
            : new SignedEntry
            {
                Operation = operation,
                BatchIndex = index,
                BatchCount = count,
                BatchPath = path,
                BatchSignature = signature.ToArray(),
                Grant = grant,
            };
    }
}
