using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Storage.Disk;

/// <summary>
/// The authenticated state of one slice: which of its 64 sectors have data, and a Merkle tree over the sectors as they are stored.
/// A member has no key, so leaves cover nonce, tag and ciphertext; it recomputes them before it acknowledges anything.
/// The map of touched sectors is hashed into the root, so that "never written" and "trimmed" cannot be forged either.
/// </summary>
/// <remarks>
/// leaf = SHA-256(0x00 ‖ sector address LE64 ‖ version LE64 ‖ nonce ‖ tag ‖ ciphertext), zeros where untouched;
/// node = SHA-256(0x01 ‖ left ‖ right); root = SHA-256(0x02 ‖ touched LE64 ‖ node 1). The distinct first bytes keep a leaf from passing
/// for a node (RFC 6962, section 2.1). Not thread-safe: asking for <see cref="Root"/> brings the tree up to date.
/// </remarks>
internal sealed class SliceTree
{
    /// <summary>Length of the state that <see cref="WriteTo"/> writes: the map and 64 leaves.</summary>
    public const int StateBytes = sizeof(ulong) + SliceGeometry.SectorsPerSlice * HashBytes;

    /// <summary>Longest proof of a contiguous range: the map, and a sibling at both ends on five of the six levels.</summary>
    public const int MaxProofBytes = sizeof(ulong) + 2 * (Levels - 1) * HashBytes;

    private const int HashBytes = 32;
    private const int Levels = 6;
    private const int FirstLeaf = SliceGeometry.SectorsPerSlice;
    private const int LeafHeaderBytes = 1 + 2 * sizeof(ulong);
    private const int NodeInputBytes = 1 + 2 * HashBytes;
    private const byte LeafTag = 0, NodeTag = 1, RootTag = 2;

    private static readonly Hash256[] UntouchedNodes = MakeUntouchedNodes();

    // A heap: node i stands over 2i and 2i + 1, the leaves are 64 to 127, node 1 is the top; place 0 keeps the root.
    private readonly Hash256[] _nodes;
    private ulong _touched;
    private ulong _staleLeaves;
    private bool _rootIsStale;

    /// <summary>A slice that nobody has written.</summary>
    public SliceTree() => _nodes = (Hash256[])UntouchedNodes.Clone();

    private SliceTree(SliceTree other)
    {
        _nodes = (Hash256[])other._nodes.Clone();
        (_touched, _staleLeaves, _rootIsStale) = (other._touched, other._staleLeaves, other._rootIsStale);
    }

    /// <summary>The root of a slice that nobody has written.</summary>
    public static Hash256 UntouchedRoot => UntouchedNodes[0];

    /// <summary>Bit i is set while sector i has data.</summary>
    public ulong Touched => _touched;

    /// <summary>The root over map and leaves; only what changed since it was last asked for is hashed again.</summary>
    public Hash256 Root
    {
        get
        {
            BringUpToDate();
            return _nodes[0];
        }
    }

    /// <summary>The 64 leaves, zeros where untouched.</summary>
    public ReadOnlySpan<Hash256> Leaves => _nodes.AsSpan(FirstLeaf);

    /// <summary>The leaf of one sector, zeros where untouched.</summary>
    public Hash256 this[int sector] => Leaves[sector];

    /// <summary>An independent copy.</summary>
    public SliceTree Clone() => new(this);

    /// <summary>Records that <paramref name="sector"/> has the data that <paramref name="leaf"/> covers.</summary>
    public void Set(int sector, in Hash256 leaf)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sector, (uint)SliceGeometry.SectorsPerSlice, nameof(sector));
        if (leaf == default)
        {
            throw new ArgumentException("A leaf of zeros means that there is no data.", nameof(leaf));
        }

        Replace(sector, in leaf, _touched | (1UL << sector));
    }

    /// <summary>Records that <paramref name="sector"/> has no data; it reads as zeros.</summary>
    public void Trim(int sector)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sector, (uint)SliceGeometry.SectorsPerSlice, nameof(sector));
        Replace(sector, default, _touched & ~(1UL << sector));
    }

    /// <summary>The leaf of a stored sector.</summary>
    /// <param name="sectorAddress">The sector's place in the group's span: slice × 64 + sector.</param>
    /// <param name="version">The version of the write that brought it.</param>
    /// <param name="storedSector">Nonce ‖ tag ‖ ciphertext, 4124 bytes.</param>
    public static Hash256 Leaf(ulong sectorAddress, ulong version, ReadOnlySpan<byte> storedSector)
    {
        if (storedSector.Length != SliceGeometry.StoredSectorBytes)
        {
            throw new ArgumentException("A stored sector has 4124 bytes.", nameof(storedSector));
        }

        // One call over a copy costs less than an incremental hash: the copy is 2 % of the hashing.
        Span<byte> input = stackalloc byte[LeafHeaderBytes + SliceGeometry.StoredSectorBytes];
        input[0] = LeafTag;
        BinaryPrimitives.WriteUInt64LittleEndian(input[1..], sectorAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(input[(1 + sizeof(ulong))..], version);
        storedSector.CopyTo(input[LeafHeaderBytes..]);
        return Hash(input);
    }

    /// <summary>
    /// Writes what shows that a contiguous range of leaves belongs to <see cref="Root"/>: the map (LE64), then, from the leaves upwards,
    /// the node left of the range and the node right of it wherever their parent needs them.
    /// </summary>
    public void WriteProof(int first, int count, IBufferWriter<byte> writer)
    {
        CheckRange(first, count);
        BringUpToDate();
        Span<byte> proof = writer.GetSpan(MaxProofBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(proof, _touched);
        int written = sizeof(ulong);
        (int low, int high) = (FirstLeaf + first, FirstLeaf + first + count - 1);
        for (; low > 1; low >>= 1, high >>= 1)
        {
            if (int.IsOddInteger(low))
            {
                _nodes[low - 1].CopyTo(proof[written..]);
                written += HashBytes;
            }

            if (int.IsEvenInteger(high))
            {
                _nodes[high + 1].CopyTo(proof[written..]);
                written += HashBytes;
            }
        }

        writer.Advance(written);
    }

    /// <summary>Checks a range of leaves against a trusted root. Everything but the root may come from a liar.</summary>
    /// <param name="root">The root that is trusted.</param>
    /// <param name="first">The first sector of the range.</param>
    /// <param name="leaves">The leaves of the range, zeros where a sector is claimed to have no data.</param>
    /// <param name="proof">What <see cref="WriteProof"/> wrote for exactly this range.</param>
    /// <param name="touched">The authenticated map of the whole slice; 0 when false is returned.</param>
    public static bool TryVerifyRange(
        in Hash256 root, int first, ReadOnlySpan<Hash256> leaves, ReadOnlySpan<byte> proof, out ulong touched)
    {
        CheckRange(first, leaves.Length);
        touched = 0;
        if (proof.Length < sizeof(ulong))
        {
            return false;
        }

        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(proof);
        if (!MapAgrees(claimed >> first, leaves)
            || !TryFoldRange(first, leaves, proof[sizeof(ulong)..], out Hash256 top)
            || RootOf(claimed, in top) != root)
        {
            return false;
        }

        touched = claimed;
        return true;
    }

    /// <summary>Writes the map (LE64) and the 64 leaves: <see cref="StateBytes"/> bytes.</summary>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, _touched);
        for (int sector = 0; sector < SliceGeometry.SectorsPerSlice; sector++)
        {
            Leaves[sector].CopyTo(destination[(sizeof(ulong) + sector * HashBytes)..]);
        }
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote; false if the length is wrong or map and leaves contradict each other.</summary>
    public static bool TryReadFrom(ReadOnlySpan<byte> state, [NotNullWhen(true)] out SliceTree? tree)
    {
        tree = null;
        if (state.Length != StateBytes)
        {
            return false;
        }

        var read = new SliceTree { _touched = BinaryPrimitives.ReadUInt64LittleEndian(state) };
        for (int sector = 0; sector < SliceGeometry.SectorsPerSlice; sector++)
        {
            read._nodes[FirstLeaf + sector] =
                Hash256.FromBytes(state.Slice(sizeof(ulong) + sector * HashBytes, HashBytes));
        }

        if (!MapAgrees(read._touched, read.Leaves))
        {
            return false;
        }

        read._staleLeaves = read._touched;
        read._rootIsStale = read._touched != 0;
        tree = read;
        return true;
    }

    /// <inheritdoc cref="TryReadFrom"/>
    /// <exception cref="InvalidDataException">The length is wrong, or map and leaves contradict each other.</exception>
    public static SliceTree ReadFrom(ReadOnlySpan<byte> state) =>
        TryReadFrom(state, out SliceTree? tree) ? tree : throw new InvalidDataException("The state of a slice is malformed.");

    private void Replace(int sector, in Hash256 leaf, ulong touched)
    {
        if (_nodes[FirstLeaf + sector] == leaf && _touched == touched)
        {
            return;
        }

        _nodes[FirstLeaf + sector] = leaf;
        _touched = touched;
        _staleLeaves |= 1UL << sector;
        _rootIsStale = true;
    }

    private void BringUpToDate()
    {
        ulong stale = _staleLeaves;
        for (int firstParent = FirstLeaf >> 1; stale != 0 && firstParent > 0; firstParent >>= 1)
        {
            ulong staleParents = 0;
            for (; stale != 0; stale &= stale - 1)
            {
                staleParents |= 1UL << (BitOperations.TrailingZeroCount(stale) >> 1);
            }

            for (ulong rest = staleParents; rest != 0; rest &= rest - 1)
            {
                int node = firstParent + BitOperations.TrailingZeroCount(rest);
                _nodes[node] = NodeOf(in _nodes[2 * node], in _nodes[2 * node + 1]);
            }

            stale = staleParents;
        }

        _staleLeaves = 0;
        if (_rootIsStale)
        {
            _nodes[0] = RootOf(_touched, in _nodes[1]);
            _rootIsStale = false;
        }
    }

    /// <summary>A sector has a leaf exactly when the map says that it has data.</summary>
    private static bool MapAgrees(ulong map, ReadOnlySpan<Hash256> leaves)
    {
        foreach (ref readonly Hash256 leaf in leaves)
        {
            if ((leaf != default) != ((map & 1) != 0))
            {
                return false;
            }

            map >>= 1;
        }

        return true;
    }

    /// <summary>Folds a range of leaves to the top with the siblings given, which must be used up exactly.</summary>
    private static bool TryFoldRange(int first, ReadOnlySpan<Hash256> leaves, ReadOnlySpan<byte> siblings, out Hash256 top)
    {
        top = default;
        // The range and one sibling on either side.
        Span<Hash256> row = stackalloc Hash256[SliceGeometry.SectorsPerSlice + 2];
        leaves.CopyTo(row[1..]);
        int count = leaves.Length;
        (int low, int high) = (FirstLeaf + first, FirstLeaf + first + count - 1);
        for (; low > 1; low >>= 1, high >>= 1)
        {
            int start = 1;
            if (int.IsOddInteger(low) && !TryTake(ref siblings, out row[--start]))
            {
                return false;
            }

            if (int.IsEvenInteger(high) && !TryTake(ref siblings, out row[++count]))
            {
                return false;
            }

            int pairs = (count + 1 - start) / 2;
            for (int pair = 0; pair < pairs; pair++)
            {
                row[1 + pair] = NodeOf(in row[start + 2 * pair], in row[start + 2 * pair + 1]);
            }

            count = pairs;
        }

        top = row[1];
        return siblings.IsEmpty;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> siblings, out Hash256 sibling)
    {
        sibling = default;
        if (siblings.Length < HashBytes)
        {
            return false;
        }

        sibling = Hash256.FromBytes(siblings[..HashBytes]);
        siblings = siblings[HashBytes..];
        return true;
    }

    private static Hash256 NodeOf(in Hash256 left, in Hash256 right)
    {
        Span<byte> input = stackalloc byte[NodeInputBytes];
        input[0] = NodeTag;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + HashBytes)..]);
        return Hash(input);
    }

    private static Hash256 RootOf(ulong touched, in Hash256 top)
    {
        Span<byte> input = stackalloc byte[1 + sizeof(ulong) + HashBytes];
        input[0] = RootTag;
        BinaryPrimitives.WriteUInt64LittleEndian(input[1..], touched);
        top.CopyTo(input[(1 + sizeof(ulong))..]);
        return Hash(input);
    }

    private static Hash256 Hash(ReadOnlySpan<byte> input)
    {
        Span<byte> digest = stackalloc byte[HashBytes];
        SHA256.HashData(input, digest);
        return Hash256.FromBytes(digest);
    }

    private static Hash256[] MakeUntouchedNodes()
    {
        var nodes = new Hash256[2 * SliceGeometry.SectorsPerSlice];
        for (int node = FirstLeaf - 1; node > 0; node--)
        {
            nodes[node] = NodeOf(in nodes[2 * node], in nodes[2 * node + 1]);
        }

        nodes[0] = RootOf(0, in nodes[1]);
        return nodes;
    }

    private static void CheckRange(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, SliceGeometry.SectorsPerSlice - first);
    }
}
