using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>An error that a contract reverts with: four bytes of the Keccak-256 of its signature, then its parameters.</summary>
public sealed class AbiError
{
    private readonly byte[] _selector;

    /// <summary>An error.</summary>
    /// <param name="signature">Name and canonical types, such as <c>NotEnough(uint256,uint256)</c>.</param>
    /// <exception cref="ArgumentException">The signature is not canonical.</exception>
    public AbiError(string signature)
    {
        (Name, Signature) = (AbiSignature.NameOf(signature), signature);
        _selector = Keccak256.Hash(Encoding.ASCII.GetBytes(signature)).Bytes[..AbiFunction.SelectorBytes].ToArray();
    }

    /// <summary>What Solidity reverts with where a contract gives a text.</summary>
    public static AbiError Text { get; } = new("Error(string)");

    /// <summary>What Solidity reverts with on overflow, division by zero, a wrong index and the like.</summary>
    public static AbiError Panic { get; } = new("Panic(uint256)");

    /// <summary>The name alone.</summary>
    public string Name { get; }

    /// <summary>Name and types.</summary>
    public string Signature { get; }

    /// <summary>The first four bytes of the revert's data.</summary>
    public ReadOnlySpan<byte> Selector => _selector;

    /// <inheritdoc/>
    public override string ToString() => Signature;
}
