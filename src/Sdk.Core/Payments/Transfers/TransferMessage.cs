using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Payments.Transfers;

/// <summary>
/// What the initiator tells the responder: the terms, once the first lock is in a block (step 3 of the paper), and the secret, once its own
/// claim is final. Both are hints. What counts is on the ledgers, and nothing is lost with a message but time.
/// </summary>
internal abstract record TransferMessage
{
    private const byte ProposalKind = 1;
    private const byte SecretKind = 2;

    /// <summary>Length of the longest message in bytes.</summary>
    public const int LengthMaxBytes = 1 + sizeof(ulong) + TransferTerms.LengthBytes;

    /// <summary>The terms, and a block of the first ledger before which the first lock is not.</summary>
    public sealed record Proposal(TransferTerms Terms, ulong FromBlock) : TransferMessage;

    public sealed record Secret(Hash256 SecretHash, TransferSecret Shown) : TransferMessage;

    public byte[] Encode() => this switch
    {
        Proposal proposal => Encode(proposal),
        Secret secret => [SecretKind, .. secret.SecretHash.Bytes, .. secret.Shown.Reveal().Bytes],
        _ => throw new NotSupportedException(),
    };

    /// <summary>Reads a message; false for anything else, a secret that is not behind its hash included.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TransferMessage? message)
    {
        message = null;
        if (bytes.Length == LengthMaxBytes && bytes[0] == ProposalKind && TransferTerms.TryDecode(bytes[(1 + sizeof(ulong))..], out var terms))
        {
            message = new Proposal(terms, BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]));
        }
        else if (bytes.Length == 1 + (2 * Hash256.LengthBytes) && bytes[0] == SecretKind)
        {
            var hash = Hash256.FromBytes(bytes[1..(1 + Hash256.LengthBytes)]);
            message = TransferSecret.TryOpen(Hash256.FromBytes(bytes[(1 + Hash256.LengthBytes)..]), hash, out var secret) ? new Secret(hash, secret) : null;
        }

        return message is not null;
    }

    private static byte[] Encode(Proposal proposal)
    {
        var bytes = new byte[LengthMaxBytes];
        bytes[0] = ProposalKind;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(1), proposal.FromBlock);
        proposal.Terms.Encode().CopyTo(bytes, 1 + sizeof(ulong));
        return bytes;
    }
}
