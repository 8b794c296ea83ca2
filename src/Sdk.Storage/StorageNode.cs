using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Storage.Replication;
using Sdk.Storage.Space;
using Sdk.Storage.Space.Wire;

namespace Sdk.Storage;

/// <summary>
/// Space that a node contributes: it keeps spans of other people's disks as a member of their copy groups. It sees
/// ciphertext, who owns it and when it changes, and nothing else.
/// </summary>
/// <remarks>Thread-safe. The node disposes it; what it keeps stays in the node's data directory and is served again at the next start.</remarks>
public sealed class StorageNode : IAsyncDisposable
{
    private const string DescriptorPrefix = "disk-";

    private readonly Node _node;
    private readonly DataDirectory _directory;
    private readonly long _capacityBytes;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<Hash256, GroupHost> _groups = [];
    private readonly ConcurrentDictionary<Hash256, DiskDescriptor> _disks = [];
    private long _reservedBytes;

    private StorageNode(Node node, DataDirectory directory, long capacityBytes)
    {
        (_node, _directory, _capacityBytes) = (node, directory, capacityBytes);
        _logger = node.LoggerFactory.CreateLogger<StorageNode>();
    }

    /// <summary>Bytes that the contributed space still has for new spans.</summary>
    public long FreeBytes => _capacityBytes - Interlocked.Read(ref _reservedBytes);

    /// <summary>Copy groups that this node is a member of.</summary>
    public int Groups => _groups.Count;

    /// <summary>Contributes space, and serves what the data directory holds from before.</summary>
    /// <param name="node">A node with a data directory.</param>
    /// <param name="options">How much.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">The node has no data directory, or the capacity is not positive.</exception>
    /// <exception cref="DiskFullException">The host has less free space than is contributed.</exception>
    /// <exception cref="LogCorruptException">A group's files lost what it had acknowledged.</exception>
    /// <exception cref="DiskRefusedException">The data directory describes a disk that makes no sense, or of another network.</exception>
    public static ValueTask<StorageNode> StartAsync(Node node, StorageNodeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.CapacityBytes);
        var directory = node.DataDirectory
            ?? throw new ArgumentException("Contributing space needs a data directory: set NodeOptions.DataDirectory.", nameof(node));
        var storage = node.GetOrAddService(owner => new StorageNode(owner, directory, options.CapacityBytes));
        storage.Restore();
        storage.CheckFreeSpace();
        node.Switch.Register(new DiskProtocol(storage.Find, storage.Keep, node.Device.Credential, storage._logger));
        node.Switch.Register(new SliceLogProtocol(storage.FindGroup));
        node.Switch.Register(new SliceRepairProtocol(storage.FindGroup));
        return ValueTask.FromResult(storage);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _groups.Values)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }

        _groups.Clear();
    }

    internal DiskDescriptor? Find(Hash256 nameLookup) => _disks.GetValueOrDefault(nameLookup);

    /// <summary>Takes part in a disk: reserves the space, and from then on serves it. Asked twice for the same disk it agrees twice.</summary>
    internal void Keep(SignedDescriptor signed)
    {
        var descriptor = DiskDescriptor.Verify(signed, _node.NetworkId, _node.TimeProvider.GetUtcNow());
        lock (_gate)
        {
            if (_disks.TryGetValue(descriptor.NameLookup, out var known))
            {
                if (known.Owner != descriptor.Owner || !known.Signed.Body.Equals(descriptor.Signed.Body))
                {
                    throw new DiskRefusedException("Another disk has this name.");
                }

                return;
            }

            if (_disks.Values.Any(other => other.Disk == descriptor.Disk))
            {
                throw new DiskRefusedException("Another disk has this id."); // Its description would be overwritten.
            }

            Host(descriptor, isNew: true);
        }
    }

    private GroupHost? FindGroup(Hash256 group) => _groups.GetValueOrDefault(group);

    private void Restore()
    {
        foreach (var name in _directory.FilesWithPrefix(DescriptorPrefix))
        {
            Host(ReadDescriptor(name), isNew: false);
        }
    }

    private DiskDescriptor ReadDescriptor(string name)
    {
        try
        {
            var signed = SignedDescriptor.Parser.ParseFrom(_directory.ReadFile(name, DiskDescriptor.MaxBytes + 1024));
            return DiskDescriptor.Verify(signed, _node.NetworkId, now: null);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidDataException or DiskRefusedException)
        {
            throw new DiskRefusedException($"The file '{name}' of the data directory is damaged, or not of this network: {error.Message}", error);
        }
    }

    /// <summary>All of a disk's groups that name this node, or none of them. What can fail comes before what others see.</summary>
    private void Host(DiskDescriptor descriptor, bool isNew)
    {
        var mine = descriptor.Groups.Where(group => group.IndexOf(_node.PeerId) >= 0).ToArray();
        if (mine.Length == 0)
        {
            throw new DiskRefusedException("This node is no member of any of the disk's groups.");
        }

        var opened = new List<OpenedGroup>();
        try
        {
            foreach (var group in mine)
            {
                opened.Add(Open(descriptor, group, FreeBytes - opened.Sum(other => other.Files.TotalBytes), isNew));
            }

            if (isNew)
            {
                _directory.WriteFile(DescriptorPrefix + descriptor.Disk, descriptor.Signed.ToByteArray());
            }
        }
        catch
        {
            foreach (var (group, files, member) in opened)
            {
                member.Dispose();
                if (isNew)
                {
                    files.Delete(_directory, group.Group.Id);
                }
            }

            throw;
        }

        foreach (var (group, files, member) in opened)
        {
            _groups[group.Group.Id] = new GroupHost(group, member, _node.Switch, _node.TimeProvider, _logger);
            Interlocked.Add(ref _reservedBytes, files.TotalBytes);
            SpaceLog.GroupHeld(_logger, group.Group.Id, group.Group.SliceCount);
        }

        _disks[descriptor.NameLookup] = descriptor;
    }

    private OpenedGroup Open(DiskDescriptor descriptor, GroupPeers group, long freeBytes, bool isNew)
    {
        var self = group.IndexOf(_node.PeerId);
        if (!group.Group.MemberKeys[self].Equals(_node.Device.SigningKey.PublicKey))
        {
            throw new DiskRefusedException("The disk names this node under a key that is not its own.");
        }

        if (_groups.ContainsKey(group.Group.Id))
        {
            throw new DiskRefusedException("Another disk has this group.");
        }

        var sizes = GroupFiles.Sizes(group.Group.SliceCount);
        if (sizes.TotalBytes > freeBytes)
        {
            throw new DiskFullException($"The span needs {sizes.TotalBytes} bytes, and {freeBytes} of the contributed space are free.");
        }

        var files = sizes.Open(_directory, group.Group.Id, isNew);
        try
        {
            var leases = new[] { descriptor.LeaseOf(group) };
            return new OpenedGroup(
                group, sizes, new SliceLogMember(group.Group, self, _node.Device.SigningKey, leases, files, _node.TimeProvider));
        }
        catch
        {
            files.Log.Dispose();
            files.Store.Dispose();
            files.Control.Dispose();
            throw;
        }
    }

    /// <summary>Better said at the start than in the middle of somebody's write.</summary>
    private void CheckFreeSpace()
    {
        var freeOnHost = new DriveInfo(_directory.FullPath).AvailableFreeSpace;
        if (freeOnHost < FreeBytes)
        {
            throw new DiskFullException($"The host has {freeOnHost} bytes free, fewer than the {FreeBytes} that are to be contributed.");
        }
    }

    private sealed record OpenedGroup(GroupPeers Group, GroupFiles Files, SliceLogMember Member);
}

/// <summary>How much space a node contributes.</summary>
public sealed class StorageNodeOptions
{
    /// <summary>Bytes of the host's disk that spans may take, their logs included.</summary>
    /// <value>The default is 1 GiB.</value>
    public long CapacityBytes { get; set; } = 1L << 30;
}
