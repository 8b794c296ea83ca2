using System.Buffers;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Sdk.Core.Cryptography;
using Sdk.Storage.Disk;

namespace Sdk.Benchmarks;

/// <summary>
/// A write to a slice as a member pays for it: the leaves of its sectors, then the root. The baseline is SHA-256 over the same
/// stored bytes in one call.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
public class SliceTreeBenchmarks
{
    private readonly ArrayBufferWriter<byte> _proof = new(SliceTree.MaxProofBytes);
    private readonly SliceTree _tree = new();
    private readonly byte[] _digest = new byte[SHA256.HashSizeInBytes];
    private readonly Hash256[] _leaves = new Hash256[SliceGeometry.SectorsPerSlice];
    private byte[] _stored = [];
    private ulong _version;

    [Params(1, 16, 64)]
    public int Sectors { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _stored = RandomNumberGenerator.GetBytes(Sectors * SliceGeometry.StoredSectorBytes);
        for (int sector = 0; sector < SliceGeometry.SectorsPerSlice; sector++)
        {
            _leaves[sector] = Hash256.Sha256(RandomNumberGenerator.GetBytes(SliceGeometry.SectorBytes));
            _tree.Set(sector, _leaves[sector]);
        }

        _tree.WriteProof(0, Sectors, _proof);
    }

    [BenchmarkCategory("Write"), Benchmark(Baseline = true, Description = "SHA-256, one call")]
    public void RawHash() => SHA256.HashData(_stored, _digest);

    [BenchmarkCategory("Write"), Benchmark(Description = "Leaves")]
    public Hash256 HashLeaves()
    {
        Hash256 leaf = default;
        for (int sector = 0; sector < Sectors; sector++)
        {
            leaf = SliceTree.Leaf((ulong)sector, 1, Stored(sector));
        }

        return leaf;
    }

    [BenchmarkCategory("Write"), Benchmark(Description = "Leaves and root")]
    public Hash256 HashLeavesAndRoot()
    {
        _version++;
        for (int sector = 0; sector < Sectors; sector++)
        {
            _tree.Set(sector, SliceTree.Leaf((ulong)sector, _version, Stored(sector)));
        }

        return _tree.Root;
    }

    [BenchmarkCategory("Proof"), Benchmark(Description = "Write a range's proof")]
    public int WriteProof()
    {
        _proof.ResetWrittenCount();
        _tree.WriteProof(0, Sectors, _proof);
        return _proof.WrittenCount;
    }

    [BenchmarkCategory("Proof"), Benchmark(Description = "Verify a range")]
    public bool Verify() => SliceTree.TryVerifyRange(_tree.Root, 0, _tree.Leaves[..Sectors], _proof.WrittenSpan, out _);

    private ReadOnlySpan<byte> Stored(int sector) =>
        _stored.AsSpan(sector * SliceGeometry.StoredSectorBytes, SliceGeometry.StoredSectorBytes);
}
