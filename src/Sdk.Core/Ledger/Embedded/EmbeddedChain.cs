using System.Buffers.Binary;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// The blocks of an embedded ledger and the state after them, without disk, clock or lock: the same operations in the same blocks give
/// the same bytes, here, after a restart, and in a simulation.
/// </summary>
internal sealed class EmbeddedChain
{
    private const int HashInputBytes = Hash256.LengthBytes + (2 * sizeof(ulong));

    private readonly Queue<Hash256> _hashes = new();

    /// <summary>A chain before its first block.</summary>
    public EmbeddedChain(ulong chainId) => Machine = new EmbeddedMachine(chainId);

    public EmbeddedMachine Machine { get; }

    public ulong ChainId => Machine.ChainId;

    /// <summary>The newest block; there is none before genesis.</summary>
    public ulong Number { get; private set; }

    public Hash256 Hash { get; private set; }

    public ulong Timestamp { get; private set; }

    /// <summary>The hashes of the last blocks, the newest last.</summary>
    public IReadOnlyCollection<Hash256> Hashes => _hashes;

    private bool HasGenesis => _hashes.Count > 0;

    /// <summary>Makes a block in which coins come into being and modules are deployed.</summary>
    public EmbeddedBlock Deploy(
        ulong now, IEnumerable<(ContractModule Module, AccountAddress Address)> modules, IEnumerable<KeyValuePair<AccountAddress, TokenAmount>> coins, AccountAddress deployer)
    {
        var block = Next(now);
        var events = new List<LedgerEvent>();
        foreach (var (account, amount) in coins)
        {
            Machine.Mint(account, amount);
        }

        foreach (var (module, address) in modules)
        {
            Machine.Attach(module, address);
            Tell(events, block, default, Machine.Construct(module, deployer, block));
        }

        return Close(block, [], events);
    }

    /// <summary>Makes a block of operations whose signatures are good. One whose nonce is not the account's next is refused alone.</summary>
    public EmbeddedBlock Produce(ulong now, IReadOnlyList<LedgerOperation> operations)
    {
        var block = Next(now);
        var outcomes = new List<OperationOutcome>(operations.Count);
        var events = new List<LedgerEvent>();
        foreach (var operation in operations)
        {
            outcomes.Add(Run(block, operation, events));
        }

        return Close(block, outcomes, events);
    }

    /// <summary>The block that a query runs in: the one that would come next.</summary>
    public BlockContext Next(ulong now) => new(HasGenesis ? Number + 1 : 0, Math.Max(now, Timestamp), HashOf);

    /// <summary>Takes up where a snapshot left off.</summary>
    public void Resume(ulong number, ulong timestamp, IEnumerable<Hash256> hashes)
    {
        (Number, Timestamp) = (number, timestamp);
        foreach (var hash in hashes)
        {
            Remember(hash);
        }
    }

    private OperationOutcome Run(BlockContext block, LedgerOperation operation, List<LedgerEvent> events)
    {
        if (operation.Nonce != Machine.NonceOf(operation.Sender))
        {
            return new OperationOutcome(operation, LedgerFailure.Nonce, IsDone: false, default, []);
        }

        // It uses its nonce all the same, or every operation that its sender signed after it would be refused with it.
        LedgerFailure? failure = Machine.BalanceOf(operation.Sender) < operation.Call.Value ? LedgerFailure.InsufficientFunds : null;
        var result = Machine.Apply(block, operation.Sender, operation.Call);
        var first = events.Count;
        Tell(events, block, operation.Hash, result.Events);
        return new OperationOutcome(operation, failure, result.IsDone, result.Returned, events[first..]);
    }

    // The block's hash is known when the block is closed, and is put into its events then.
    private static void Tell(
        List<LedgerEvent> events, BlockContext block, Hash256 transaction, IEnumerable<(AccountAddress Contract, Hash256[] Topics, byte[] Data)> told)
    {
        foreach (var (contract, topics, data) in told)
        {
            events.Add(new LedgerEvent(contract, topics, data, block.Number, default, transaction, events.Count));
        }
    }

    private EmbeddedBlock Close(BlockContext block, List<OperationOutcome> outcomes, List<LedgerEvent> events)
    {
        var included = outcomes.Where(outcome => outcome.IsIncluded).ToList();
        var input = new byte[HashInputBytes + (included.Count * Hash256.LengthBytes)];
        Hash.CopyTo(input);
        BinaryPrimitives.WriteUInt64BigEndian(input.AsSpan(Hash256.LengthBytes), block.Number);
        BinaryPrimitives.WriteUInt64BigEndian(input.AsSpan(Hash256.LengthBytes + sizeof(ulong)), block.Timestamp);
        for (var index = 0; index < included.Count; index++)
        {
            included[index].Operation.Hash.CopyTo(input.AsSpan(HashInputBytes + (index * Hash256.LengthBytes)));
        }

        var hash = Keccak256.Hash(input);
        (Number, Timestamp) = (block.Number, block.Timestamp);
        Remember(hash);
        return new EmbeddedBlock(
            block.Number,
            block.Timestamp,
            hash,
            [.. outcomes.Select(outcome => outcome with { Events = [.. outcome.Events.Select(told => told with { BlockHash = hash })] })],
            [.. events.Select(told => told with { BlockHash = hash })]);
    }

    private void Remember(Hash256 hash)
    {
        Hash = hash;
        _hashes.Enqueue(hash);
        if (_hashes.Count > BlockContext.HashesKept)
        {
            _hashes.Dequeue();
        }
    }

    private Hash256 HashOf(ulong number) =>
        number <= Number && Number - number < (ulong)_hashes.Count ? _hashes.ElementAt(_hashes.Count - 1 - (int)(Number - number)) : default;
}
