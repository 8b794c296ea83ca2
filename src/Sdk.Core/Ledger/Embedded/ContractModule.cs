using System.Buffers.Binary;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>Runs a function of a module: reads the arguments, changes the module's maps, writes what it returns.</summary>
/// <param name="frame">Who calls, when, and what the module can do besides.</param>
/// <param name="arguments">The arguments.</param>
/// <param name="results">What the function returns.</param>
public delegate void ModuleFunction(ModuleFrame frame, ref AbiReader arguments, AbiWriter results);

/// <summary>
/// A contract as the embedded ledger runs it. It mirrors a Solidity contract: the same functions, the same checks in the same order,
/// the same events and errors, so that both give the same bytes for the same call.
/// </summary>
/// <remarks>
/// A module must be deterministic: it uses nothing but its arguments, its frame and its maps. Where its Solidity twin would revert
/// without data, it throws what its readers throw. One instance serves one ledger.
/// </remarks>
public abstract class ContractModule
{
    private readonly Dictionary<uint, (ModuleFunction Handler, bool IsPayable)> _functions = [];
    private readonly List<IStateMap> _maps = [];

    /// <summary>A module.</summary>
    /// <param name="name">Its name in a <see cref="LedgerDeployment"/>; the same for ever.</param>
    protected ContractModule(string name) => Name = name;

    /// <summary>The module's name.</summary>
    public string Name { get; }

    internal IReadOnlyList<IStateMap> Maps => _maps;

    internal StateJournal? Journal { get; private set; }

    /// <summary>Where the contract is.</summary>
    public AccountAddress Address { get; private set; }

    /// <summary>What Solidity's constructor would do, once, at deployment.</summary>
    protected internal virtual void Construct(ModuleFrame frame)
    {
    }

    /// <summary>What Solidity's <c>receive</c> would do; by default a payment without a call reverts.</summary>
    protected internal virtual void Receive(ModuleFrame frame) => throw new ModuleRevertException([]);

    /// <summary>Makes the module's maps. Called once, before anything else.</summary>
    protected abstract void DeclareState();

    /// <summary>Declares a function. To be called by the constructor.</summary>
    protected void Function(AbiFunction function, ModuleFunction handler, bool isPayable = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        _functions.Add(BinaryPrimitives.ReadUInt32BigEndian(function.Selector), (handler, isPayable));
    }

    /// <summary>Makes a map of the module's state. To be called by <see cref="DeclareState"/>.</summary>
    /// <param name="name">The map's name; the same for ever.</param>
    /// <param name="key">How keys are stored.</param>
    /// <param name="value">How values are stored.</param>
    protected ModuleMap<TKey, TValue> Map<TKey, TValue>(string name, StateCodec<TKey> key, StateCodec<TValue> value)
        where TKey : notnull
        where TValue : struct
    {
        var map = new ModuleMap<TKey, TValue>(name, Journal!, key, value);
        _maps.Add(map);
        return map;
    }

    /// <summary>What to throw in order to revert with an error.</summary>
    protected static Exception Revert(AbiError error, AbiWriter? parameters = null) => new ModuleRevertException((parameters ?? new AbiWriter()).ToRevert(error));

    /// <summary>What to throw in order to revert without data, as Solidity's bare <c>revert()</c> and its decoder do.</summary>
    protected static Exception Revert() => new ModuleRevertException([]);

    /// <summary>What to throw where Solidity panics. Overflow and division by zero in amounts do so by themselves (0x11, 0x12).</summary>
    protected static Exception Panic(ulong code) => Revert(AbiError.Panic, new AbiWriter().Add(code));

    /// <summary>The word of an indexed address.</summary>
    protected static Hash256 Topic(AccountAddress address)
    {
        Span<byte> word = stackalloc byte[Hash256.LengthBytes];
        word.Clear();
        address.CopyTo(word[^AccountAddress.LengthBytes..]);
        return Hash256.FromBytes(word);
    }

    /// <summary>The word of an indexed number.</summary>
    protected static Hash256 Topic(TokenAmount number) => number.ToWord();

    internal void Attach(StateJournal journal, AccountAddress address)
    {
        if (Journal is not null)
        {
            throw new InvalidOperationException($"The module '{Name}' serves a ledger already.");
        }

        (Journal, Address) = (journal, address);
        DeclareState();
    }

    internal byte[] Run(ModuleFrame frame, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            Receive(frame);
            return [];
        }

        if (data.Length < AbiFunction.SelectorBytes
            || !_functions.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(data), out var function)
            || (!function.IsPayable && !frame.Value.IsZero))
        {
            throw new ModuleRevertException([]);
        }

        var arguments = new AbiReader(data[AbiFunction.SelectorBytes..]);
        var results = new AbiWriter();
        function.Handler(frame, ref arguments, results);
        return results.ToArray();
    }
}
