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
        peer = index >= 0 ? node.Bucket[index] : null;
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
        if (node.IsLeaf)
        {
            Merge(node.Bucket.AsSpan(0, node.Count), key, nearest, ref count);
            return;
        }

        var half = key.Bit(bit);
        Collect(node.Half(half), bit + 1, key, nearest, ref count);
        if (count < nearest.Length)
        {
            Collect(node.Half(1 - half), bit + 1, key, nearest, ref count);
        }
    }

    // An insertion sort of the bucket into what is free: all that stands there already is nearer than all of the bucket.
    private static void Merge(ReadOnlySpan<TPeer> bucket, in OverlayAddress key, Span<TPeer> nearest, ref int count)
    {
        var free = nearest[count..];
        var taken = 0;
        foreach (var peer in bucket)
        {
            var place = taken;
            while (place > 0 && OverlayAddress.CompareDistance(key, peer.Address, free[place - 1].Address) < 0)
            {
                place--;
            }

            if (place == free.Length)
            {
                continue;
            }

            taken = Math.Min(taken + 1, free.Length);
            free[place..(taken - 1)].CopyTo(free[(place + 1)..taken]);
            free[place] = peer;
        }

        count += taken;
    }

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

        public TPeer[] Bucket { get; private set; } = [];

        public int Count { get; private set; }

        public bool IsLeaf => _zero is null;

        public Node Half(int bit) => (bit == 0 ? _zero : _one)!;

        public int IndexOf(OverlayAddress address)
        {
            for (var i = 0; i < Count; i++)
            {
                if (Bucket[i].Address == address)
                {
                    return i;
                }
            }

            return -1;
        }

        public void Append(TPeer peer)
        {
            if (Count == Bucket.Length)
            {
                // A quarter of a bucket at a time: most tables are small, and there are many of them in a simulation.
                var larger = new TPeer[Math.Min(BucketMax, Count + (BucketMax / 4))];
                Bucket.AsSpan(0, Count).CopyTo(larger);
                Bucket = larger;
            }

            Bucket[Count++] = peer;
        }

        public void RemoveAt(int index)
        {
            Bucket[index] = Bucket[--Count];
            Bucket[Count] = null!;
        }

        public void Split(int bit)
        {
            (_zero, _one) = (new Node(), new Node());
            for (var i = 0; i < Count; i++)
            {
                Half(Bucket[i].Address.Bit(bit)).Append(Bucket[i]);
            }

            (Bucket, Count) = ([], 0);
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
                    Append(half.Bucket[i]);
                }
            }
        }
    }
}
