using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Persistence;

namespace Sdk.Benchmarks;

/// <summary>
/// Operations that were signed elsewhere, submitted by many at once to an embedded ledger on a real disk: each one's signature is
/// recovered, its module run, its block synced. The baseline recovers the same signatures and does nothing else.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, iterationCount: 8, warmupCount: 2, invocationCount: 1)]
public class EmbeddedLedgerBenchmarks
{
    private const int Operations = 8192;
    private const int Accounts = 64;

    private readonly KeyPair[] _accounts = [.. Enumerable.Range(0, Accounts).Select(_ => KeyPair.GenerateTestOnly())];
    private readonly ReadOnlyMemory<byte>[] _signed = new ReadOnlyMemory<byte>[Operations];
    private DirectoryInfo _place = null!;
    private DataDirectory _directory = null!;
    private EmbeddedLedger _ledger = null!;
    private ulong _round;

    [GlobalSetup]
    public void Setup()
    {
        _place = Directory.CreateTempSubdirectory("sdk-ledger-");
        _directory = DataDirectory.Open(_place.FullName);
        _ledger = EmbeddedLedger.Open(new EmbeddedLedgerOptions { Modules = { new CounterModule() } }, _directory);
    }

    [IterationSetup]
    public void Sign()
    {
        LedgerCall call = new(_ledger.Deployment[CounterModule.ModuleName], new AbiWriter().Add(1).ToCall(CounterModule.Count));
        ulong first = _round++ * (Operations / Accounts);
        Parallel.For(0, Accounts, account =>
        {
            for (int i = 0; i < Operations / Accounts; i++)
            {
                _signed[(i * Accounts) + account] = LedgerOperation.Sign(call, first + (ulong)i, _ledger.ChainId, _accounts[account]).Encoded;
            }
        });
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "Recover the senders, on all cores")]
    public void Recover() => Parallel.ForEach(_signed, signed => LedgerOperation.Read(signed, _ledger.ChainId));

    [Benchmark(OperationsPerInvoke = Operations, Description = "Durable operations")]
    public async Task Submit() => await Parallel.ForEachAsync(
        Enumerable.Range(0, Accounts),
        new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
        async (account, _) => await Task.WhenAll(
            Enumerable.Range(0, Operations / Accounts).Select(i => _ledger.SubmitSignedAsync(_signed[(i * Accounts) + account]).AsTask())));

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _ledger.DisposeAsync();
        _directory.Dispose();
        _place.Delete(recursive: true);
    }

    /// <summary>What a transfer costs at least: one number read and written, one event.</summary>
    private sealed class CounterModule : ContractModule
    {
        public const string ModuleName = "Counter";
        public static readonly AbiFunction Count = new("count(uint256)");
        private static readonly AbiEvent Counted = new("Counted(address indexed,uint256)");
        private ModuleMap<AccountAddress, TokenAmount> _counts = null!;

        public CounterModule()
            : base(ModuleName) => Function(Count, OnCount);

        protected override void DeclareState() => _counts = Map("counts", StateCodec.Address, StateCodec.Amount);

        private void OnCount(ModuleFrame frame, ref AbiReader arguments, AbiWriter results)
        {
            _counts[frame.Sender] += arguments.ReadAmount();
            frame.Emit(Counted, [Topic(frame.Sender)], new AbiWriter().Add(_counts[frame.Sender]));
        }
    }
}
