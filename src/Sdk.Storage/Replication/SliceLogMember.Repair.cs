using System.Numerics;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Replication;

/// <summary>
/// Catching up: an entry came whose predecessor is not here, so the whole slice is fetched from another member, one after
/// the other, until one has a state that is newer, signed by the owner and whole.
/// </summary>
internal sealed partial class SliceLogMember
{
    /// <summary>Whole slices on their way at once, 264 KiB each.</summary>
    private const int MaxFetches = 16;

    /// <summary>Entries that wait for one slice; more than a session has in flight is never useful.</summary>
    private const int MaxWaitingPerSlice = 64;

    /// <summary>Payload that waits for fetches, over all slices.</summary>
    private const int MaxWaitingBytes = 16 * 1024 * 1024;

    /// <summary>Rounds over all members before what waits is given up; its writer sends it again.</summary>
    private const int MaxFetchRounds = 8;

    private static readonly TimeSpan FetchTimeout = TimeSpan.FromMilliseconds(500);

    private long _waitingBytes;
    private int _fetches;

    private void WaitForState(AcceptedEntry entry, HotSlice slice)
    {
        var operation = entry.Signed.Operation;
        var isKnown = slice.Waiting.Exists(waiting => waiting.Signed.Operation.Hash == operation.Hash);
        if (isKnown || slice.Waiting.Count >= MaxWaitingPerSlice || _waitingBytes + entry.Payload.Length > MaxWaitingBytes)
        {
            entry.Payload.Release();
        }
        else
        {
            slice.Waiting.Add(entry);
            _waitingBytes += entry.Payload.Length;
        }

        if (slice.Fetch is null)
        {
            slice.Fetch = new Fetch { Peer = _self, Deadline = _time.GetTimestamp() };
            AskNext(operation.Slice, slice);
        }
    }

    /// <summary>Takes up what waited, as far as the chain now reaches; what the head has passed is dropped.</summary>
    private void DrainWaiting(uint number, HotSlice slice)
    {
        for (var i = 0; i < slice.Waiting.Count;)
        {
            var entry = slice.Waiting[i];
            var operation = entry.Signed.Operation;
            var isNext = operation.Previous == slice.Hash && IsNextInSession(operation.Key, slice.Key);
            if (!isNext && operation.Key > slice.Key)
            {
                i++;
                continue;
            }

            slice.Waiting.RemoveAt(i);
            _waitingBytes -= entry.Payload.Length;
            if (isNext)
            {
                AppendIfRootMatches(entry, slice);
                i = 0;
            }
            else
            {
                entry.Payload.Release();
            }
        }

        if (slice.Waiting.Count == 0)
        {
            EndFetch(slice);
            CoolDown(number, slice);
        }
    }

    /// <summary>What waits for a predecessor and belongs to a session below the fence must not be accepted any more.</summary>
    private void DropWaitingBelowFence(DiskState disk)
    {
        if (_mutations.HasFlag(LaneAMutations.NoFence))
        {
            return;
        }

        foreach (var (number, slice) in _hot.Where(hot => disk.Lease.Covers(hot.Key)).OrderBy(hot => hot.Key).ToArray())
        {
            foreach (var entry in slice.Waiting.FindAll(waiting => waiting.Signed.Operation.Key.Session < disk.Fence!.Session))
            {
                slice.Waiting.Remove(entry);
                _waitingBytes -= entry.Payload.Length;
                entry.Payload.Release();
            }

            if (slice.Waiting.Count == 0)
            {
                EndFetch(slice);
                CoolDown(number, slice);
            }
        }
    }

    private void AskNext(uint number, HotSlice slice)
    {
        var fetch = slice.Fetch!;
        if (!fetch.IsAsked && _fetches >= MaxFetches)
        {
            return;
        }

        if (!fetch.IsAsked)
        {
            fetch.IsAsked = true;
            _fetches++;
        }

        fetch.Peer = (fetch.Peer + 1) % _group.Members;
        if (fetch.Peer == _self)
        {
            fetch.Rounds++;
            fetch.Peer = (fetch.Peer + 1) % _group.Members;
        }

        fetch.Deadline = _time.GetTimestamp() + (long)(FetchTimeout.TotalSeconds * _time.TimestampFrequency);
        Send(fetch.Peer, new StateRequest { Slice = number, NewerThan = slice.Key });
    }

    private void RetryFetches()
    {
        var now = _time.GetTimestamp();
        foreach (var (number, slice) in _hot.Where(hot => hot.Value.Fetch is { } fetch && fetch.Deadline <= now).OrderBy(hot => hot.Key).ToArray())
        {
            if (slice.Fetch!.Rounds >= MaxFetchRounds)
            {
                GiveUp(number, slice);
            }
            else
            {
                AskNext(number, slice);
            }
        }
    }

    private void GiveUp(uint number, HotSlice slice)
    {
        foreach (var entry in slice.Waiting)
        {
            _waitingBytes -= entry.Payload.Length;
            entry.Payload.Release();
        }

        slice.Waiting.Clear();
        EndFetch(slice);
        CoolDown(number, slice);
    }

    private void EndFetch(HotSlice slice)
    {
        if (slice.Fetch is { IsAsked: true })
        {
            _fetches--;
        }

        slice.Fetch = null;
    }

    private void ReceiveStateRequest(int from, StateRequest request)
    {
        var record = _store.Load(request.Slice);
        var head = record is not null && record.Key > request.NewerThan ? HeadOf(record) : null;
        var touched = head is null ? 0 : record!.Tree.Touched;
        Send(from, new StateAnswer
        {
            Slice = request.Slice,
            Head = head,
            Touched = touched,
            Versions = head is null ? [] : [.. record!.Versions],
            Payload = ReadSectors(request.Slice, touched, 0),
        });
    }

    private void ReceiveState(int from, StateAnswer answer)
    {
        if (!_hot.TryGetValue(answer.Slice, out var slice) || slice.Fetch is not { } fetch || fetch.Peer != from)
        {
            answer.Release();
            return;
        }

        if (!HasRoomFor(answer.Payload.Length, records: 1))
        {
            answer.Release();
            return; // The checkpoint comes first; the next tick asks again.
        }

        if (TryVerify(answer, slice) is { } entry)
        {
            Track(entry, AppendWhole(entry), slice);
            DrainWaiting(answer.Slice, slice);
            return;
        }

        answer.Release();
        if ((fetch.Peer + 1) % _group.Members != _self)
        {
            AskNext(answer.Slice, slice);
        }
    }

    /// <summary>A state is taken when its head is newer, the owner's session signed it, and the data gives the root that was signed.</summary>
    private AcceptedEntry? TryVerify(StateAnswer answer, HotSlice slice)
    {
        if (answer.Head is not { } head || DiskOf(answer.Slice) is not { } disk
            || head.Operation.Slice != answer.Slice || head.Operation.Group != _group.Id
            || head.Operation.Key.Epoch != _group.Epoch || head.Operation.Key <= slice.Key
            || answer.Versions.Length != SliceGeometry.SectorsPerSlice
            || answer.Payload.Length != BitOperations.PopCount(answer.Touched) * SliceGeometry.StoredSectorBytes
            || !head.Grant.Verify(disk.Lease.Owner, _group.NetworkId, now: null)
            || !head.VerifySignature(_group.NetworkId))
        {
            return null;
        }

        var whole = new WholeSlice(answer.Touched, answer.Versions);
        var tree = whole.BuildTree(answer.Slice, answer.Payload.Span);
        if (tree.Root != head.Operation.Root)
        {
            return null;
        }

        // The writer of the session at the fence waits for this acknowledgement; heads of older sessions are nobody's news.
        var client = disk.Fence?.Session == head.Operation.Key.Session ? disk.Client : NoPeer;
        return new AcceptedEntry(client, head, answer.Payload, []) { TreeAfter = tree, Whole = whole };
    }

    private sealed class Fetch
    {
        public required int Peer { get; set; }

        public required long Deadline { get; set; }

        public bool IsAsked { get; set; }

        public int Rounds { get; set; }
    }

    /// <summary>Which sectors of a fetched slice hold data, and their versions.</summary>
    private sealed record WholeSlice(ulong Touched, ulong[] Versions)
    {
        public SliceTree BuildTree(uint slice, ReadOnlySpan<byte> payload)
        {
            var tree = new SliceTree();
            for (var rest = Touched; rest != 0; rest &= rest - 1)
            {
                var sector = BitOperations.TrailingZeroCount(rest);
                var address = ((ulong)slice * SliceGeometry.SectorsPerSlice) + (ulong)sector;
                tree.Set(sector, SliceTree.Leaf(address, Versions[sector], payload[..SliceGeometry.StoredSectorBytes]));
                payload = payload[SliceGeometry.StoredSectorBytes..];
            }

            return tree;
        }

        /// <summary>Runs of touched sectors, in the order of the payload.</summary>
        public SectorExtent[] Extents()
        {
            var extents = new List<SectorExtent>();
            for (var sector = 0; sector < SliceGeometry.SectorsPerSlice;)
            {
                var run = BitOperations.TrailingZeroCount(~(Touched >> sector));
                run = Math.Min(run, SliceGeometry.SectorsPerSlice - sector);
                if (run > 0)
                {
                    extents.Add(new SectorExtent((byte)sector, (byte)run, IsTrim: false));
                }

                sector += Math.Max(run, 1);
            }

            return [.. extents];
        }
    }
}
