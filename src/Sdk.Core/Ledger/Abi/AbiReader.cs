using System.Buffers.Binary;
using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// Reads the values of one tuple, word by word, as Solidity's decoder does (ABI coder v2): a word with bits outside its type is refused,
/// an offset or a length that leaves the data is refused before anything is allocated. What follows the tuple is ignored.
/// </summary>
/// <remarks>
/// Every method throws <see cref="AbiException"/> where the bytes are not of the type. The readers of arrays and tuples look at the same
/// bytes, whose life is the caller's.
/// </remarks>
public ref struct AbiReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _tuple;
    private int _position;

    /// <summary>A reader of a tuple that starts with these bytes.</summary>
    public AbiReader(ReadOnlySpan<byte> tuple) => _tuple = tuple;

    /// <summary>A uint256.</summary>
    public TokenAmount ReadAmount() => TokenAmount.FromBytes(NextWord());

    /// <summary>An unsigned integer of at most 128 bits.</summary>
    public UInt128 ReadUInt128()
    {
        var word = NextWord();
        return word[..16].ContainsAnyExcept((byte)0) ? throw Dirty("uint128") : BinaryPrimitives.ReadUInt128BigEndian(word[16..]);
    }

    /// <summary>An unsigned integer of at most 64 bits.</summary>
    public ulong ReadUInt64()
    {
        var word = NextWord();
        return word[..24].ContainsAnyExcept((byte)0) ? throw Dirty("uint64") : BinaryPrimitives.ReadUInt64BigEndian(word[24..]);
    }

    /// <summary>An unsigned integer of fewer than 64 bits.</summary>
    /// <param name="bits">The type's width, 8 to 64.</param>
    public ulong ReadUInt(int bits)
    {
        var number = ReadUInt64();
        return bits >= 64 || number >> bits == 0 ? number : throw Dirty($"uint{bits}");
    }

    /// <summary>An address.</summary>
    public AccountAddress ReadAddress()
    {
        var word = NextWord();
        return word[..12].ContainsAnyExcept((byte)0) ? throw Dirty("address") : AccountAddress.FromBytes(word[12..]);
    }

    /// <summary>A bool.</summary>
    public bool ReadBool() => ReadUInt64() switch
    {
        0 => false,
        1 => true,
        _ => throw Dirty("bool"),
    };

    /// <summary>A bytes32.</summary>
    public Hash256 ReadWord() => Hash256.FromBytes(NextWord());

    /// <summary>A value of type <c>bytes</c>, of at most so many bytes, where it stands.</summary>
    public ReadOnlySpan<byte> ReadBytes(int maxBytes)
    {
        var tail = Tail();
        var length = Length(ref tail, maxBytes);
        return length <= tail.Length ? tail[..length] : throw new AbiException("Bytes leave the data.");
    }

    /// <summary>A value of type <c>string</c>, of at most so many bytes of UTF-8.</summary>
    public string ReadString(int maxBytes)
    {
        try
        {
            return StrictUtf8.GetString(ReadBytes(maxBytes));
        }
        catch (DecoderFallbackException wrong)
        {
            throw new AbiException("A string is not UTF-8.", wrong);
        }
    }

    /// <summary>A dynamic array of at most so many elements: its elements are read from the reader that is returned.</summary>
    /// <param name="maxCount">How many elements are taken at most.</param>
    /// <param name="elementBytes">What one element takes in the head: 32 for a word or any dynamic type, more for a static tuple.</param>
    /// <param name="count">How many elements there are.</param>
    public AbiReader ReadArray(int maxCount, int elementBytes, out int count)
    {
        var tail = Tail();
        count = Length(ref tail, maxCount);
        return (long)count * elementBytes <= tail.Length ? new AbiReader(tail) : throw new AbiException("An array leaves the data.");
    }

    /// <summary>A tuple that holds a value of a dynamic type.</summary>
    public AbiReader ReadTuple() => new(Tail());

    private static int Length(ref ReadOnlySpan<byte> tail, int max)
    {
        var word = new AbiReader(tail);
        var length = word.ReadUInt64();
        tail = tail[AbiWriter.WordBytes..];
        return length <= (ulong)max ? (int)length : throw new AbiException($"A length of {length} is above the limit of {max}.");
    }

    private static AbiException Dirty(string type) => new($"A word is no {type}.");

    private ReadOnlySpan<byte> Tail()
    {
        var offset = ReadUInt64();
        return offset <= (ulong)_tuple.Length ? _tuple[(int)offset..] : throw new AbiException("An offset leaves the data.");
    }

    private ReadOnlySpan<byte> NextWord()
    {
        if (_tuple.Length - _position < AbiWriter.WordBytes)
        {
            throw new AbiException("The data ends before its values.");
        }

        _position += AbiWriter.WordBytes;
        return _tuple.Slice(_position - AbiWriter.WordBytes, AbiWriter.WordBytes);
    }
}
