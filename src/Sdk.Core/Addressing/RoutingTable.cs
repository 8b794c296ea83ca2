using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Addressing;

/// <summary>
/// The peers that a node knows, in Kademlia's bins by proximity order to its own address, and which of them are connected (Maymounkov and
/// Mazières 2002; bins and depth as Swarm's nodes have them). Peers that live stay: a newcomer gets a free place, or that of one that fails or
/// has long been silent, never that of a live one, since those who were there before an attack are not the attacker's.
/// </summary>
/// <remarks>
/// Neither waits nor reads a clock: every call says what time it is. Not thread-safe. Only what was verified may be told: whoever calls
/// <see cref="Add"/> has checked the peer's handshake or signed record.
/// </remarks>
internal sealed class RoutingTable<TPeer>
    where TPeer : RoutingPeer
{
    /// <summary>The bits after the one in which a bin's addresses differ from the own: they part the bin into slots of equal share.</summary>
    public const int SlotBits = 4;

    /// <summary>Slots of a bin. With a connected peer in each, a bin leads evenly into its part of the overlay.</summary>
    public const int SlotsPerBin = 1 << SlotBits;

    /// <summary>Bins that hold more are searched by the index.</summary>
    private const int SearchedMax = 256;

    private readonly AddressIndex<TPeer> _connected = new();
    private readonly Dictionary<NetworkGroup, int> _groups = [];
    private Bin[] _bins = [];

    // Made when it is first needed: who has connections asks for the nearest among those, and bins are small.
    private AddressIndex<TPeer>? _index;

    /// <param name="self">This node's address.</param>
    /// <param name="options">The numbers.</param>
    public RoutingTable(OverlayAddress self, RoutingTableOptions options)
    {
        options.Validate();
        (Self, Options) = (self, options);
    }

    /// <summary>This node's address.</summary>
    public OverlayAddress Self { get; }

    /// <summary>The numbers.</summary>
    public RoutingTableOptions Options { get; }

    /// <summary>How many peers are known.</summary>
    public int KnownCount { get; private set; }

    /// <summary>How many of them are connected.</summary>
    public int ConnectedCount => _connected.Count;

    /// <summary>
    /// The bin at which the neighbourhood begins: the shallower of the shallowest bin with fewer connected peers than
    /// <see cref="RoutingTableOptions.Saturation"/> (an empty one is such a bin) and the bin at which, from the deepest up,
    /// <see cref="RoutingTableOptions.LowWater"/> connected peers are reached.
    /// </summary>
    public int Depth { get; private set; }

    /// <summary>Another number after each change; signs of life of peers that had not failed are none.</summary>
    public int Version { get; private set; }

    /// <summary>How many bins there are to enumerate: one more than the deepest in which a peer ever was.</summary>
    public int BinCount => _bins.Length;

    /// <summary>The bins that hold peers, the shallowest first; a copy.</summary>
    public IReadOnlyList<OverlayBin> Bins
    {
        get
        {
            var bins = new List<OverlayBin>(_bins.Length);
            for (var order = 0; order < _bins.Length; order++)
            {
                if (_bins[order].Count > 0)
                {
                    bins.Add(new OverlayBin(order, _bins[order].ConnectedCount, _bins[order].Count));
                }
            }

            return bins;
        }
    }

    /// <summary>The known peers of a bin, the connected ones first. Valid until the next call that changes the table.</summary>
    public ReadOnlySpan<TPeer> Known(int proximityOrder) =>
        (uint)proximityOrder < (uint)_bins.Length ? _bins[proximityOrder].Peers : [];

    /// <summary>The connected peers of a bin. Valid until the next call that changes the table.</summary>
    public ReadOnlySpan<TPeer> Connected(int proximityOrder) =>
        (uint)proximityOrder < (uint)_bins.Length ? _bins[proximityOrder].Peers[.._bins[proximityOrder].ConnectedCount] : [];

    /// <summary>How many peers of a bin are connected, or might be: the others failed when they were last dialled.</summary>
    public int PromisingCount(int proximityOrder) =>
        (uint)proximityOrder < (uint)_bins.Length ? _bins[proximityOrder].Count - _bins[proximityOrder].FailedCount : 0;

    /// <summary>The slot, 0 to <see cref="SlotsPerBin"/> − 1, that an address has in its bin.</summary>
    public static int SlotOf(OverlayAddress address, int proximityOrder) => address.Bits(proximityOrder + 1, SlotBits);

    /// <summary>Takes a peer in, not yet connected, if there is a place for it.</summary>
    /// <param name="peer">One whose address was proven.</param>
    /// <param name="now">The time, for its first sign of life.</param>
    public RoutingOutcome Add(TPeer peer, TimeSpan now)
    {
        var order = Self.Proximity(peer.Address);
        if (order == OverlayAddress.ProximityMax)
        {
            return RoutingOutcome.Self;
        }

        if (TryFind(peer.Address, out _))
        {
            return RoutingOutcome.Known;
        }

        var bin = BinOf(order);
        if (!TryFindRoomInGroup(bin, peer.Group, now, out var fromGroup))
        {
            return RoutingOutcome.Crowded;
        }

        var isFull = bin.Count >= Options.MaxKnownPerBin && fromGroup?.ProximityOrder != order;
        var fromBin = isFull ? FindEvictable(bin.Peers, now) : null;
        if (isFull && fromBin is null)
        {
            return RoutingOutcome.Full;
        }

        RemoveIfAny(fromGroup);
        RemoveIfAny(fromBin);
        peer.ProximityOrder = order;
        peer.LastUsed = now;
        peer.Failures = 0;
        bin.Add(peer);
        _index?.TryAdd(peer);
        KnownCount++;
        CountGroup(peer.Group, 1);
        Version++;
        return RoutingOutcome.Added;
    }

    /// <summary>A connection to the peer stands.</summary>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public void Connected(TPeer peer, TimeSpan now)
    {
        var bin = BinWith(peer);
        Revive(bin, peer, now);
        if (!peer.IsConnected)
        {
            peer.IsConnected = true;
            peer.HasBeenConnected = true;
            peer.ConnectedSince = now;
            bin.MoveToConnected(peer);
            _connected.TryAdd(peer);
            Changed();
        }
    }

    /// <summary>The last connection to the peer is gone; it stays known.</summary>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public void Disconnected(TPeer peer)
    {
        var bin = BinWith(peer);
        if (peer.IsConnected)
        {
            peer.IsConnected = false;
            bin.MoveFromConnected(peer);
            bin.FailedCount += peer.Failures > 0 ? 1 : 0;
            _connected.Remove(peer.Address);
            Changed();
        }
    }

    /// <summary>The peer showed that it lives: it answered, or asked something.</summary>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public void Used(TPeer peer, TimeSpan now) => Revive(BinWith(peer), peer, now);

    /// <summary>The peer is about to be dialled.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="again">Before that time it is not to be dialled again, if it does not fail.</param>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public void Dialing(TPeer peer, TimeSpan again)
    {
        BinWith(peer);
        peer.DialAgain = again;
    }

    /// <summary>
    /// The peer could not be dialled, or did not answer. After <see cref="RoutingTableOptions.MaxFailures"/> in turn it is given up, unless no
    /// other peer is connected: then the fault is more likely this node's own, and it would lose the whole overlay. One that was once
    /// connected stays known for <see cref="RoutingTableOptions.ForgetAfter"/> all the same, disconnected, since a network that was cut in two finds
    /// itself again only through nodes that remember the other part; it keeps no newcomer out.
    /// </summary>
    /// <returns>Whether it was given up: a connection to it is to be closed.</returns>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public bool Failed(TPeer peer, TimeSpan now)
    {
        var bin = BinWith(peer);
        bin.FailedCount += peer.Failures == 0 && !peer.IsConnected ? 1 : 0;
        peer.Failures++;
        peer.LastFailed = now;
        Version++;
        var othersConnected = _connected.Count - (peer.IsConnected ? 1 : 0);
        if (peer.Failures < Options.MaxFailures || othersConnected == 0)
        {
            return false;
        }

        if (peer.HasBeenConnected && now - peer.LastUsed < Options.ForgetAfter)
        {
            Disconnected(peer);
        }
        else
        {
            Remove(peer);
        }

        return true;
    }

    /// <summary>Forgets a peer.</summary>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public void Remove(TPeer peer)
    {
        Disconnected(peer);
        var bin = BinWith(peer);
        bin.FailedCount -= peer.Failures > 0 ? 1 : 0;
        bin.Remove(peer);
        _index?.Remove(peer.Address);
        KnownCount--;
        CountGroup(peer.Group, -1);
        Version++;
    }

    /// <summary>Moves a peer, whose addresses have changed, to another network group; false, and nothing changes, where that is crowded.</summary>
    /// <exception cref="InvalidOperationException">The peer is not in this table.</exception>
    public bool TryRegroup(TPeer peer, NetworkGroup group)
    {
        var bin = BinWith(peer);
        if (group != peer.Group && !group.IsNone && (CountIn(bin, group) >= Options.MaxPerGroupInBin || CountOf(group) >= Options.MaxPerGroup))
        {
            return false;
        }

        CountGroup(peer.Group, -1);
        CountGroup(group, 1);
        peer.Group = group;
        return true;
    }

    /// <summary>Whether this very peer is in.</summary>
    public bool Contains(TPeer peer) => peer.ProximityOrder < _bins.Length && _bins[peer.ProximityOrder].Holds(peer);

    /// <summary>The known peer of an address.</summary>
    public bool TryFind(OverlayAddress address, [NotNullWhen(true)] out TPeer? peer)
    {
        peer = null;
        var order = Self.Proximity(address);
        if ((uint)order >= (uint)_bins.Length)
        {
            return false;
        }

        var bin = _bins[order];
        if (bin.Count > SearchedMax)
        {
            return Index.TryFind(address, out peer);
        }

        peer = bin.Find(address);
        return peer is not null;
    }

    /// <summary>Fills <paramref name="nearest"/> with the peers nearest to a key by exclusive or, the nearest first, and gives how many there were.</summary>
    /// <param name="key">Any address.</param>
    /// <param name="nearest">As many as are wanted.</param>
    /// <param name="connectedOnly">Whether only connected peers count.</param>
    public int Closest(OverlayAddress key, Span<TPeer> nearest, bool connectedOnly = false) =>
        (connectedOnly ? _connected : Index).Closest(key, nearest);

    /// <summary>See <see cref="Depth"/>.</summary>
    /// <param name="counts">How many connected peers each bin has, the shallowest first; deeper ones have none.</param>
    /// <param name="options">The numbers.</param>
    internal static int DepthOf(ReadOnlySpan<int> counts, RoutingTableOptions options)
    {
        var unsaturated = 0;
        while (unsaturated < counts.Length && counts[unsaturated] >= options.Saturation)
        {
            unsaturated++;
        }

        var reached = 0;
        for (var order = counts.Length - 1; order >= 0; order--)
        {
            reached += counts[order];
            if (reached >= options.LowWater)
            {
                return Math.Min(unsaturated, order);
            }
        }

        return 0;
    }

    private AddressIndex<TPeer> Index
    {
        get
        {
            if (_index is null)
            {
                _index = new AddressIndex<TPeer>();
                foreach (var bin in _bins)
                {
                    foreach (var peer in bin.Peers)
                    {
                        _index.TryAdd(peer);
                    }
                }
            }

            return _index;
        }
    }

    private void Revive(Bin bin, TPeer peer, TimeSpan now)
    {
        peer.LastUsed = now;
        if (peer.Failures > 0)
        {
            bin.FailedCount -= peer.IsConnected ? 0 : 1;
            peer.Failures = 0;
            Version++;
        }
    }

    private void Changed()
    {
        Version++;
        Span<int> counts = stackalloc int[OverlayAddress.ProximityMax];
        counts = counts[.._bins.Length];
        for (var order = 0; order < counts.Length; order++)
        {
            counts[order] = _bins[order].ConnectedCount;
        }

        Depth = DepthOf(counts, Options);
    }

    // A full group is as a full bin: one of its own members gives way, if any may.
    private bool TryFindRoomInGroup(Bin bin, NetworkGroup group, TimeSpan now, out TPeer? evictable)
    {
        evictable = null;
        if (group.IsNone)
        {
            return true;
        }

        if (CountIn(bin, group) >= Options.MaxPerGroupInBin)
        {
            evictable = FindEvictable(bin.Peers, now, group);
            return evictable is not null;
        }

        if (CountOf(group) < Options.MaxPerGroup)
        {
            return true;
        }

        foreach (var each in _bins)
        {
            evictable ??= FindEvictable(each.Peers, now, group);
        }

        return evictable is not null;
    }

    // Whoever has failed goes first, and the one that failed most; then whoever was silent for longest.
    private TPeer? FindEvictable(ReadOnlySpan<TPeer> peers, TimeSpan now, NetworkGroup? group = null)
    {
        TPeer? worst = null;
        foreach (var peer in peers)
        {
            var mayGo = !peer.IsConnected
                && (peer.Failures > 0 || now - peer.LastUsed > Options.StaleAfter)
                && (group is null || peer.Group == group);
            if (mayGo && (worst is null || (peer.Failures, worst.LastUsed).CompareTo((worst.Failures, peer.LastUsed)) > 0))
            {
                worst = peer;
            }
        }

        return worst;
    }

    private void RemoveIfAny(TPeer? peer)
    {
        if (peer is not null)
        {
            Remove(peer);
        }
    }

    private static int CountIn(Bin bin, NetworkGroup group)
    {
        var count = 0;
        foreach (var peer in bin.Peers)
        {
            count += peer.Group == group ? 1 : 0;
        }

        return count;
    }

    private int CountOf(NetworkGroup group) => _groups.GetValueOrDefault(group);

    private void CountGroup(NetworkGroup group, int change)
    {
        if (group.IsNone)
        {
            return;
        }

        var count = CountOf(group) + change;
        if (count > 0)
        {
            _groups[group] = count;
        }
        else
        {
            _groups.Remove(group);
        }
    }

    private Bin BinOf(int order)
    {
        if (order >= _bins.Length)
        {
            var before = _bins.Length;
            Array.Resize(ref _bins, order + 1);
            for (var i = before; i < _bins.Length; i++)
            {
                _bins[i] = new Bin();
            }
        }

        return _bins[order];
    }

    private Bin BinWith(TPeer peer) =>
        Contains(peer)
            ? _bins[peer.ProximityOrder]
            : throw new InvalidOperationException($"The peer {peer.Address} is not in this table.");

    /// <summary>Peers without gaps, the connected ones before the others; each knows its place, so that nothing is searched.</summary>
    private sealed class Bin
    {
        private const int CapacityFirst = 4;

        private TPeer[] _peers = [];

        // Of the peers' addresses, so that few of the peers themselves are touched.
        private ulong[] _prefixes = [];

        public int Count { get; private set; }

        public int ConnectedCount { get; private set; }

        /// <summary>Those not connected whose last sign was a failure.</summary>
        public int FailedCount { get; set; }

        public ReadOnlySpan<TPeer> Peers => _peers.AsSpan(0, Count);

        public bool Holds(TPeer peer) => peer.Index < Count && ReferenceEquals(_peers[peer.Index], peer);

        public TPeer? Find(in OverlayAddress address)
        {
            var prefix = address.Prefix;
            for (var from = 0; _prefixes.AsSpan(from, Count - from).IndexOf(prefix) is var index and >= 0; from += index + 1)
            {
                if (_peers[from + index].Address == address)
                {
                    return _peers[from + index];
                }
            }

            return null;
        }

        public void Add(TPeer peer)
        {
            if (Count == _peers.Length)
            {
                var capacity = Math.Max(CapacityFirst, 2 * Count);
                Array.Resize(ref _peers, capacity);
                Array.Resize(ref _prefixes, capacity);
            }

            Put(peer, Count++);
        }

        /// <summary>Takes out one that is not connected.</summary>
        public void Remove(TPeer peer)
        {
            Put(_peers[--Count], peer.Index);
            _peers[Count] = null!;
        }

        public void MoveToConnected(TPeer peer) => Swap(peer, ConnectedCount++);

        public void MoveFromConnected(TPeer peer) => Swap(peer, --ConnectedCount);

        private void Swap(TPeer peer, int index)
        {
            var from = peer.Index;
            Put(_peers[index], from);
            Put(peer, index);
        }

        private void Put(TPeer peer, int index)
        {
            _peers[index] = peer;
            _prefixes[index] = peer.Address.Prefix;
            peer.Index = index;
        }
    }
}
