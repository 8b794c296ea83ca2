using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;
using Sdk.Core.Ledger.Modules.HashLocks;
using Sdk.Core.Payments;
using Sdk.Core.Payments.Transfers;
using Sdk.Simulation.Scheduling;

namespace Sdk.Simulation.Transfer;

/// <summary>
/// A ledger whose contract is the real module of hash locks, run by the real machine: with block times, a mempool that everybody reads, delays,
/// a clock of its own, and reorganisations, after which everything is run again from the beginning.
/// </summary>
internal sealed class SimLedger
{
    public static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SimWorld _sim;
    private readonly SimRandom _random;
    private readonly IReadOnlyDictionary<AccountAddress, TokenAmount> _coins;
    private readonly List<SimBlock> _blocks = [];
    private readonly List<SimOperation> _mempool = [];
    private readonly Dictionary<(AccountAddress, OperationKind, Hash256), TimeSpan> _firstSubmitted = [];
    private EmbeddedMachine _machine = null!;
    private int _hashes;
    private int _operations;
    private ulong _final;

    public SimLedger(SimWorld sim, TransferSide side, SimLedgerShape shape, IReadOnlyDictionary<AccountAddress, TokenAmount> coins)
    {
        (_sim, Side, Shape, _coins) = (sim, side, shape, coins);
        _random = sim.Random($"ledger {side}");
        ChainId = 100 + (ulong)side;
        Restart();
        _blocks.Add(new SimBlock(0, BlockTime(0), [], [], DrawHash()));
    }

    public TransferSide Side { get; }

    public SimLedgerShape Shape { get; }

    public ulong ChainId { get; }

    public static AccountAddress Contract { get; } = AccountAddress.Parse("0x00000000000000000000000000000000000000c1");

    public LedgerHead Head => new(_blocks[^1].Number, _blocks[^1].Hash, DateTimeOffset.FromUnixTimeSeconds((long)_blocks[^1].Timestamp), _final);

    /// <summary>The ledger's clock.</summary>
    public DateTimeOffset Clock => Epoch + _sim.Scheduler.Now + Shape.ClockOffset;

    /// <summary>What waits for a block: everybody sees it.</summary>
    public IReadOnlyList<SimOperation> Mempool => _mempool;

    public int Reorganizations { get; private set; }

    public TokenAmount BalanceOf(AccountAddress account) => _machine.BalanceOf(account);

    public IEnumerable<LedgerEvent> Events(LedgerEventFilter filter) => _blocks.Skip((int)filter.FromBlock).SelectMany(block => block.Events).Where(filter.Takes);

    public bool IsLocked(HashLockTerms terms)
    {
        byte[] call = new AbiWriter().Add(terms.Id(ChainId, Contract)).ToCall(HashLocksAbi.IsLocked);
        MachineResult result = _machine.Look(new BlockContext(Head.Number, _blocks[^1].Timestamp, _ => default), default, new LedgerCall(Contract, call));
        return new AbiReader(result.Returned).ReadBool();
    }

    public void Start()
    {
        if (!Shape.IsInstant)
        {
            ScheduleBlock();
        }
    }

    /// <summary>Takes an operation. Honest ones wait as long as the ledger may let them, dishonest ones as they like.</summary>
    public void Submit(SimOperation operation)
    {
        TimeSpan now = _sim.Scheduler.Now;
        operation.Number = ++_operations;
        _sim.Operations++;
        _sim.Trace.Record("submit", (int)Side, (int)operation.Kind, operation.Number, operation.IsHonest ? 1 : 0);
        Hash256 id = operation.Terms.Id(ChainId, Contract);
        _ = _firstSubmitted.TryAdd((operation.Sender, operation.Kind, id), now);
        operation.DueBy = _firstSubmitted[(operation.Sender, operation.Kind, id)] + Shape.Timing.Inclusion + Shape.Timing.Reorganization;
        TimeSpan wait = !operation.IsHonest ? TimeSpan.Zero : _random.Percent(30) ? Shape.WaitMax : _random.Between(TimeSpan.Zero, Shape.WaitMax);
        operation.EligibleAt = Earlier(now + wait, operation.DueBy - Shape.BlockMax - Shape.BlockMax);
        _mempool.Add(operation);
        if (Shape.IsInstant)
        {
            _sim.Scheduler.Schedule(operation.EligibleAt - now, ProduceBlock);
        }
    }

    private void ScheduleBlock() => _sim.Scheduler.Schedule(_random.Between(Shape.BlockMin, Shape.BlockMax), () =>
    {
        if (_random.Percent(Shape.ReorganizationPercent) && Head.Number > _final)
        {
            Reorganize(_random.Between(1, (int)(Head.Number - _final)));
        }

        ProduceBlock();
        ScheduleBlock();
    });

    private void ProduceBlock()
    {
        SimOperation[] taken = [.. _mempool.Where(operation => operation.EligibleAt <= _sim.Scheduler.Now)];
        if (taken.Length == 0 && Shape.IsInstant)
        {
            return;
        }

        _random.Shuffle(taken.AsSpan());
        _mempool.RemoveAll(taken.Contains);
        Append(BlockTime(_blocks[^1].Timestamp), taken);
        Finalize(Head.Number);
    }

    /// <summary>Another branch becomes the chain, a block longer. What the old one had is in it, waits again, or is gone.</summary>
    private void Reorganize(int depth)
    {
        Reorganizations++;
        _sim.Trace.Record("reorganize", (int)Side, depth, (long)Head.Number);
        SimOperation[] back = [.. _blocks[^depth..].SelectMany(block => block.Operations)];
        _blocks.RemoveRange(_blocks.Count - depth, depth);
        var branch = new List<SimOperation>[depth + 1];
        for (int i = 0; i < branch.Length; i++)
        {
            branch[i] = [];
        }

        foreach (SimOperation operation in back)
        {
            Rescue(operation, branch);
        }

        List<SimBlock> kept = [.. _blocks];
        _blocks.Clear();
        Restart();
        foreach (SimBlock block in kept)
        {
            Replay(block);
        }

        ulong last = BlockTime(_blocks[^1].Timestamp);
        for (int i = 0; i < branch.Length; i++)
        {
            ulong first = _blocks[^1].Timestamp;
            Append(i == branch.Length - 1 ? last : first + (ulong)_random.Next((int)(last - first) + 1), branch[i]);
        }

        Finalize(Head.Number);
    }

    private void Rescue(SimOperation operation, List<SimOperation>[] branch)
    {
        TimeSpan now = _sim.Scheduler.Now;
        TimeSpan late = operation.DueBy - (4 * Shape.BlockMax) - TimeSpan.FromSeconds(8);
        int fate = _random.Next(100);
        if (!operation.IsHonest)
        {
            // Whoever cheats has spent the coins elsewhere in the new branch, at times.
            if (fate < 30)
            {
                branch[_random.Next(branch.Length)].Add(operation);
            }
            else if (fate < 60)
            {
                _mempool.Add(operation);
            }

            return;
        }

        if (now >= late)
        {
            branch[0].Add(operation);
        }
        else if (fate < 50)
        {
            branch[_random.Next(branch.Length)].Add(operation);
        }
        else if (fate < 85)
        {
            operation.EligibleAt = _random.Between(now, late);
            _mempool.Add(operation);
        }
        else
        {
            _sim.Trace.Record("dropped", (int)Side, operation.Number);
        }
    }

    private void Finalize(ulong head)
    {
        ulong depth = (ulong)Shape.Depth;
        _final = Math.Max(_final, head > depth ? head - depth : 0);
    }

    private void Append(ulong timestamp, IReadOnlyList<SimOperation> operations)
    {
        var block = new SimBlock(_blocks[^1].Number + 1, timestamp, [.. operations], [], DrawHash());
        List<(SimOperation Operation, bool Done)> results = Replay(block);
        _sim.Trace.Record("block", (int)Side, (long)block.Number, (long)timestamp, operations.Count);
        foreach ((SimOperation operation, bool done) in results)
        {
            _sim.Trace.Record("included", (int)Side, operation.Number, done ? 1 : 0);
            Action<bool, ulong>? included = operation.Included;
            operation.Included = null;
            if (included is not null)
            {
                _sim.Scheduler.Schedule(TimeSpan.Zero, () => included(done, block.Number));
            }
        }
    }

    private List<(SimOperation Operation, bool Done)> Replay(SimBlock block)
    {
        var results = new List<(SimOperation, bool)>();
        var context = new BlockContext(block.Number, block.Timestamp, _ => default);
        block.Events.Clear();
        foreach (SimOperation operation in block.Operations)
        {
            MachineResult result = _machine.Apply(context, operation.Sender, operation.CallOf(Contract));
            results.Add((operation, result.IsDone));
            foreach ((AccountAddress contract, Hash256[] topics, byte[] data) in result.Events)
            {
                block.Events.Add(new LedgerEvent(contract, topics, data, block.Number, block.Hash, default, block.Events.Count));
            }
        }

        _blocks.Add(block);
        return results;
    }

    private void Restart()
    {
        _machine = new EmbeddedMachine(ChainId);
        var module = new HashLocksModule();
        _machine.Attach(module, Contract);
        _ = _machine.Construct(module, default, new BlockContext(0, 0, _ => default));
        foreach ((AccountAddress account, TokenAmount coins) in _coins)
        {
            _machine.Mint(account, coins);
        }
    }

    private ulong BlockTime(ulong parent) => Math.Max(parent, (ulong)Clock.ToUnixTimeSeconds());

    private Hash256 DrawHash() => Hash256.Sha256(BitConverter.GetBytes(++_hashes), BitConverter.GetBytes(ChainId));

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private sealed record SimBlock(ulong Number, ulong Timestamp, List<SimOperation> Operations, List<LedgerEvent> Events, Hash256 Hash);
}
