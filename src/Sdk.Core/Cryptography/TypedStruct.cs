using System.Buffers.Binary;
using System.Text;

namespace Sdk.Core.Cryptography;

/// <summary>
/// One struct of EIP-712 typed data on its way to a hash: Keccak-256(type hash ‖ one 32-byte word per field, in order). Wallets can
/// show what is signed this way, and the domain keeps a signature from meaning anything on another network.
/// </summary>
internal sealed class TypedStruct
{
    private const int WordBytes = 32;
    private const int FieldsMax = 16;

    private readonly byte[] _words = new byte[(1 + FieldsMax) * WordBytes];
    private int _end;

    /// <param name="encodedType">EIP-712's encodeType, such as <c>Person(string name,address wallet)</c>.</param>
    public TypedStruct(string encodedType) => Add(Keccak256.Hash(Encoding.UTF8.GetBytes(encodedType)));

    /// <summary>The separator of the domain <c>EIP712Domain(string name,string version,uint256 chainId)</c>.</summary>
    public static Hash256 Domain(string name, string version, ulong chainId) =>
        new TypedStruct("EIP712Domain(string name,string version,uint256 chainId)")
            .Add(name).Add(version).Add(chainId).Hash();

    /// <summary>The separator of a domain that also names a contract.</summary>
    public static Hash256 Domain(string name, string version, ulong chainId, AccountAddress verifyingContract) =>
        new TypedStruct("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
            .Add(name).Add(version).Add(chainId).Add(verifyingContract).Hash();

    /// <summary>What is signed: Keccak-256(19 01 ‖ domain separator ‖ struct hash).</summary>
    public static Hash256 Digest(Hash256 domainSeparator, Hash256 structHash)
    {
        Span<byte> message = stackalloc byte[2 + (2 * WordBytes)];
        message[0] = 0x19;
        message[1] = 0x01;
        domainSeparator.CopyTo(message[2..]);
        structHash.CopyTo(message[(2 + WordBytes)..]);
        return Keccak256.Hash(message);
    }

    /// <summary>A field of type bytes32, or the hash of a nested struct.</summary>
    public TypedStruct Add(Hash256 word)
    {
        word.CopyTo(NextWord());
        return this;
    }

    /// <summary>A field of type string.</summary>
    public TypedStruct Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>A field of type bytes.</summary>
    public TypedStruct Add(ReadOnlySpan<byte> bytes) => Add(Keccak256.Hash(bytes));

    /// <summary>A field of type address.</summary>
    public TypedStruct Add(AccountAddress address)
    {
        address.CopyTo(NextWord()[^AccountAddress.LengthBytes..]);
        return this;
    }

    /// <summary>A field of an unsigned integer type, uint8 to uint256.</summary>
    public TypedStruct Add(ulong number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(NextWord()[^sizeof(ulong)..], number);
        return this;
    }

    /// <summary>EIP-712's hashStruct.</summary>
    public Hash256 Hash() => Keccak256.Hash(_words.AsSpan(0, _end));

    private Span<byte> NextWord()
    {
        var word = _words.AsSpan(_end, WordBytes);
        _end += WordBytes;
        return word;
    }
}
