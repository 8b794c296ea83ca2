using System.Buffers;
using Google.Protobuf.Reflection;

namespace Sdk.Core.Networking;

/// <summary>
/// What a protobuf message would cost, told from its bytes before it is parsed. Two bytes make an empty element of a list, which in
/// memory is an object of a hundred: a frame's limit alone would let a peer have fifty times of it.
/// </summary>
internal static class ProtobufShape
{
    /// <summary>Parts that any message may have, whatever its length: some 64 KiB of objects.</summary>
    private const int FreeParts = 512;

    /// <summary>Beyond those, a part for so many bytes: keys, hashes, addresses and names are longer.</summary>
    private const int BytesPerPart = 32;

    /// <summary>Deeper nesting than any message here has; the parser refuses what is deeper still.</summary>
    private const int MaxDepth = 16;

    private const int Varint64 = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int StartGroup = 3;
    private const int Fixed32 = 5;

    /// <summary>
    /// False where the message has far more parts than its length explains, ends within one, or has a group: obsolete, known to no message here,
    /// and a byte for each level of nesting, of which a hundred make the parser's refusal cost hundreds of KiB. Also where it has the same
    /// message of a choice (<c>oneof</c>) twice: the parser copies what it has anew each time, so that many cost the square of their number, and
    /// no encoder writes that. What else is no message is left to the parser.
    /// </summary>
    public static bool IsBearable(MessageDescriptor descriptor, ReadOnlySequence<byte> message)
    {
        var left = FreeParts + (message.Length / BytesPerPart);
        Count(descriptor, message, ref left, depth: 0);
        return left >= 0;
    }

    private static void Count(MessageDescriptor descriptor, ReadOnlySequence<byte> message, ref long left, int depth)
    {
        var reader = new SequenceReader<byte>(message);
        var seen = 0UL;
        while (left >= 0 && !reader.End && TryReadNumber(ref reader, out var tag))
        {
            var field = descriptor.FindFieldByNumber((int)(tag >> 3));
            var type = (int)(tag & 7);
            left -= type == StartGroup ? long.MaxValue : type == Delimited || field is null || field.IsRepeated ? 1 : 0;
            var length = type switch
            {
                Varint64 => TryReadNumber(ref reader, out _) ? 0 : long.MaxValue,
                Fixed64 => sizeof(ulong),
                Fixed32 => sizeof(uint),
                Delimited => TryReadNumber(ref reader, out var delimited) ? (long)Math.Min(delimited, long.MaxValue) : long.MaxValue,

                // What the parser refuses.
                _ => 0,
            };
            if (length > reader.Remaining)
            {
                // Cut off: the parser would find it out at the bottom of whatever is nested in it.
                left = -1;
                return;
            }

            if (type == Delimited && field?.FieldType == FieldType.Message && depth < MaxDepth)
            {
                if (field.RealContainingOneof is not null && IsSeen(ref seen, field.FieldNumber))
                {
                    left = -1;
                    return;
                }

                Count(field.MessageType, reader.UnreadSequence.Slice(0, length), ref left, depth + 1);
            }

            reader.Advance(length);
        }
    }

    /// <summary>Fields beyond the sixty-fourth, which no message here has, count as seen together.</summary>
    private static bool IsSeen(ref ulong seen, int number)
    {
        var bit = 1UL << Math.Min(number, 63);
        var isSeen = (seen & bit) != 0;
        seen |= bit;
        return isSeen;
    }

    /// <summary>A varint as protobuf has it: up to ten bytes, any form.</summary>
    private static bool TryReadNumber(ref SequenceReader<byte> reader, out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 70 && reader.TryRead(out var b); shift += 7)
        {
            number |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
