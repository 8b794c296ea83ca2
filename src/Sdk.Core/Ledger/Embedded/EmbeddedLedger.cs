using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sdk.Core.Cryptography;
using Sdk.Core.Persistence;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// A ledger in the process: contract modules in C#, a block whenever there is work, each durable before anybody hears of it. It is a
/// sequencer that its users trust, for one's own programs on one machine; strangers share an Ethereum chain instead.
/// </summary>
/// <remarks>
/// Thread-safe. Operations that wait at the same time share a block and one write to the disk. Where a block cannot be made durable the
/// ledger stops: every later call throws <see cref="LedgerFailure.Stopped"/> until it is opened again.
/// </remarks>
public sealed partial class EmbeddedLedger : ILedger
{
    internal const string LogFileName = "ledger.log";
    internal const string SnapshotFileName = "ledger.snapshot";

    private readonly EmbeddedLedgerOptions _options;
    private readonly LedgerStore _store;
    private readonly EmbeddedChain _chain;
    private readonly EventHistory _history;
    private readonly ContractCatalog _catalog = new();
    private readonly ILogger _logger;

    // Held while the chain is looked at or changed: what is not durable yet is not seen.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Channel<PendingOperation> _queue;
    private readonly Task _sequencer;
    private volatile Exception? _failure;
    private int _isDisposed;

    private EmbeddedLedger(EmbeddedLedgerOptions options, LedgerStore store, EmbeddedChain chain, EventHistory history)
    {
        (_options, _store, _chain, _history) = (options, store, chain, history);
        _logger = options.LoggerFactory.CreateLogger<EmbeddedLedger>();
        Deployment = new LedgerDeployment(chain.Machine.Modules.Select(module => KeyValuePair.Create(module.Name, module.Address)));
        _queue = Channel.CreateBounded<PendingOperation>(new BoundedChannelOptions(options.QueueMax) { SingleReader = true });
        _sequencer = Task.Run(SequenceAsync);
    }

    /// <inheritdoc/>
    public ulong ChainId => _chain.ChainId;

    /// <inheritdoc/>
    public LedgerDeployment Deployment { get; }

    /// <summary>Opens a ledger that lives as long as the process.</summary>
    public static EmbeddedLedger OpenInMemory(EmbeddedLedgerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Begin(options, LedgerStore.None, []);
    }

    /// <summary>Opens the ledger of a data directory, or begins one.</summary>
    /// <exception cref="LedgerException">It has another chain id, or a contract that no module runs.</exception>
    /// <exception cref="LogCorruptException">What had been durable is damaged.</exception>
    /// <exception cref="SnapshotCorruptException">What had been durable is damaged.</exception>
    public static EmbeddedLedger Open(EmbeddedLedgerOptions options, DataDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(directory);
        options.Validate();
        var log = directory.OpenFile(LogFileName, WriteAheadLog.FileBytes(options.LogBytes));
        try
        {
            return Open(options, log, directory.OpenFile(SnapshotFileName));
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    internal static EmbeddedLedger Open(EmbeddedLedgerOptions options, IBlockFile logFile, IBlockFile snapshotFile)
    {
        options.Validate();
        var store = LedgerStore.Open(logFile, snapshotFile, options, out var records);
        try
        {
            return Begin(options, store, records);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public T Module<T>()
        where T : IContract<T> => _catalog.Bind<T>(this);

    /// <inheritdoc/>
    public async ValueTask<byte[]> QueryAsync(
        LedgerCall call, AccountAddress caller = default, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default)
    {
        var result = await LookAsync(chain => chain.Machine.Look(chain.Next(Now()), caller, call), cancellationToken).ConfigureAwait(false);
        return result.IsDone ? result.Returned : throw _catalog.Revert(result.Returned);
    }

    /// <inheritdoc/>
    public ValueTask<TokenAmount> BalanceAsync(AccountAddress account, LedgerView view = LedgerView.Latest, CancellationToken cancellationToken = default) =>
        LookAsync(chain => chain.Machine.BalanceOf(account), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LedgerHead> HeadAsync(CancellationToken cancellationToken = default) => LookAsync(
        static chain => new LedgerHead(chain.Number, chain.Hash, DateTimeOffset.FromUnixTimeSeconds((long)chain.Timestamp), chain.Number), cancellationToken);

    /// <summary>How many operations an account had: the nonce of its next one.</summary>
    public ValueTask<ulong> NonceAsync(AccountAddress account, CancellationToken cancellationToken = default) =>
        LookAsync(chain => chain.Machine.NonceOf(account), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<LedgerEvent> EventsAsync(LedgerEventFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ThrowIfStopped();
        return _history.FollowAsync(filter, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>What is durable here is final.</remarks>
    public ValueTask FinalAsync(LedgerReceipt receipt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for what was submitted, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        _queue.Writer.TryComplete();
        await _sequencer.ConfigureAwait(false);
        _history.Fail(new ObjectDisposedException(nameof(EmbeddedLedger)));
        _store.Dispose();
        _gate.Dispose();
    }

    /// <summary>The bytes of the whole state: equal for equal ledgers.</summary>
    internal ValueTask<byte[]> SnapshotAsync() => LookAsync(chain => ChainSnapshot.Write(chain, _history.Kept, _history.CompleteFrom), CancellationToken.None);

    private static EmbeddedLedger Begin(EmbeddedLedgerOptions options, LedgerStore store, List<byte[]> records)
    {
        EmbeddedChain chain;
        List<LedgerEvent> events = [];
        var completeFrom = 0UL;
        if (store.Snapshot is { } snapshot)
        {
            chain = ChainSnapshot.Read(snapshot.Span, [.. options.Modules], out events, out completeFrom);
            if (options.ChainId is { } wanted && wanted != chain.ChainId)
            {
                throw new LedgerException(LedgerFailure.WrongChain, $"The ledger's chain id is {chain.ChainId}, not {wanted}.");
            }
        }
        else if (records.Count > 0)
        {
            throw new LogCorruptException("The ledger's log has blocks, and the snapshot that they build on is missing.");
        }
        else
        {
            chain = new EmbeddedChain(options.ChainId ?? DrawChainId());
        }

        var history = new EventHistory(options.EventsKept, chain.Number, events, completeFrom);
        foreach (var record in records)
        {
            Replay(chain, history, record);
        }

        DeployWhatIsNew(options, chain, history, store);
        return new EmbeddedLedger(options, store, chain, history);
    }

    private static void Replay(EmbeddedChain chain, EventHistory history, byte[] record)
    {
        var (number, timestamp, operations) = BlockRecord.Read(record, chain.ChainId);
        if (number <= chain.Number)
        {
            // The crash came between the snapshot and the end of the log before it.
            return;
        }

        var block = number == chain.Number + 1 ? chain.Produce(timestamp, operations) : throw new LogCorruptException($"Block {chain.Number + 1} is missing in the ledger's log.");
        if (block.Timestamp != timestamp || block.Included.Count() != operations.Count)
        {
            throw new LogCorruptException($"Block {number} of the ledger's log does not come out as it did.");
        }

        history.Add(block.Number, block.Events);
    }

    // Constructors run once: what they made is kept in a snapshot, before any block can build on it.
    private static void DeployWhatIsNew(EmbeddedLedgerOptions options, EmbeddedChain chain, EventHistory history, LedgerStore store)
    {
        var fresh = options.Modules.Where(module => !chain.Machine.Modules.Contains(module)).Select(module => (module, options.AddressOf(module.Name))).ToList();
        var isGenesis = chain.Hashes.Count == 0;
        if (fresh.Count == 0 && !isGenesis)
        {
            return;
        }

        var now = (ulong)options.TimeProvider.GetUtcNow().ToUnixTimeSeconds();
        var block = chain.Deploy(now, fresh, isGenesis ? options.Coins : [], deployer: default);
        history.Add(block.Number, block.Events);
        store.Replace(ChainSnapshot.Write(chain, history.Kept, history.CompleteFrom));
    }

    private static ulong DrawChainId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong drawn;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            drawn = BinaryPrimitives.ReadUInt64LittleEndian(bytes) & long.MaxValue;
        }
        while (drawn == 0);
        return drawn;
    }

    private async ValueTask<T> LookAsync<T>(Func<EmbeddedChain, T> look, CancellationToken cancellationToken)
    {
        ThrowIfStopped();
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfStopped();
            return look(_chain);
        }
        finally
        {
            _gate.Release();
        }
    }

    private ulong Now() => (ulong)_options.TimeProvider.GetUtcNow().ToUnixTimeSeconds();

    private void ThrowIfStopped()
    {
        ObjectDisposedException.ThrowIf(_isDisposed == 1, this);
        if (_failure is { } failure)
        {
            throw Stopped(failure);
        }
    }

    private static LedgerException Stopped(Exception failure) =>
        new(LedgerFailure.Stopped, "The ledger stopped when it could not make a block durable; it must be opened again.", failure);
}
