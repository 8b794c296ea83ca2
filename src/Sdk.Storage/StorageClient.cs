using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Storage.Disk;
using Sdk.Storage.Replication;
using Sdk.Storage.Space;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage;

/// <summary>
/// Disks that the node's account owns, kept by other nodes. Get it by <see cref="StorageNodeExtensions.Storage"/>.
/// </summary>
/// <remarks>Thread-safe. Dispose disks before the node.</remarks>
public sealed class StorageClient
{
    private static ReadOnlySpan<byte> SecretPurpose => "sdk/account-secret/1"u8;

    private readonly Node _node;
    private readonly ILogger _logger;

    internal StorageClient(Node node)
    {
        _node = node;
        _logger = node.LoggerFactory.CreateLogger<StorageClient>();
    }

    /// <summary>Makes a disk of zeros, kept by the members given, and opens it.</summary>
    /// <param name="name">What the account calls the disk; members do not learn it. At most 255 bytes of UTF-8.</param>
    /// <param name="sizeBytes">Size of the disk; space is taken as it is written.</param>
    /// <param name="members">4 to 32 storage nodes, each with its peer id (<c>/p2p/…</c>). Fewer than a third of them may fail or lie.</param>
    /// <param name="options">How the disk behaves here.</param>
    /// <param name="cancellationToken">Gives up; members that already agreed keep an empty disk.</param>
    /// <exception cref="ArgumentException">There are too few or too many members, or one stands twice.</exception>
    /// <exception cref="DiskRefusedException">A member refuses; the message says which and why.</exception>
    /// <exception cref="DialException">A member does not answer.</exception>
    public async ValueTask<VirtualDisk> CreateDiskAsync(
        string name,
        long sizeBytes,
        IReadOnlyList<Multiaddr> members,
        VirtualDiskOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(members);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizeBytes);
        if (members.Count is < Quorum.MinMembers or > Quorum.MaxMembers || members.DistinctBy(member => member.Peer).Count() != members.Count)
        {
            throw new ArgumentException($"A disk needs {Quorum.MinMembers} to {Quorum.MaxMembers} different members.", nameof(members));
        }

        var connections = await Task.WhenAll(members.Select(member => _node.Switch.DialAsync(member, cancellationToken).AsTask())).ConfigureAwait(false);
        var credentials = await Task.WhenAll(connections.Select(connection =>
            DiskProtocol.HelloAsync(connection, _node.NetworkId, _node.TimeProvider.GetUtcNow(), cancellationToken).AsTask())).ConfigureAwait(false);

        var accountSecret = RandomNumberGenerator.GetBytes(DiskKeys.AccountSecretBytes);
        try
        {
            var descriptor = Describe(name, sizeBytes, accountSecret, members, credentials);
            await Task.WhenAll(connections.Select(connection =>
                DiskProtocol.KeepAsync(connection, descriptor, cancellationToken).AsTask())).ConfigureAwait(false);
            return await OpenAsync(descriptor, accountSecret, options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(accountSecret);
        }
    }

    /// <summary>
    /// Opens a disk that the account owns, with nothing but the account key and one member's address. The session takes
    /// the disk over from any that has it open.
    /// </summary>
    /// <param name="name">What the account calls the disk.</param>
    /// <param name="bootstrap">Any member, with its peer id.</param>
    /// <param name="options">How the disk behaves here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DiskNotFoundException">The member keeps no disk of that name for this account.</exception>
    /// <exception cref="DiskRefusedException">What the member gives is not signed by this account.</exception>
    /// <exception cref="QuorumUnreachableException">Too few members answer.</exception>
    public async ValueTask<VirtualDisk> OpenDiskAsync(
        string name, Multiaddr bootstrap, VirtualDiskOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var connection = await _node.Switch.DialAsync(bootstrap, cancellationToken).ConfigureAwait(false);
        var signed = await DiskProtocol.FindAsync(connection, LookupOf(name), cancellationToken).ConfigureAwait(false);
        if (signed is null || signed.Body.IsEmpty)
        {
            throw new DiskNotFoundException($"The member at {bootstrap} keeps no disk '{name}' of account {_node.Account}.");
        }

        var descriptor = DiskDescriptor.Verify(signed, _node.NetworkId, now: null);
        if (descriptor.Owner != _node.Account || descriptor.NameLookup != LookupOf(name))
        {
            throw new DiskRefusedException("The member gave the description of another disk.");
        }

        var accountSecret = Hpke.Open(_node.AgreementKey, SecretPurpose, default, descriptor.SealedSecret);
        try
        {
            return await OpenAsync(descriptor, accountSecret, options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(accountSecret);
        }
    }

    private async ValueTask<VirtualDisk> OpenAsync(
        DiskDescriptor descriptor, byte[] accountSecret, VirtualDiskOptions? options, CancellationToken cancellationToken)
    {
        var keys = DiskKeys.Derive(accountSecret, descriptor.Disk);
        var sessions = new List<SliceSession>();
        try
        {
            keys.CheckCommitment(descriptor.KeyCommitment);
            foreach (var group in descriptor.Groups)
            {
                var context = new SessionContext(
                    group, descriptor.LeaseOf(group), _node.Device, _node.Switch, SessionOptions.Default, _node.TimeProvider, _logger);
                sessions.Add(await SliceSession.OpenAsync(context, cancellationToken).ConfigureAwait(false));
            }

            var map = SliceMap.Spread(descriptor.Disk, SliceMap.SlicesFor(descriptor.SizeBytes), descriptor.Groups.Count);
            return new VirtualDisk(descriptor.SizeBytes, keys, map, sessions, options ?? new VirtualDiskOptions(), _node.TimeProvider);
        }
        catch
        {
            keys.Dispose();
            foreach (var session in sessions)
            {
                await session.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private DiskDescriptor Describe(
        string name, long sizeBytes, byte[] accountSecret, IReadOnlyList<Multiaddr> members, DeviceCredential[] credentials)
    {
        Span<byte> owner = stackalloc byte[AccountAddress.LengthBytes];
        _node.Account.CopyTo(owner);
        var disk = DiskId.Derive(owner, name, RandomNumberGenerator.GetBytes(DiskId.SaltBytes));
        using var keys = DiskKeys.Derive(accountSecret, disk);
        var slices = SliceMap.SlicesFor(sizeBytes);
        var groupCount = (int)((slices + CopyGroup.MaxSlices - 1) / CopyGroup.MaxSlices);
        var body = new DescriptorBody
        {
            NetworkId = _node.NetworkId,
            Disk = ByteString.CopyFrom(BytesOf(disk)),
            NameLookup = ByteString.CopyFrom(LookupOf(name).ToArray()),
            SizeBytes = (ulong)sizeBytes,
            KeyCommitment = ByteString.CopyFrom(keys.Commitment.ToArray()),
            SealedSecret = ByteString.CopyFrom(Hpke.Seal(_node.AgreementKey.PublicKey.Span, SecretPurpose, default, accountSecret)),
        };
        foreach (var run in SliceMap.Spread(disk, slices, groupCount).Runs)
        {
            var group = new Group { Id = ByteString.CopyFrom(GroupId(disk, run.Group).ToArray()), Epoch = 1, SliceCount = run.Count };
            group.Members.AddRange(members.Zip(credentials, (address, credential) => DiskDescriptor.Encode(address, credential.SigningKey)));
            body.Groups.Add(group);
        }

        return DiskDescriptor.Sign(body, _node.Device);
    }

    private static byte[] BytesOf(DiskId disk)
    {
        var bytes = new byte[DiskId.LengthBytes];
        disk.CopyTo(bytes);
        return bytes;
    }

    private static Hash256 GroupId(DiskId disk, int index)
    {
        Span<byte> preimage = stackalloc byte[64];
        var writer = FieldWriter.ForPurpose(preimage, "sdk/group-id/1"u8);
        writer.Disk(disk);
        writer.UInt32((uint)index);
        return writer.Digest();
    }

    /// <summary>What members find a disk by: a keyed hash of its name, so that nobody can guess the name from it.</summary>
    private Hash256 LookupOf(string name)
    {
        Span<byte> key = stackalloc byte[32];
        try
        {
            _node.AccountKey.DeriveSecret("sdk/disk-name/1"u8, key);
            return Hash256.FromBytes(HMACSHA256.HashData(key, System.Text.Encoding.UTF8.GetBytes(name)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}

/// <summary>What Sdk.Storage adds to a node.</summary>
public static class StorageNodeExtensions
{
    /// <summary>The node's storage client: one instance per node.</summary>
    public static StorageClient Storage(this Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.GetOrAddService(owner => new StorageClient(owner));
    }
}
