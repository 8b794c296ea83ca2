using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>Values of one word: integers, addresses, booleans and fixed bytes, each with the bits that its type leaves unused as they must be.</summary>
internal static class AbiWord
{
    private const int WordBytes = 32;
    private const int BitsInByte = 8;

    /// <exception cref="AbiException">The word has bits outside its type.</exception>
    public static AbiValue Read(AbiType type, ReadOnlySpan<byte> word)
    {
        if (!IsInside(type, word))
        {
            throw new AbiException($"A word is no {type}.");
        }

        return type.Kind switch
        {
            AbiTypeKind.FixedBytes => AbiValue.FixedBytesOfWord(word, type.Size),
            AbiTypeKind.SignedInteger => AbiValue.NumberOfWord(word, isNegative: IsNegative(word)),
            _ => TokenAmount.FromBytes(word),
        };
    }

    /// <summary>False where the value is of another kind, or out of the type's range.</summary>
    public static bool TryWrite(AbiType type, AbiValue value, Span<byte> word)
    {
        value.Word.CopyTo(word);
        return type.Kind == AbiTypeKind.FixedBytes
            ? value.FixedBytesLength == type.Size
            : value.IsNumber && value.IsNegative == (type.Kind == AbiTypeKind.SignedInteger && IsNegative(word)) && IsInside(type, word);
    }

    private static bool IsNegative(ReadOnlySpan<byte> word) => (sbyte)word[0] < 0;

    private static bool IsInside(AbiType type, ReadOnlySpan<byte> word)
    {
        switch (type.Kind)
        {
            case AbiTypeKind.UnsignedInteger:
                return !word[..(WordBytes - (type.Size / BitsInByte))].ContainsAnyExcept((byte)0);
            case AbiTypeKind.SignedInteger:
                var unused = WordBytes - (type.Size / BitsInByte);
                return !word[..unused].ContainsAnyExcept((sbyte)word[unused] < 0 ? (byte)0xFF : (byte)0);
            case AbiTypeKind.Address:
                return !word[..(WordBytes - AccountAddress.LengthBytes)].ContainsAnyExcept((byte)0);
            case AbiTypeKind.Boolean:
                return word[^1] <= 1 && !word[..^1].ContainsAnyExcept((byte)0);
            case AbiTypeKind.FixedBytes:
                return !word[type.Size..].ContainsAnyExcept((byte)0);
            default:
                throw new ArgumentException($"A {type} is no word.", nameof(type));
        }
    }
}
