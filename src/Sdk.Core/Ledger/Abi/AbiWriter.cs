using System.Buffers.Binary;
using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// Writes the values of one tuple as Solidity's ABI encodes them: a head of 32-byte words, in which a dynamic value is the offset of its
/// place in the tail. The arguments of a function, the data of an event and what a function returns are such tuples.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class AbiWriter
{
    /// <summary>Length in bytes of a word.</summary>
    public const int WordBytes = 32;

    private const int HeadBytesAtFirst = 8 * WordBytes;

    private byte[] _head = new byte[HeadBytesAtFirst];
    private int _headBytes;
    private List<(int Place, byte[] Tail)>? _tails;

    /// <summary>Length in bytes of what was written.</summary>
    public int LengthBytes => _headBytes + (_tails?.Sum(tail => tail.Tail.Length) ?? 0);

    /// <summary>A uint256.</summary>
    public AbiWriter Add(TokenAmount amount)
    {
        amount.CopyTo(NextWord());
        return this;
    }

    /// <summary>An unsigned integer of any width.</summary>
    public AbiWriter Add(ulong number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(NextWord()[^sizeof(ulong)..], number);
        return this;
    }

    /// <summary>An address.</summary>
    public AbiWriter Add(AccountAddress address)
    {
        address.CopyTo(NextWord()[^AccountAddress.LengthBytes..]);
        return this;
    }

    /// <summary>A bool.</summary>
    public AbiWriter Add(bool value) => Add(value ? 1UL : 0UL);

    /// <summary>A bytes32.</summary>
    public AbiWriter Add(Hash256 word)
    {
        word.CopyTo(NextWord());
        return this;
    }

    /// <summary>A value of type <c>bytes</c>.</summary>
    public AbiWriter AddBytes(ReadOnlySpan<byte> bytes)
    {
        var padded = (bytes.Length + WordBytes - 1) / WordBytes * WordBytes;
        var tail = new byte[WordBytes + padded];
        BinaryPrimitives.WriteUInt64BigEndian(tail.AsSpan(WordBytes - sizeof(ulong)), (ulong)bytes.Length);
        bytes.CopyTo(tail.AsSpan(WordBytes));
        return AddTail(tail);
    }

    /// <summary>A value of type <c>string</c>.</summary>
    public AbiWriter AddString(string text) => AddBytes(Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// A dynamic array. Elements of a static type are written one after another into <paramref name="elements"/>, words in place;
    /// elements of a dynamic type by <see cref="AddTuple"/>, <see cref="AddBytes"/> and so on.
    /// </summary>
    public AbiWriter AddArray(int count, AbiWriter elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var tail = new byte[WordBytes + elements.LengthBytes];
        BinaryPrimitives.WriteUInt64BigEndian(tail.AsSpan(WordBytes - sizeof(ulong)), (ulong)count);
        elements.CopyTo(tail.AsSpan(WordBytes));
        return AddTail(tail);
    }

    /// <summary>A tuple that holds a value of a dynamic type. The words of a static tuple are written in place instead.</summary>
    public AbiWriter AddTuple(AbiWriter members)
    {
        ArgumentNullException.ThrowIfNull(members);
        return AddTail(members.ToArray());
    }

    /// <summary>What was written.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>A call of a function with what was written as its arguments.</summary>
    public byte[] ToCall(AbiFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return WithSelector(function.Selector);
    }

    /// <summary>The data of a revert with what was written as its parameters.</summary>
    public byte[] ToRevert(AbiError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return WithSelector(error.Selector);
    }

    /// <summary>Writes to a buffer.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="LengthBytes"/>.</exception>
    public void CopyTo(Span<byte> destination)
    {
        _head.AsSpan(0, _headBytes).CopyTo(destination);
        if (_tails is null)
        {
            return;
        }

        var end = _headBytes;
        foreach (var (place, tail) in _tails)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[(place + WordBytes - sizeof(ulong))..], (ulong)end);
            tail.CopyTo(destination[end..]);
            end += tail.Length;
        }
    }

    private byte[] WithSelector(ReadOnlySpan<byte> selector)
    {
        var bytes = new byte[selector.Length + LengthBytes];
        selector.CopyTo(bytes);
        CopyTo(bytes.AsSpan(selector.Length));
        return bytes;
    }

    private AbiWriter AddTail(byte[] tail)
    {
        (_tails ??= []).Add((_headBytes, tail));
        NextWord();
        return this;
    }

    private Span<byte> NextWord()
    {
        if (_headBytes == _head.Length)
        {
            Array.Resize(ref _head, 2 * _head.Length);
        }

        _headBytes += WordBytes;
        return _head.AsSpan(_headBytes - WordBytes, WordBytes);
    }
}
