using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// A function of a contract, named by its signature in canonical types, such as <c>transfer(address,uint256)</c> (Solidity's ABI
/// specification). A call starts with the first four bytes of the signature's Keccak-256.
/// </summary>
public sealed class AbiFunction
{
    /// <summary>Length in bytes of a selector.</summary>
    public const int SelectorBytes = 4;

    private readonly byte[] _selector;

    /// <summary>A function.</summary>
    /// <param name="signature">Name and canonical types, without spaces or names of parameters.</param>
    /// <param name="returns">The types of what it returns, such as <c>(uint256,bool)</c>; empty where it returns nothing.</param>
    /// <exception cref="ArgumentException">The signature is not canonical.</exception>
    public AbiFunction(string signature, string returns = "")
    {
        (Name, Signature, Returns) = (AbiSignature.NameOf(signature), signature, returns);
        _selector = Keccak256.Hash(Encoding.ASCII.GetBytes(signature)).Bytes[..SelectorBytes].ToArray();
    }

    /// <summary>The name alone.</summary>
    public string Name { get; }

    /// <summary>Name and types.</summary>
    public string Signature { get; }

    /// <summary>The types of what it returns, in parentheses; empty where it returns nothing.</summary>
    public string Returns { get; }

    /// <summary>The first four bytes of a call.</summary>
    public ReadOnlySpan<byte> Selector => _selector;

    /// <inheritdoc/>
    public override string ToString() => Signature;
}
