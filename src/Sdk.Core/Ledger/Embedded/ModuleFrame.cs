using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>One running call of a contract module: what Solidity knows as <c>msg</c> and <c>block</c>, and what a module can do.</summary>
public sealed class ModuleFrame
{
    private readonly EmbeddedMachine _machine;
    private readonly int _depth;

    internal ModuleFrame(EmbeddedMachine machine, BlockContext block, AccountAddress sender, AccountAddress origin, AccountAddress self, TokenAmount value, int depth)
    {
        (_machine, Block, Sender, Origin, This) = (machine, block, sender, origin, self);
        (Value, _depth) = (value, depth);
    }

    /// <summary>Who calls: an account, or another contract.</summary>
    public AccountAddress Sender { get; }

    /// <summary>The contract itself.</summary>
    public AccountAddress This { get; }

    /// <summary>What the caller pays in the native coin.</summary>
    public TokenAmount Value { get; }

    /// <summary>The time of the block, in seconds since 1970.</summary>
    public ulong Timestamp => Block.Timestamp;

    /// <summary>The number of the block.</summary>
    public ulong BlockNumber => Block.Number;

    /// <summary>The chain's id.</summary>
    public ulong ChainId => _machine.ChainId;

    internal BlockContext Block { get; }

    internal AccountAddress Origin { get; }

    /// <summary>The hash of one of the 256 blocks before this one; zero of any other, as the EVM has it.</summary>
    public Hash256 BlockHash(ulong number) =>
        number < BlockNumber && BlockNumber - number <= BlockContext.HashesKept ? Block.HashOf(number) : default;

    /// <summary>Tells the world.</summary>
    /// <param name="kind">The event.</param>
    /// <param name="indexed">Its indexed parameters, a word each.</param>
    /// <param name="data">Its other parameters.</param>
    public void Emit(AbiEvent kind, ReadOnlySpan<Hash256> indexed, AbiWriter? data = null)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (indexed.Length != kind.IndexedCount)
        {
            throw new ArgumentException($"{kind} has {kind.IndexedCount} indexed parameters, not {indexed.Length}.", nameof(indexed));
        }

        _machine.Emit(This, [kind.Topic, .. indexed], data?.ToArray() ?? []);
    }

    /// <summary>
    /// Calls another contract. Where that reverts, so does this call, with the same data: as a Solidity call whose failure is passed on.
    /// Reads what was returned with an <see cref="AbiReader"/>.
    /// </summary>
    public byte[] Call(AccountAddress to, ReadOnlySpan<byte> data, TokenAmount value = default) =>
        _machine.Call(Block, This, Origin, to, value, data, _depth + 1);

    /// <summary>Calls another contract, and says whether it did not revert.</summary>
    /// <param name="to">The contract.</param>
    /// <param name="data">Selector and arguments.</param>
    /// <param name="value">What is paid with it.</param>
    /// <param name="returned">What it returned, or reverted with.</param>
    public bool TryCall(AccountAddress to, ReadOnlySpan<byte> data, TokenAmount value, out byte[] returned) =>
        _machine.TryCall(Block, This, Origin, to, value, data, _depth + 1, out returned);

    /// <summary>The native coin that an account or contract has.</summary>
    public TokenAmount BalanceOf(AccountAddress account) => _machine.BalanceOf(account);

    /// <summary>Whether there is a contract at an address.</summary>
    public bool HasCode(AccountAddress address) => _machine.IsContract(address);
}
