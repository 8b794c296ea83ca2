using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Ledger.Embedded;

namespace Sdk.Core.Ledger.Modules.HashLocks;

/// <summary>
/// Terms as a call brings them, word by word. Solidity looks at the addresses in a struct of the calldata only when it uses them, so a
/// wrong secret is told before a word that is no address.
/// </summary>
internal readonly struct CalledTerms
{
    private readonly byte[] _words = new byte[HashLockTerms.Words * AbiWriter.WordBytes];

    public CalledTerms(ref AbiReader arguments)
    {
        for (var index = 0; index < HashLockTerms.Words; index++)
        {
            arguments.ReadWord().CopyTo(_words.AsSpan(index * AbiWriter.WordBytes));
        }
    }

    public AccountAddress Sender => At(0).ReadAddress();

    public AccountAddress Recipient => At(1).ReadAddress();

    public AccountAddress Token => At(2).ReadAddress();

    public TokenAmount Amount => At(3).ReadAmount();

    public Hash256 SecretHash => At(4).ReadWord();

    public TokenAmount Deadline => At(5).ReadAmount();

    /// <summary>The terms, where all words that should be addresses are some.</summary>
    /// <exception cref="AbiException">One is none.</exception>
    public CalledTerms Checked()
    {
        foreach (var index in (ReadOnlySpan<int>)[0, 1, 2, 7, 8])
        {
            At(index).ReadAddress();
        }

        return this;
    }

    /// <summary>keccak256(chain id ‖ contract ‖ all terms).</summary>
    public Hash256 Id(ModuleFrame frame)
    {
        var place = new AbiWriter().Add(frame.ChainId).Add(frame.This).ToArray();
        return Keccak256.Hash([.. place, .. _words]);
    }

    /// <summary>What the event of a lock has beside its topics.</summary>
    public AbiWriter EventData()
    {
        var data = new AbiWriter();
        foreach (var index in (ReadOnlySpan<int>)[2, 3, 5, 6, 7, 8, 9])
        {
            data.Add(At(index).ReadWord());
        }

        return data;
    }

    private AbiReader At(int index) => new(_words.AsSpan(index * AbiWriter.WordBytes, AbiWriter.WordBytes));
}
