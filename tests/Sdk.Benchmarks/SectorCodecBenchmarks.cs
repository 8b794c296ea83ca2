using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Sdk.Storage.Disk;

namespace Sdk.Benchmarks;

/// <summary>
/// Sealing and opening sectors. The baseline is what <see cref="AesGcm"/> itself takes in the same run for the same bytes with one tag
/// per sector, without associated data, random nonces or keys to look up. One call over all the bytes, with one tag, is shown
/// beside it: that is the price of sectors that can be read alone.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
public class SectorCodecBenchmarks : IDisposable
{
    private static readonly SliceOrigin Origin = new(new DiskId(1), 0, 0);

    private readonly DiskKeys _keys = DiskKeys.Derive(new byte[32], Origin.Disk);
    private readonly AesGcm _raw = new(new byte[32], SliceGeometry.TagBytes);
    private readonly byte[] _nonce = new byte[SliceGeometry.NonceBytes];
    private readonly byte[] _tag = new byte[SliceGeometry.TagBytes];
    private readonly byte[] _tags = new byte[SliceGeometry.SectorsPerSlice * SliceGeometry.TagBytes];
    private readonly byte[]?[] _sectors = new byte[]?[SliceGeometry.SectorsPerSlice];
    private SectorCodec _codec = null!;
    private ulong _mask;
    private ulong[] _versions = [];
    private byte[] _plaintext = [];
    private byte[] _opened = [];
    private byte[] _sealedAtOnce = [];
    private byte[] _sealedBySector = [];
    private byte[] _stored = [];

    [Params(4, 64, 256)]
    public int BatchKiB { get; set; }

    private int SectorCount => BatchKiB * 1024 / SliceGeometry.SectorBytes;

    [GlobalSetup]
    public void Setup()
    {
        _codec = new SectorCodec(_keys);
        _mask = SliceGeometry.Mask(0, SectorCount);
        _versions = new ulong[SectorCount];
        _plaintext = RandomNumberGenerator.GetBytes(BatchKiB * 1024);
        _opened = new byte[_plaintext.Length];
        _sealedAtOnce = new byte[_plaintext.Length];
        _sealedBySector = new byte[_plaintext.Length];
        _stored = new byte[SectorCount * SliceGeometry.StoredSectorBytes];
        for (int sector = 0; sector < SectorCount; sector++)
        {
            _sectors[sector] = Sector(_plaintext, sector).ToArray();
        }

        Seal();
        RawEncryptAtOnce();
        RawEncryptBySector();
    }

    [BenchmarkCategory("Seal"), Benchmark(Baseline = true, Description = "AesGcm, by sector")]
    public void RawEncryptBySector()
    {
        for (int sector = 0; sector < SectorCount; sector++)
        {
            _raw.Encrypt(_nonce, Sector(_plaintext, sector), Sector(_sealedBySector, sector), Tag(sector));
        }
    }

    [BenchmarkCategory("Seal"), Benchmark(Description = "SectorCodec.Seal")]
    public void Seal() => _codec.Seal(Origin, 0, _mask, _sectors, _stored);

    [BenchmarkCategory("Seal"), Benchmark(Description = "AesGcm, one call")]
    public void RawEncryptAtOnce() => _raw.Encrypt(_nonce, _plaintext, _sealedAtOnce, _tag);

    [BenchmarkCategory("Open"), Benchmark(Baseline = true, Description = "AesGcm, by sector")]
    public void RawDecryptBySector()
    {
        for (int sector = 0; sector < SectorCount; sector++)
        {
            _raw.Decrypt(_nonce, Sector(_sealedBySector, sector), Tag(sector), Sector(_opened, sector));
        }
    }

    [BenchmarkCategory("Open"), Benchmark(Description = "SectorCodec.Open")]
    public void Open() => _codec.Open(Origin, 0, _mask, _versions, _stored, _opened);

    [BenchmarkCategory("Open"), Benchmark(Description = "AesGcm, one call")]
    public void RawDecryptAtOnce() => _raw.Decrypt(_nonce, _sealedAtOnce, _tag, _opened);

    [GlobalCleanup]
    public void Dispose()
    {
        _codec.Dispose();
        _keys.Dispose();
        _raw.Dispose();
        GC.SuppressFinalize(this);
    }

    private static Span<byte> Sector(byte[] bytes, int sector) =>
        bytes.AsSpan(sector * SliceGeometry.SectorBytes, SliceGeometry.SectorBytes);

    private Span<byte> Tag(int sector) => _tags.AsSpan(sector * SliceGeometry.TagBytes, SliceGeometry.TagBytes);
}
