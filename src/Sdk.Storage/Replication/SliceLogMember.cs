using Sdk.Core;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;
using Sdk.Storage.Disk;
using Sdk.Storage.Local;

namespace Sdk.Storage.Replication;

/// <summary>
/// Lane A at a member: a slice's log accepts the entries of one session at a time, each after the other, and tells their
/// writer once they are durable. Nothing here waits: events come in by <see cref="Receive"/>, <see cref="Synced"/>,
/// <see cref="Tick"/>; what is to be sent goes out by <see cref="TryTake"/>.
/// </summary>
/// <remarks>
/// <para>
/// A byte's way: an entry is verified against the slice's accepted head, appended to the write-ahead log, and waits. When
/// the log is synced up to it (<see cref="Synced"/>), it is applied to the store and acknowledged. A crash before the sync
/// forgets it, a crash after it replays it.
/// </para>
/// <para>
/// There is no undo: a member's head only moves to greater keys. When a new session went on from another entry than the
/// one held here, or entries were missed, the member fetches the whole slice from another member and installs it
/// (<c>SliceLogMember.Repair.cs</c>). That never loses a certified entry: sessions open with a quorum, so a greater key
/// descends from every certified one.
/// </para>
/// <para>Not thread-safe: the shell calls under one lock. Peers 0 to N − 1 are the group's members, others are clients.</para>
/// </remarks>
internal sealed partial class SliceLogMember : IDisposable
{
    private readonly CopyGroup _group;
    private readonly int _self;
    private readonly SigningKey _memberKey;
    private readonly TimeProvider _time;
    private readonly LaneAMutations _mutations;
    private readonly GrantCache _grants = new();

    private readonly WriteAheadLog _log;
    private readonly ChunkStore _store;
    private readonly SnapshotFile _control;

    private readonly Queue<Outgoing> _outgoing = [];
    private readonly Dictionary<DiskId, DiskState> _disks = [];
    private readonly Dictionary<uint, HotSlice> _hot = [];

    /// <summary>Opens the member's files and brings the store up to what the log holds.</summary>
    /// <exception cref="LogCorruptException">The log lost what it had acknowledged.</exception>
    public SliceLogMember(
        CopyGroup group,
        int self,
        SigningKey memberKey,
        IReadOnlyList<SliceLease> leases,
        MemberFiles files,
        TimeProvider time,
        LaneAMutations mutations = LaneAMutations.None)
    {
        (_group, _self, _memberKey, _time, _mutations) = (group, self, memberKey, time, mutations);
        foreach (var lease in leases)
        {
            _disks.Add(lease.Disk, new DiskState(lease));
        }

        _store = ChunkStore.Open(files.Store, group.SliceCount, CachedRecords);
        _control = SnapshotFile.Open(files.Control, MaxControlBytes);
        RestoreControl();
        _log = WriteAheadLog.Open(files.Log, files.LogCapacityBytes, Replay);

        // What survived a crash of the process may be in the page cache only: make it durable before anybody relies on it.
        _log.Sync();
    }

    /// <summary>True when something was appended that no sync has begun to cover; the shell syncs the log and reports by <see cref="Synced"/>.</summary>
    public bool NeedsSync => _log.SyncedLsn < _log.NextLsn;

    public WriteAheadLog Log => _log;

    /// <summary>The highest session that a disk's fence stands at; default before the first Open.</summary>
    public SessionId FenceOf(DiskId disk) => _disks[disk].Fence?.Session ?? default;

    /// <summary>True when the session holds the fence of some disk here; writes of any other are refused.</summary>
    public bool IsAtFence(in SessionId session)
    {
        foreach (var disk in _disks.Values)
        {
            if (disk.Fence?.Session == session)
            {
                return true;
            }
        }

        return false;
    }

    public bool TryTake(out Outgoing outgoing) => _outgoing.TryDequeue(out outgoing);

    /// <summary>A message of a peer. The member takes over its payloads.</summary>
    public void Receive(int from, SliceMessage message)
    {
        switch (message)
        {
            case OpenRequest open:
                ReceiveOpen(from, open);
                break;
            case WriteBatch batch:
                ReceiveBatch(from, batch);
                break;
            case ReadRequest read when MayRead(from, read.Slice):
                ReceiveRead(from, read);
                break;
            case TreeRequest tree when MayRead(from, tree.Slice):
                ReceiveTree(from, tree);
                break;
            case StateRequest state when IsMember(from) && state.Slice < _group.SliceCount:
                ReceiveStateRequest(from, state);
                break;
            case StateAnswer state when IsMember(from) && state.Slice < _group.SliceCount:
                ReceiveState(from, state);
                break;
            default:
                RefusedMessages++;
                message.Release();
                break;
        }
    }

    /// <summary>The log is durable up to <paramref name="lsn"/>: fences are answered, entries applied and acknowledged, in the order of the log.</summary>
    public void Synced(long lsn)
    {
        var acks = new Dictionary<int, List<Ack>>();
        while (_unsynced.TryPeek(out var next) && next.EndLsn <= lsn)
        {
            _unsynced.Dequeue();
            if (next.Entry is { } accepted)
            {
                Apply(accepted, acks);
            }
            else
            {
                AnswerOpen(next.Open!);
            }
        }

        SendAcks(acks);
    }

    /// <summary>Time passed: fetches that nobody answered go to the next member.</summary>
    public void Tick() => RetryFetches();

    /// <summary>A peer's stream ended; what it asked for need not be sent any more.</summary>
    public void Disconnected(int peer)
    {
        foreach (var disk in _disks.Values)
        {
            if (disk.Client == peer)
            {
                disk.Client = NoPeer;
            }

            disk.Readers.Remove(peer);
        }
    }

    public void Dispose()
    {
        _log.Dispose();
        _store.Dispose();
        _control.Dispose();
    }

    private void Send(int to, SliceMessage message) => _outgoing.Enqueue(new Outgoing(to, message));

    private bool IsMember(int peer) => peer >= 0 && peer < _group.Members && peer != _self;

    private bool MayRead(int peer, uint slice) => DiskOf(slice) is { } disk && (disk.Readers.Contains(peer) || IsMember(peer));

    private DiskState? DiskOf(uint slice)
    {
        foreach (var disk in _disks.Values)
        {
            if (disk.Lease.Covers(slice))
            {
                return disk;
            }
        }

        return null;
    }

    private const int NoPeer = -1;

    /// <summary>Records of slices kept in memory: about 5 KiB each.</summary>
    private const int CachedRecords = 1024;

    /// <summary>Messages that were refused before they changed anything.</summary>
    public long RefusedMessages { get; private set; }

    /// <summary>What a disk's sessions left here.</summary>
    private sealed class DiskState(SliceLease lease)
    {
        /// <summary>Clients that may read at once: several devices, and connections that are being replaced.</summary>
        public const int MaxReaders = 64;

        public SliceLease Lease { get; } = lease;

        /// <summary>The Open that raised the fence; writes of other sessions are refused.</summary>
        public OpenRequest? Fence { get; set; }

        /// <summary>Who writes in the session at the fence: hears of entries that came by another member.</summary>
        public int Client { get; set; } = NoPeer;

        /// <summary>Sessions below the fence, remembered only under <see cref="LaneAMutations.NoFence"/>.</summary>
        public Dictionary<SessionId, SessionGrant> FormerGrants { get; } = [];

        /// <summary>Peers that showed an Open of the owner.</summary>
        public HashSet<int> Readers { get; } = [];
    }
}

/// <summary>A message on its way to a peer.</summary>
internal readonly record struct Outgoing(int To, SliceMessage Message);

/// <summary>The three files of a member's part of a group.</summary>
internal sealed record MemberFiles(IBlockFile Log, long LogCapacityBytes, IBlockFile Store, IBlockFile Control);
