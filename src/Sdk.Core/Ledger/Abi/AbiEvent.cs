using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// An event of a contract. Its first topic is the Keccak-256 of its signature in canonical types; up to three indexed parameters are
/// topics of their own, the others are encoded as data.
/// </summary>
public sealed class AbiEvent
{
    /// <summary>How many parameters can be indexed.</summary>
    public const int IndexedMax = 3;

    private const string IndexedMark = " indexed";

    /// <summary>An event.</summary>
    /// <param name="declaration">Name and canonical types, such as <c>Transfer(address indexed,address indexed,uint256)</c>.</param>
    /// <exception cref="ArgumentException">The types are not canonical, or more than three are indexed.</exception>
    public AbiEvent(string declaration)
    {
        ArgumentNullException.ThrowIfNull(declaration);
        Declaration = declaration;
        Signature = declaration.Replace(IndexedMark, "", StringComparison.Ordinal);
        Name = AbiSignature.NameOf(Signature);
        IndexedCount = (declaration.Length - Signature.Length) / IndexedMark.Length;
        if (IndexedCount > IndexedMax)
        {
            throw new ArgumentException($"'{declaration}' has more than {IndexedMax} indexed parameters.", nameof(declaration));
        }

        Topic = Keccak256.Hash(Encoding.ASCII.GetBytes(Signature));
    }

    /// <summary>The name alone.</summary>
    public string Name { get; }

    /// <summary>Name and types.</summary>
    public string Signature { get; }

    /// <summary>Name and types, with the word <c>indexed</c> after those that are.</summary>
    public string Declaration { get; }

    /// <summary>How many parameters are topics.</summary>
    public int IndexedCount { get; }

    /// <summary>The first topic.</summary>
    public Hash256 Topic { get; }

    /// <inheritdoc/>
    public override string ToString() => Declaration;
}
