using Google.Protobuf;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage.Space;

/// <summary>
/// What a disk is and who keeps it, signed by a device of its owner. Every member keeps a copy, so that the owner needs one
/// member's address and the account key to come back; a member that forges or alters it is found out by the signature.
/// </summary>
internal sealed class DiskDescriptor
{
    /// <summary>Bound of an encoded descriptor: 64 groups of 32 members.</summary>
    public const int MaxBytes = 256 * 1024;

    private const int MaxGroups = 64;
    private const int MaxSealedBytes = 256;

    private DiskDescriptor(SignedDescriptor signed, DescriptorBody body, DeviceCredential credential)
    {
        Signed = signed;
        Disk = DiskId.FromBytes(body.Disk.Span);
        NetworkId = body.NetworkId;
        NameLookup = Hash256.FromBytes(body.NameLookup.Span);
        SizeBytes = (long)body.SizeBytes;
        KeyCommitment = Hash256.FromBytes(body.KeyCommitment.Span);
        SealedSecret = body.SealedSecret.ToByteArray();
        Owner = credential.Account;
        Groups = [.. body.Groups.Select(group => DecodeGroup(group, body.NetworkId))];
    }

    public SignedDescriptor Signed { get; }

    public ulong NetworkId { get; }

    public DiskId Disk { get; }

    public AccountAddress Owner { get; }

    public Hash256 NameLookup { get; }

    public long SizeBytes { get; }

    public Hash256 KeyCommitment { get; }

    public byte[] SealedSecret { get; }

    public IReadOnlyList<GroupPeers> Groups { get; }

    /// <summary>The lease of a group's slices: in this version a group serves one disk.</summary>
    public SliceLease LeaseOf(GroupPeers group) => new(Disk, Owner, 0, group.Group.SliceCount);

    /// <summary>Signs a descriptor in the name of the device's account.</summary>
    public static DiskDescriptor Sign(DescriptorBody body, DeviceIdentity device)
    {
        var encoded = body.ToByteString();
        var signature = new byte[FieldWidths.SignatureBytes];
        device.SigningKey.Sign(Digest(encoded), signature);
        var signed = new SignedDescriptor
        {
            Body = encoded,
            Credential = ByteString.CopyFrom(device.Credential.Encode()),
            Signature = ByteString.CopyFrom(signature),
        };
        return new DiskDescriptor(signed, body, device.Credential);
    }

    /// <summary>Takes a descriptor from outside: well-formed, of this network, and signed by a device that may.</summary>
    /// <exception cref="DiskRefusedException">It is not; the message says what is wrong.</exception>
    public static DiskDescriptor Verify(SignedDescriptor signed, ulong networkId, DateTimeOffset? now)
    {
        try
        {
            var credential = DeviceCredential.Decode(signed.Credential.Span);
            if (!credential.Verify(networkId, now ?? DateTimeOffset.UnixEpoch) || !credential.Scopes.HasFlag(KeyScopes.WriteDisk)
                || signed.Signature.Length != FieldWidths.SignatureBytes
                || !credential.SigningKey.Verify(Digest(signed.Body), signed.Signature.Span))
            {
                throw new DiskRefusedException("The disk's description is not signed by its owner for this network.");
            }

            var body = DescriptorBody.Parser.ParseFrom(signed.Body);
            CheckShape(body, networkId);
            return new DiskDescriptor(signed, body, credential);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or CryptographyException or InvalidKeyException)
        {
            throw new DiskRefusedException("The disk's description is not well-formed.", error);
        }
    }

    public static Member Encode(Multiaddr address, VerifyingKey signingKey) => new()
    {
        Address = ByteString.CopyFrom(address.Bytes.Span),
        SigningKey = ByteString.CopyFrom(signingKey.Bytes.Span),
    };

    private static void CheckShape(DescriptorBody body, ulong networkId)
    {
        var slices = body.Groups.Sum(group => (long)group.SliceCount);
        var isWhole = body.NetworkId == networkId
            && body.Disk.Length == DiskId.LengthBytes
            && body.NameLookup.Length == FieldWidths.HashBytes
            && body.KeyCommitment.Length == FieldWidths.HashBytes
            && body.SealedSecret.Length <= MaxSealedBytes
            && body.Groups.Count is > 0 and <= MaxGroups
            && body.Groups.All(IsWhole)
            && body.Groups.Select(group => group.Id).Distinct().Count() == body.Groups.Count
            && body.SizeBytes > 0 && body.SizeBytes <= (ulong)slices * SliceGeometry.SliceBytes;
        if (!isWhole)
        {
            throw new DiskRefusedException("The disk's description does not make sense.");
        }
    }

    private static bool IsWhole(Group group) =>
        group.Id.Length == FieldWidths.HashBytes
        && group.Epoch > 0
        && group.SliceCount is > 0 and <= CopyGroup.MaxSlices
        && group.Members.Count is >= Quorum.MinMembers and <= Quorum.MaxMembers
        && group.Members.Select(member => member.SigningKey).Distinct().Count() == group.Members.Count;

    private static GroupPeers DecodeGroup(Group group, ulong networkId)
    {
        var addresses = group.Members.Select(member =>
            Multiaddr.TryFromBytes(member.Address.Span, out var address) && address.Peer is not null
                ? address
                : throw new DiskRefusedException("A member's address is not well-formed.")).ToArray();
        var keys = group.Members.Select(member => VerifyingKey.Import(member.SigningKey.Span)).ToArray();
        var peers = Array.ConvertAll(addresses, address => address.Peer!);
        return peers.Distinct().Count() == peers.Length
            ? new GroupPeers(new CopyGroup(Hash256.FromBytes(group.Id.Span), group.Epoch, networkId, group.SliceCount, keys), peers, addresses)
            : throw new DiskRefusedException("A member stands twice in a group.");
    }

    private static byte[] Digest(ByteString body)
    {
        var buffer = new byte[64 + body.Length];
        var writer = FieldWriter.ForPurpose(buffer, "sdk/disk-descriptor/1"u8);
        writer.Bytes(body.Span);
        var digest = new byte[FieldWidths.HashBytes];
        writer.Digest(digest);
        return digest;
    }
}
