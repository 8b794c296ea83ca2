using System.Buffers;

namespace Sdk.Core.Networking;

/// <summary>
/// Unsigned varints of the multiformats specification: seven bits per byte, least significant first, at most nine bytes,
/// and only the shortest form, so that every number has one encoding.
/// </summary>
internal static class Varint
{
    /// <summary>The specification stops at nine bytes (63 bits), so that a decoder never has to shift past its word.</summary>
    public const int MaxBytes = 9;

    public static int LengthOf(ulong value)
    {
        var length = 1;
        while ((value >>= 7) != 0)
        {
            length++;
        }

        return length;
    }

    /// <summary>Writes <paramref name="value"/> and returns the bytes used.</summary>
    public static int Write(Span<byte> destination, ulong value)
    {
        var i = 0;
        while (value >= 0x80)
        {
            destination[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[i++] = (byte)value;
        return i;
    }

    /// <summary>
    /// Reads one number from the start of <paramref name="source"/>. <see cref="OperationStatus.NeedMoreData"/> means a longer source
    /// may hold it; <see cref="OperationStatus.InvalidData"/> means that it never will (too long, or not the shortest form).
    /// </summary>
    public static OperationStatus TryRead(ReadOnlySpan<byte> source, out ulong value, out int consumed)
    {
        value = 0;
        for (var i = 0; i < source.Length; i++)
        {
            if (i == MaxBytes)
            {
                break;
            }

            var b = source[i];
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                consumed = i + 1;
                return b == 0 && i > 0 ? OperationStatus.InvalidData : OperationStatus.Done;
            }
        }

        consumed = 0;
        return source.Length >= MaxBytes ? OperationStatus.InvalidData : OperationStatus.NeedMoreData;
    }
}
