namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// Encodes and decodes values of any type as Solidity's ABI does (Contract ABI Specification, "Formal Specification of the Encoding"),
/// for types that are known only when the program runs. Contracts of the suite use <see cref="AbiWriter"/> and <see cref="AbiReader"/>.
/// </summary>
/// <remarks>
/// Decoding is strict and bounded: words with bits outside their type and texts that are not UTF-8 are refused, an offset or a length is
/// checked before anything is allocated, and every byte of the input is paid for once. So what offsets that point to the same place can
/// make of a small input is not more than the input.
/// </remarks>
public static class AbiCodec
{
    /// <summary>The encoding of a tuple's members: a function's arguments without its selector, an event's data.</summary>
    /// <param name="type">A tuple.</param>
    /// <param name="value">A list of its members.</param>
    /// <exception cref="ArgumentException">The type is no tuple, or the value does not fit it.</exception>
    public static byte[] Encode(AbiType type, AbiValue value)
    {
        CheckTuple(type);
        var encoder = new AbiEncoder(type.StaticBytes);
        encoder.WriteTail(type, value);
        return encoder.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> writes. Bytes that no offset leads to, or after the end, are ignored, as contracts ignore them.</summary>
    /// <param name="type">A tuple.</param>
    /// <param name="encoded">The bytes, which the value does not keep.</param>
    /// <exception cref="ArgumentException">The type is no tuple.</exception>
    /// <exception cref="AbiException">The bytes are no such value.</exception>
    public static AbiValue Decode(AbiType type, ReadOnlySpan<byte> encoded)
    {
        CheckTuple(type);
        var decoder = new AbiDecoder(encoded.Length);
        return decoder.ReadTail(type, encoded);
    }

    private static void CheckTuple(AbiType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (type.Kind != AbiTypeKind.Tuple)
        {
            throw new ArgumentException($"Members of a tuple are encoded, not a {type}.", nameof(type));
        }
    }
}
