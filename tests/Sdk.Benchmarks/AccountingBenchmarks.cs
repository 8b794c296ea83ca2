using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Sdk.Core.Cryptography;
using Sdk.Core.Payments;
using Sdk.Core.Persistence;

namespace Sdk.Benchmarks;

/// <summary>
/// A service is reserved and applied, for 200 peers in turn; a commit, with its sync on a real file, follows every 1 000 pairs and shares
/// its cost among them. The baseline is one SHA-256 of 64 bytes.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
public class AccountingBenchmarks
{
    private const int Peers = 200;
    private const int PairsPerCommit = 1_000;

    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly byte[] _data = new byte[64];
    private readonly byte[] _hash = new byte[32];
    private readonly List<PeerSheet> _sheets = [];
    private string _folder = null!;
    private Accounting _books = null!;
    private long _pairs;

    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("sdk-accounting").FullName;
        var parameters = new AccountingParameters(new ChequeDomain(1, default), default);
        _books = Accounting.Open(parameters, BlockFile.Open(Path.Combine(_folder, "log")), BlockFile.Open(Path.Combine(_folder, "snapshot")));
        for (int i = 1; i <= Peers; i++)
        {
            PeerSheet sheet = _books.OpenPeer(AccountAddress.FromBytes([.. new byte[18], (byte)(i >> 8), (byte)i]), Now)!;
            _books.Lend(sheet, new PeerTerms(UInt128.One << 80, 1_000), Now);
            _sheets.Add(sheet);
        }

        _books.Commit();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _books.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [BenchmarkCategory("Pair"), Benchmark(Baseline = true, Description = "SHA-256 of 64 bytes")]
    public int Hash() => SHA256.HashData(_data, _hash);

    [BenchmarkCategory("Pair"), Benchmark(Description = "Reserve and apply, not committed")]
    public void Pair() => NextPair();

    [BenchmarkCategory("Pair"), Benchmark(Description = "Reserve and apply, committed by the thousand")]
    public void JournalledPair()
    {
        NextPair();
        if (_pairs % PairsPerCommit == 0)
        {
            _books.Commit();
        }
    }

    private void NextPair()
    {
        DateTimeOffset now = Now.AddTicks(_pairs * 50);
        PeerSheet sheet = _sheets[(int)(_pairs++ % Peers)];
        if (_books.ReserveEarning(sheet, 100, now, out Reservation reservation) != ReserveResult.Reserved)
        {
            throw new InvalidOperationException("The benchmark has run out of credit.");
        }

        _books.Apply(reservation, now);
    }
}
