using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Addressing;

/// <summary>
/// Peers by address, so that the nearest of very many are found by looking at few: a binary trie over the bits of the addresses with small
/// buckets for leaves. By the exclusive-or metric every address of one half of a subtree is nearer to a key than every one of the other half,
/// so a walk that takes the key's half first meets the buckets in order of distance, and only within a bucket is anything compared.
/// </summary>
/// <remarks>Not thread-safe. Whoever grinds addresses with n bits in common makes a path n nodes long, and no more.</remarks>
internal sealed class AddressIndex<TPeer>
    where TPeer : RoutingPeer
{
    private const int BucketMax = 16;
    private const ulong PlaceMask = BucketMax - 1;

    // Two buckets are joined only when that leaves room, or a peer that comes and goes would split and join them each time.
    private const int JoinedMax = BucketMax / 2;

    private readonly Node _root = new();

    /// <summary>How many peers are in.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a peer, unless one of its address is in.</summary>
    public bool TryAdd(TPeer peer)
    {
        var (node, bit) = Find(peer.Address);
        if (node.IndexOf(peer.Address) >= 0)
        {
            return false;
        }

        while (node.Count == BucketMax)
        {
            node.Split(bit);
            node = node.Half(peer.Address.Bit(bit++));
        }

        node.Append(peer);
        Count++;
        return true;
    }

    /// <summary>Takes the peer of an address out, if there is one.</summary>
    public bool Remove(OverlayAddress address)
    {
        if (!Remove(_root, address, 0))
        {
            return false;
        }

        Count--;
        return true;
    }

    /// <summary>The peer of an address.</summary>
    public bool TryFind(OverlayAddress address, [NotNullWhen(true)] out TPeer? peer)
    {
        var (node, _) = Find(address);
        var index = node.IndexOf(address);
        peer = index >= 0 ? node[index] : null;
        return peer is not null;
    }

    /// <summary>Fills <paramref name="nearest"/> with the peers nearest to <paramref name="key"/>, the nearest first; gives how many there were.</summary>
    public int Closest(OverlayAddress key, Span<TPeer> nearest)
    {
        var count = 0;
        if (!nearest.IsEmpty)
        {
            Collect(_root, 0, key, nearest, ref count);
        }

        return count;
    }

    private (Node Leaf, int Bit) Find(OverlayAddress address)
    {
        var node = _root;
        var bit = 0;
        while (!node.IsLeaf)
        {
            node = node.Half(address.Bit(bit++));
        }

        return (node, bit);
    }

    private static void Collect(Node node, int bit, in OverlayAddress key, Span<TPeer> nearest, ref int count)
    {
        while (!node.IsLeaf)
        {
            var half = key.Bit(bit++);
            Collect(node.Half(half), bit, key, nearest, ref count);
            if (count == nearest.Length)
            {
                return;
            }

            node = node.Half(1 - half);
        }

        Append(node, key, nearest, ref count);
    }

    // All that stands there already is nearer than all of the bucket, of which the nearest take what is free.
    private static void Append(Node leaf, in OverlayAddress key, Span<TPeer> nearest, ref int count)
    {
        // A distance's last bits make room for the place in the bucket: peers are touched only where the rest of their prefixes is the same.
        Span<ulong> sorted = stackalloc ulong[BucketMax];
        var prefix = key.Prefix;
        for (var i = 0; i < leaf.Count; i++)
        {
            var distance = ((leaf.Prefix(i) ^ prefix) & ~PlaceMask) | (uint)i;
            var place = i;
            while (place > 0 && IsNearer(leaf, key, distance, sorted[place - 1]))
            {
                sorted[place] = sorted[place - 1];
                place--;
            }

            sorted[place] = distance;
        }

        var taken = Math.Min(leaf.Count, nearest.Length - count);
        for (var i = 0; i < taken; i++)
        {
            nearest[count++] = leaf[(int)(sorted[i] & PlaceMask)];
        }
    }

    private static bool IsNearer(Node leaf, in OverlayAddress key, ulong one, ulong other) => ((one ^ other) & ~PlaceMask) != 0
        ? one < other
        : OverlayAddress.CompareDistance(key, leaf[(int)(one & PlaceMask)].Address, leaf[(int)(other & PlaceMask)].Address) < 0;

    private static bool Remove(Node node, OverlayAddress address, int bit)
    {
        if (node.IsLeaf)
        {
            var index = node.IndexOf(address);
            if (index >= 0)
            {
                node.RemoveAt(index);
            }

            return index >= 0;
        }

        if (!Remove(node.Half(address.Bit(bit)), address, bit + 1))
        {
            return false;
        }

        node.JoinIfSmall();
        return true;
    }

    /// <summary>A leaf has a bucket; any other node has two halves.</summary>
    private sealed class Node
    {
        private Node? _zero;
        private Node? _one;
        private TPeer[] _bucket = [];

        // Of the addresses in the bucket, so that few of the peers themselves are touched.
        private ulong[] _prefixes = [];

        public int Count { get; private set; }

        public bool IsLeaf => _zero is null;

        public TPeer this[int index] => _bucket[index];

        public ulong Prefix(int index) => _prefixes[index];

        public Node Half(int bit) => (bit == 0 ? _zero : _one)!;

        public int IndexOf(in OverlayAddress address)
        {
            var prefix = address.Prefix;
            for (var i = 0; i < Count; i++)
            {
                if (_prefixes[i] == prefix && _bucket[i].Address == address)
                {
                    return i;
                }
            }

            return -1;
        }

        public void Append(TPeer peer)
        {
            if (Count == _bucket.Length)
            {
                // A quarter of a bucket at a time: most tables are small, and there are many of them in a simulation.
                var capacity = Math.Min(BucketMax, Count + (BucketMax / 4));
                Array.Resize(ref _bucket, capacity);
                Array.Resize(ref _prefixes, capacity);
            }

            _prefixes[Count] = peer.Address.Prefix;
            _bucket[Count++] = peer;
        }

        public void RemoveAt(int index)
        {
            _bucket[index] = _bucket[--Count];
            _prefixes[index] = _prefixes[Count];
            _bucket[Count] = null!;
        }

        public void Split(int bit)
        {
            (_zero, _one) = (new Node(), new Node());
            for (var i = 0; i < Count; i++)
            {
                Half(_bucket[i].Address.Bit(bit)).Append(_bucket[i]);
            }

            (_bucket, _prefixes, Count) = ([], [], 0);
        }

        public void JoinIfSmall()
        {
            if (_zero is not { IsLeaf: true } zero || _one is not { IsLeaf: true } one || zero.Count + one.Count > JoinedMax)
            {
                return;
            }

            (_zero, _one) = (null, null);
            foreach (var half in (ReadOnlySpan<Node>)[zero, one])
            {
                for (var i = 0; i < half.Count; i++)
                {
                    Append(half[i]);
                }
            }
        }
    }
}
