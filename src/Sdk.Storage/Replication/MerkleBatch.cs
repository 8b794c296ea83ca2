using Sdk.Core.Cryptography;

namespace Sdk.Storage.Replication;

/// <summary>
/// One signature for many hashes: a Merkle tree whose root is signed, and for each leaf the siblings on its way up.
/// An odd node is carried up unchanged; leaf count and index are part of what is verified, so that no inner node can
/// pass for a leaf.
/// </summary>
internal static class MerkleBatch
{
    /// <summary>A path of this depth covers <see cref="MaxLeaves"/> leaves.</summary>
    public const int MaxDepth = 12;

    /// <summary>More than any batch needs: 4096 slices of one span.</summary>
    public const int MaxLeaves = 1 << MaxDepth;

    public static Hash256 Root(ReadOnlySpan<Hash256> leaves)
    {
        if (leaves.IsEmpty || leaves.Length > MaxLeaves)
        {
            throw new ArgumentOutOfRangeException(nameof(leaves));
        }

        var level = leaves.ToArray();
        for (var count = level.Length; count > 1;)
        {
            count = FoldLevel(level, count);
        }

        return level[0];
    }

    /// <summary>The siblings of every leaf, from the bottom up.</summary>
    public static Hash256[][] Paths(ReadOnlySpan<Hash256> leaves)
    {
        var paths = new List<Hash256>[leaves.Length];
        for (var i = 0; i < paths.Length; i++)
        {
            paths[i] = [];
        }

        var level = leaves.ToArray();
        var shift = 0;
        for (var count = level.Length; count > 1; shift++)
        {
            for (var i = 0; i < paths.Length; i++)
            {
                var sibling = (i >> shift) ^ 1;
                if (sibling < count)
                {
                    paths[i].Add(level[sibling]);
                }
            }

            count = FoldLevel(level, count);
        }

        return Array.ConvertAll(paths, path => path.ToArray());
    }

    /// <summary>The root that a leaf and its siblings lead to; false when the path has not the length that the position demands.</summary>
    public static bool TryRoot(Hash256 leaf, int index, int count, ReadOnlySpan<Hash256> path, out Hash256 root)
    {
        root = leaf;
        if (count < 1 || count > MaxLeaves || (uint)index >= (uint)count)
        {
            return false;
        }

        var used = 0;
        while (count > 1)
        {
            if ((index ^ 1) < count)
            {
                if (used == path.Length)
                {
                    return false;
                }

                var sibling = path[used++];
                root = (index & 1) == 0 ? Node(root, sibling) : Node(sibling, root);
            }

            index >>= 1;
            count = (count + 1) >> 1;
        }

        return used == path.Length;
    }

    private static int FoldLevel(Span<Hash256> level, int count)
    {
        for (var i = 0; i + 1 < count; i += 2)
        {
            level[i / 2] = Node(level[i], level[i + 1]);
        }

        if ((count & 1) != 0)
        {
            level[count / 2] = level[count - 1];
        }

        return (count + 1) >> 1;
    }

    private static Hash256 Node(in Hash256 left, in Hash256 right)
    {
        Span<byte> preimage = stackalloc byte[65];
        preimage[0] = 1;
        left.CopyTo(preimage[1..]);
        right.CopyTo(preimage[33..]);
        return Hash256.Sha256(preimage);
    }
}
