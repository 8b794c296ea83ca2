using System.Buffers.Binary;
using System.Text;

namespace Sdk.Core.Ledger.Abi;

/// <summary>One encoding by <see cref="AbiCodec"/>: heads are reserved, tails are appended, and offsets are filled in as they become known.</summary>
internal sealed class AbiEncoder
{
    private const int WordBytes = 32;

    private byte[] _buffer;
    private int _end;

    public AbiEncoder(int headBytes) => _buffer = new byte[Math.Max(2 * headBytes, 8 * WordBytes)];

    public byte[] ToArray() => _buffer[.._end];

    /// <summary>A value at the end of what is written so far; offsets in it count from there.</summary>
    public void WriteTail(AbiType type, AbiValue value)
    {
        switch (type.Kind)
        {
            case AbiTypeKind.Bytes when value.IsBytes:
                WriteBytes(value.ToBytes().Span);
                break;
            case AbiTypeKind.Text when value.IsText:
                WriteText(value.ToText());
                break;
            case AbiTypeKind.Array when value.IsList:
                WriteLength(Reserve(WordBytes), value.ItemArray.Length);
                WriteMembers(type, value.ItemArray);
                break;
            case AbiTypeKind.Tuple or AbiTypeKind.FixedArray:
                WriteMembers(type, Items(type, value));
                break;
            default:
                throw NoFit(type, value);
        }
    }

    private static ArgumentException NoFit(AbiType type, AbiValue value) => new($"{value} is no {type}.", nameof(value));

    private static AbiValue[] Items(AbiType type, AbiValue value) =>
        value.IsList && value.ItemArray.Length == (type.Kind == AbiTypeKind.Tuple ? type.Components.Count : type.Size) ? value.ItemArray : throw NoFit(type, value);

    private static AbiType MemberOf(AbiType type, int index) => type.Kind == AbiTypeKind.Tuple ? type.Components[index] : type.Element;

    private void WriteMembers(AbiType type, AbiValue[] items)
    {
        var start = _end;
        Reserve(type.Kind == AbiTypeKind.Array ? checked(items.Length * type.Element.HeadBytes) : type.StaticBytes);
        var place = start;
        for (var i = 0; i < items.Length; i++)
        {
            var member = MemberOf(type, i);
            if (member.IsDynamic)
            {
                WriteLength(place, _end - start);
                WriteTail(member, items[i]);
            }
            else
            {
                WriteStatic(member, items[i], place);
            }

            place += member.HeadBytes;
        }
    }

    private void WriteStatic(AbiType type, AbiValue value, int place)
    {
        if (type.Components.Count == 0)
        {
            if (!AbiWord.TryWrite(type, value, _buffer.AsSpan(place, WordBytes)))
            {
                throw NoFit(type, value);
            }

            return;
        }

        var items = Items(type, value);
        for (var i = 0; i < items.Length; i++)
        {
            var member = MemberOf(type, i);
            WriteStatic(member, items[i], place);
            place += member.StaticBytes;
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteLength(Reserve(WordBytes), bytes.Length);
        var place = Reserve(Padded(bytes.Length));
        bytes.CopyTo(_buffer.AsSpan(place));
    }

    private void WriteText(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteLength(Reserve(WordBytes), length);
        var place = Reserve(Padded(length));
        Encoding.UTF8.GetBytes(text, _buffer.AsSpan(place));
    }

    private static int Padded(int bytes) => checked((bytes + WordBytes - 1) / WordBytes * WordBytes);

    private void WriteLength(int place, int length) =>
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(place + WordBytes - sizeof(int)), length);

    /// <summary>Makes room at the end, filled with zeros; where it starts.</summary>
    private int Reserve(int bytes)
    {
        if (_buffer.Length - _end < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, checked(_end + bytes)));
        }

        _end += bytes;
        return _end - bytes;
    }
}
