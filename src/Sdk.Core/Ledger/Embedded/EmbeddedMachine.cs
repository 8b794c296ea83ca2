using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// What runs calls on the state of an embedded ledger: accounts with coins and nonces, and contract modules. It has no clock, disk or
/// lock of its own: the same calls in the same blocks give the same state.
/// </summary>
internal sealed class EmbeddedMachine
{
    /// <summary>How deep contracts call each other. The EVM's own limit is 1 024; no module of the suite passes 8.</summary>
    private const int DepthMax = 64;

    // Solidity's codes: checked arithmetic that overflows, and division by zero.
    private const ulong OverflowPanic = 0x11;
    private const ulong DivisionPanic = 0x12;

    private readonly StateJournal _journal = new();
    private readonly Dictionary<AccountAddress, ContractModule> _modules = [];
    private readonly ModuleMap<AccountAddress, TokenAmount> _balances;
    private readonly ModuleMap<AccountAddress, ulong> _nonces;
    private readonly List<(AccountAddress Contract, Hash256[] Topics, byte[] Data)> _events = [];

    public EmbeddedMachine(ulong chainId)
    {
        ChainId = chainId;
        _balances = new ModuleMap<AccountAddress, TokenAmount>("balances", _journal, StateCodec.Address, StateCodec.Amount);
        _nonces = new ModuleMap<AccountAddress, ulong>("nonces", _journal, StateCodec.Address, StateCodec.Number);
    }

    public ulong ChainId { get; }

    /// <summary>The modules, in the order of their deployment.</summary>
    public List<ContractModule> Modules { get; } = [];

    /// <summary>The maps of the accounts.</summary>
    public IReadOnlyList<IStateMap> AccountMaps => [_balances, _nonces];

    public TokenAmount BalanceOf(AccountAddress account) => _balances[account];

    public ulong NonceOf(AccountAddress account) => _nonces[account];

    public bool IsContract(AccountAddress address) => _modules.ContainsKey(address);

    /// <summary>Puts a module at an address. Its constructor is run by <see cref="Construct"/>, once in the ledger's life.</summary>
    public void Attach(ContractModule module, AccountAddress address)
    {
        if (!_modules.TryAdd(address, module))
        {
            throw new ArgumentException($"There is a contract at {address} already.", nameof(address));
        }

        module.Attach(_journal, address);
        Modules.Add(module);
    }

    /// <summary>Runs a module's constructor, and gives the events that it emitted.</summary>
    public List<(AccountAddress Contract, Hash256[] Topics, byte[] Data)> Construct(ContractModule module, AccountAddress deployer, BlockContext block)
    {
        _events.Clear();
        module.Construct(new ModuleFrame(this, block, deployer, deployer, module.Address, TokenAmount.Zero, depth: 0));
        _journal.Keep();
        return [.. _events];
    }

    /// <summary>Gives an account coins, out of nothing: at genesis.</summary>
    public void Mint(AccountAddress account, TokenAmount coins)
    {
        _balances[account] += coins;
        _journal.Keep();
    }

    /// <summary>Runs an operation whose sender and nonce are checked: it uses the nonce, whether it reverts or not.</summary>
    public MachineResult Apply(BlockContext block, AccountAddress sender, LedgerCall call)
    {
        _nonces[sender] += 1;
        _journal.Keep();
        _events.Clear();
        var done = TryCall(block, sender, sender, call.To, call.Value, call.Data.Span, depth: 0, out var returned);
        _journal.Keep();
        return new MachineResult(done, returned, done ? [.. _events] : []);
    }

    /// <summary>Runs a call and undoes it.</summary>
    public MachineResult Look(BlockContext block, AccountAddress caller, LedgerCall call)
    {
        _events.Clear();
        var done = TryCall(block, caller, caller, call.To, call.Value, call.Data.Span, depth: 0, out var returned);
        _journal.UndoTo(0);
        return new MachineResult(done, returned, []);
    }

    public void Emit(AccountAddress contract, Hash256[] topics, byte[] data) => _events.Add((contract, topics, data));

    public byte[] Call(BlockContext block, AccountAddress sender, AccountAddress origin, AccountAddress to, TokenAmount value, ReadOnlySpan<byte> data, int depth) =>
        TryCall(block, sender, origin, to, value, data, depth, out var returned) ? returned : throw new ModuleRevertException(returned);

    public bool TryCall(
        BlockContext block, AccountAddress sender, AccountAddress origin, AccountAddress to, TokenAmount value, ReadOnlySpan<byte> data, int depth, out byte[] returned)
    {
        var (mark, events) = (_journal.Mark, _events.Count);
        try
        {
            returned = Enter(block, sender, origin, to, value, data, depth);
            return true;
        }
        catch (ModuleRevertException revert)
        {
            returned = revert.RevertData;
        }
        catch (AbiException)
        {
            // Solidity's decoder reverts without data.
            returned = [];
        }
        catch (Exception overflow) when (overflow is AmountOutOfRangeException or OverflowException)
        {
            returned = PanicData(OverflowPanic);
        }
        catch (DivideByZeroException)
        {
            returned = PanicData(DivisionPanic);
        }

        _journal.UndoTo(mark);
        _events.RemoveRange(events, _events.Count - events);
        return false;
    }

    private static byte[] PanicData(ulong code) => new AbiWriter().Add(code).ToRevert(AbiError.Panic);

    private byte[] Enter(
        BlockContext block, AccountAddress sender, AccountAddress origin, AccountAddress to, TokenAmount value, ReadOnlySpan<byte> data, int depth)
    {
        if (depth > DepthMax || _balances[sender] < value)
        {
            throw new ModuleRevertException([]);
        }

        if (!value.IsZero)
        {
            _balances[sender] -= value;
            _balances[to] += value;
        }

        return _modules.TryGetValue(to, out var module)
            ? module.Run(new ModuleFrame(this, block, sender, origin, to, value, depth), data)
            : [];
    }
}
