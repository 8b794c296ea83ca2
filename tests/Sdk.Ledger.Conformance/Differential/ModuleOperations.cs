using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Ledger.Conformance.Differential;

/// <summary>
/// The random operations of one module: one class per module, found by reflection. It makes up moves that aim at each function and each error,
/// and names the errors that no call can meet.
/// </summary>
/// <param name="twins">The ledgers.</param>
/// <param name="random">Seeded.</param>
internal abstract class ModuleOperations(TwinLedgers twins, Random random)
{
    protected const ulong Day = 86_400;

    private static readonly AbiWriter Nothing = new();

    /// <summary>The module's name.</summary>
    public abstract string Module { get; }

    /// <summary>Errors that the contract declares and no call of it meets, by their names, each with the reason.</summary>
    public virtual IReadOnlyDictionary<string, string> Unreachable => new Dictionary<string, string>();

    /// <summary>The moves.</summary>
    public abstract IReadOnlyList<Move> Moves { get; }

    /// <summary>What must be done before the first move.</summary>
    public virtual IEnumerable<Operation> Preparation => [];

    protected TwinLedgers Twins => twins;

    protected Random Random => random;

    /// <summary>Questions whose answers show the whole state, as far as the accounts here have any.</summary>
    public abstract IEnumerable<LedgerCall> Views();

    /// <summary>Accounts without keys that the module's contract pays native coins to.</summary>
    public virtual IEnumerable<AccountAddress> PaidInCoins => [];

    protected static Move Aim(AbiFunction function, string module, Func<Operation> make) => new(Coverage.Name(module, function.Name), make);

    protected Move Does(AbiFunction function, Func<Operation> make) => new(Coverage.Name(Module, function.Name), make);

    protected Move Meets(AbiError error, Func<Operation> make) => new(Coverage.Name(Module, error.Name), make);

    protected Move Asks(AbiFunction function, Func<AbiWriter>? arguments = null) =>
        Does(function, () => new Operation(default, Call(function, arguments?.Invoke()), IsQuery: true));

    protected LedgerCall Call(AbiFunction function, AbiWriter? arguments = null, TokenAmount value = default) =>
        new(twins[Module], (arguments ?? Nothing).ToCall(function), value);

    /// <summary>One of the accounts that trade; the first, who deployed, is none of them, and the last has no tokens and allows nothing.</summary>
    protected KeyPair Anybody() => twins.Keys[random.Next(1, twins.Keys.Count - 1)];

    protected KeyPair AnybodyBut(KeyPair other)
    {
        while (true)
        {
            var account = Anybody();
            if (account.Address != other.Address)
            {
                return account;
            }
        }
    }

    protected KeyPair Pauper => twins.Keys[^1];

    /// <summary>An amount as it occurs: 1 unit to about a token, of any length.</summary>
    protected TokenAmount SomeAmount() => TokenAmount.FromBaseUnits((UInt128)random.NextInt64(1, 1L << random.Next(1, 61)));

    protected bool Chance(int oneIn) => random.Next(oneIn) == 0;

    protected Hash256 RandomWord()
    {
        Span<byte> bytes = stackalloc byte[Hash256.LengthBytes];
        random.NextBytes(bytes);
        return Hash256.FromBytes(bytes);
    }

    protected AccountAddress RandomAddress() => AccountAddress.FromBytes(RandomWord().Bytes[..AccountAddress.LengthBytes]);

    protected AbiReader Look(AbiFunction function, AbiWriter? arguments = null) => new(twins.Look(Module, function, arguments));
}
