using System.Buffers.Binary;
using System.Text;

namespace Sdk.Core.Ledger.Abi;

/// <summary>One decoding by <see cref="AbiCodec"/>.</summary>
internal ref struct AbiDecoder
{
    private const int WordBytes = 32;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Bytes that may still be read. Honest encodings do not read a byte twice.
    private long _budget;

    public AbiDecoder(int lengthBytes) => _budget = lengthBytes;

    /// <summary>A value that starts where <paramref name="frame"/> does; offsets in it count from there.</summary>
    public AbiValue ReadTail(AbiType type, ReadOnlySpan<byte> frame)
    {
        switch (type.Kind)
        {
            case AbiTypeKind.Bytes:
                return AbiValue.Bytes(ReadBytes(frame).ToArray());
            case AbiTypeKind.Text:
                return ReadText(ReadBytes(frame));
            case AbiTypeKind.Array:
                var count = ReadLength(Take(frame, WordBytes), (frame.Length - WordBytes) / type.Element.HeadBytes);
                return ReadMembers(type, count, count * type.Element.HeadBytes, frame[WordBytes..]);
            default:
                return ReadMembers(type, type.Kind == AbiTypeKind.Tuple ? type.Components.Count : type.Size, type.StaticBytes, frame);
        }
    }

    /// <summary>Members of a tuple or elements of an array: their head, and what it leads to.</summary>
    private AbiValue ReadMembers(AbiType type, int count, int headBytes, ReadOnlySpan<byte> frame)
    {
        var head = Take(frame, headBytes);
        var items = count == 0 ? [] : new AbiValue[count];
        for (var i = 0; i < count; i++)
        {
            var member = type.Kind == AbiTypeKind.Tuple ? type.Components[i] : type.Element;
            items[i] = member.IsDynamic ? ReadTail(member, frame[ReadLength(head, frame.Length)..]) : ReadStatic(member, head);
            head = head[member.HeadBytes..];
        }

        return AbiValue.List(items);
    }

    /// <summary>A value that stands in the head, which was paid for.</summary>
    private static AbiValue ReadStatic(AbiType type, ReadOnlySpan<byte> head)
    {
        if (type.Components.Count == 0)
        {
            return AbiWord.Read(type, head[..WordBytes]);
        }

        var items = new AbiValue[type.Kind == AbiTypeKind.Tuple ? type.Components.Count : type.Size];
        for (var i = 0; i < items.Length; i++)
        {
            var member = type.Kind == AbiTypeKind.Tuple ? type.Components[i] : type.Element;
            items[i] = ReadStatic(member, head);
            head = head[member.StaticBytes..];
        }

        return AbiValue.List(items);
    }

    private ReadOnlySpan<byte> ReadBytes(ReadOnlySpan<byte> frame)
    {
        var length = ReadLength(Take(frame, WordBytes), frame.Length - WordBytes);
        return Take(frame[WordBytes..], length);
    }

    private static AbiValue ReadText(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException wrong)
        {
            throw new AbiException("A string is not UTF-8.", wrong);
        }
    }

    /// <summary>A length or an offset.</summary>
    private static int ReadLength(ReadOnlySpan<byte> head, int max)
    {
        var length = BinaryPrimitives.ReadUInt64BigEndian(head[(WordBytes - sizeof(ulong))..]);
        return head[..(WordBytes - sizeof(ulong))].ContainsAnyExcept((byte)0) || length > (ulong)max
            ? throw new AbiException("An offset or a length leaves the data.")
            : (int)length;
    }

    private ReadOnlySpan<byte> Take(ReadOnlySpan<byte> frame, int bytes)
    {
        if (bytes > frame.Length)
        {
            throw new AbiException("The data ends before its values.");
        }

        _budget -= bytes;
        return _budget >= 0 ? frame[..bytes] : throw new AbiException("Values overlap.");
    }
}
