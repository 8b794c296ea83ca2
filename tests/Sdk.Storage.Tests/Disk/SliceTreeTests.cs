using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Storage.Tests.Disk;

public sealed class SliceTreeTests
{
    [Fact]
    public void An_untouched_slice_has_the_untouched_root()
    {
        Assert.Equal(SliceTree.UntouchedRoot, new SliceTree().Root);
        Assert.Equal(RootByDefinition(0, new Hash256[64]), SliceTree.UntouchedRoot);
    }

    [Fact]
    public void The_root_is_the_one_its_definition_gives_after_any_mixture_of_sets_and_trims()
    {
        var random = new Random(1);
        var tree = new SliceTree();
        var leaves = new Hash256[64];
        ulong touched = 0;
        for (int step = 0; step < 2000; step++)
        {
            int sector = random.Next(64);
            if (random.Next(3) == 0)
            {
                tree.Trim(sector);
                leaves[sector] = default;
                touched &= ~(1UL << sector);
            }
            else
            {
                leaves[sector] = RandomHash(random);
                tree.Set(sector, leaves[sector]);
                touched |= 1UL << sector;
            }

            if (random.Next(4) == 0)
            {
                Assert.Equal(RootByDefinition(touched, leaves), tree.Root);
            }
        }

        Assert.Equal(touched, tree.Touched);
        Assert.Equal(leaves, tree.Leaves.ToArray());
    }

    [Fact]
    public void Trimming_everything_leads_back_to_the_untouched_root()
    {
        SliceTree tree = RandomTree(new Random(2));
        for (int sector = 0; sector < 64; sector++)
        {
            tree.Trim(sector);
        }

        Assert.Equal(SliceTree.UntouchedRoot, tree.Root);
    }

    [Fact]
    public void A_clone_goes_its_own_way()
    {
        SliceTree tree = RandomTree(new Random(3));
        Hash256 root = tree.Root;
        SliceTree clone = tree.Clone();
        clone.Set(5, RandomHash(new Random(4)));
        Assert.NotEqual(root, clone.Root);
        Assert.Equal(root, tree.Root);
    }

    [Fact]
    public void Every_range_proves_itself_and_no_proof_is_longer_than_the_bound()
    {
        SliceTree tree = RandomTree(new Random(5));
        for (int first = 0; first < 64; first++)
        {
            for (int count = 1; count <= 64 - first; count++)
            {
                byte[] proof = Proof(tree, first, count);
                Assert.InRange(proof.Length, 8, SliceTree.MaxProofBytes);
                Assert.True(SliceTree.TryVerifyRange(tree.Root, first, tree.Leaves.Slice(first, count), proof, out ulong touched));
                Assert.Equal(tree.Touched, touched);
            }
        }
    }

    [Fact]
    public void A_proof_with_any_byte_changed_cut_or_added_is_refused()
    {
        SliceTree tree = RandomTree(new Random(6));
        byte[] proof = Proof(tree, 13, 9);
        ReadOnlySpan<Hash256> leaves = tree.Leaves.Slice(13, 9);
        for (int place = 0; place < proof.Length; place++)
        {
            byte[] forged = [.. proof];
            forged[place] ^= 0x10;
            Assert.False(SliceTree.TryVerifyRange(tree.Root, 13, leaves, forged, out ulong touched));
            Assert.Equal(0UL, touched);
            Assert.False(SliceTree.TryVerifyRange(tree.Root, 13, leaves, proof.AsSpan(0, place), out _));
        }

        Assert.False(SliceTree.TryVerifyRange(tree.Root, 13, leaves, [.. proof, 0], out _));
        Assert.False(SliceTree.TryVerifyRange(tree.Root, 12, leaves, proof, out _));
    }

    [Fact]
    public void A_liar_cannot_pass_a_written_sector_for_an_untouched_one()
    {
        SliceTree tree = RandomTree(new Random(7));
        tree.Set(20, RandomHash(new Random(8)));
        Hash256[] leaves = tree.Leaves.Slice(20, 2).ToArray();
        byte[] proof = Proof(tree, 20, 2);
        leaves[0] = default;
        Assert.False(SliceTree.TryVerifyRange(tree.Root, 20, leaves, proof, out _));

        ulong map = BinaryPrimitives.ReadUInt64LittleEndian(proof) & ~(1UL << 20);
        BinaryPrimitives.WriteUInt64LittleEndian(proof, map);
        Assert.False(SliceTree.TryVerifyRange(tree.Root, 20, leaves, proof, out _));
    }

    [Fact]
    public void The_leaf_depends_on_address_version_and_every_part_of_the_stored_sector()
    {
        byte[] stored = new byte[SliceGeometry.StoredSectorBytes];
        new Random(9).NextBytes(stored);
        Hash256 leaf = SliceTree.Leaf(70, 3, stored);
        Assert.NotEqual(leaf, SliceTree.Leaf(71, 3, stored));
        Assert.NotEqual(leaf, SliceTree.Leaf(70, 4, stored));
        foreach (int place in new[] { 0, 11, 12, 27, 28, stored.Length - 1 })
        {
            stored[place] ^= 1;
            Assert.NotEqual(leaf, SliceTree.Leaf(70, 3, stored));
            stored[place] ^= 1;
        }

        byte[] input = [0, 70, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, .. stored];
        Assert.Equal(Hash256.FromBytes(SHA256.HashData(input)), leaf);
    }

    [Fact]
    public void The_state_survives_writing_and_reading()
    {
        SliceTree tree = RandomTree(new Random(10));
        byte[] state = new byte[SliceTree.StateBytes];
        tree.WriteTo(state);
        SliceTree read = SliceTree.ReadFrom(state);
        Assert.Equal(tree.Root, read.Root);
        Assert.Equal(tree.Touched, read.Touched);

        new SliceTree().WriteTo(state);
        Assert.Equal(SliceTree.UntouchedRoot, SliceTree.ReadFrom(state).Root);
    }

    [Fact]
    public void A_state_whose_map_and_leaves_contradict_each_other_is_refused()
    {
        SliceTree tree = RandomTree(new Random(11));
        byte[] state = new byte[SliceTree.StateBytes];
        tree.WriteTo(state);
        state[3] ^= 1;
        Assert.Throws<InvalidDataException>(() => SliceTree.ReadFrom(state));
        Assert.False(SliceTree.TryReadFrom(state.AsSpan(1), out _));
    }

    private static byte[] Proof(SliceTree tree, int first, int count)
    {
        var writer = new ArrayBufferWriter<byte>();
        tree.WriteProof(first, count, writer);
        return writer.WrittenSpan.ToArray();
    }

    private static SliceTree RandomTree(Random random)
    {
        var tree = new SliceTree();
        for (int sector = 0; sector < 64; sector++)
        {
            if (random.Next(2) == 0)
            {
                tree.Set(sector, RandomHash(random));
            }
        }

        return tree;
    }

    private static Hash256 RandomHash(Random random)
    {
        byte[] bytes = new byte[32];
        random.NextBytes(bytes);
        return Hash256.FromBytes(bytes);
    }

    private static Hash256 RootByDefinition(ulong touched, Hash256[] leaves)
    {
        byte[] map = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(map, touched);
        byte[][] row = leaves.Select(Bytes).ToArray();
        while (row.Length > 1)
        {
            row = row.Chunk(2).Select(pair => SHA256.HashData([1, .. pair[0], .. pair[1]])).ToArray();
        }

        return Hash256.FromBytes(SHA256.HashData([2, .. map, .. row[0]]));
    }

    private static byte[] Bytes(Hash256 hash)
    {
        byte[] bytes = new byte[32];
        hash.CopyTo(bytes);
        return bytes;
    }
}
