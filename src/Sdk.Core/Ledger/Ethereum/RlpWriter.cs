using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>Writes Ethereum's recursive length prefix, which <see cref="RlpReader"/> reads: items one after another.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class RlpWriter
{
    private const byte StringStart = 0x80;
    private const byte ListStart = 0xC0;
    private const int ShortLengthMax = 55;
    private const int HeaderBytesMax = 1 + sizeof(int);
    private const int BytesAtFirst = 256;

    private byte[] _buffer = new byte[BytesAtFirst];
    private int _end;

    /// <summary>The items written so far, without a list around them; valid until the next is written.</summary>
    public ReadOnlySpan<byte> Items => _buffer.AsSpan(0, _end);

    /// <summary>A string of bytes.</summary>
    public RlpWriter Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 1 && bytes[0] < StringStart)
        {
            bytes.CopyTo(Reserve(1));
            return this;
        }

        AddHeader(StringStart, bytes.Length);
        bytes.CopyTo(Reserve(bytes.Length));
        return this;
    }

    /// <summary>A number.</summary>
    public RlpWriter Add(TokenAmount number)
    {
        Span<byte> word = stackalloc byte[TokenAmount.LengthBytes];
        number.CopyTo(word);
        return Add(word.TrimStart((byte)0));
    }

    /// <summary>An address; nothing where there is none.</summary>
    public RlpWriter Add(AccountAddress? address) => address is { } known ? Add(known.Bytes) : Add([]);

    /// <summary>A list of the items that another writer holds.</summary>
    public RlpWriter AddList(RlpWriter items)
    {
        AddHeader(ListStart, items._end);
        items.Items.CopyTo(Reserve(items._end));
        return this;
    }

    /// <summary>What was written as one list, after a prefix.</summary>
    public byte[] ToList(ReadOnlySpan<byte> prefix = default)
    {
        Span<byte> header = stackalloc byte[HeaderBytesMax];
        var headerBytes = WriteHeader(header, ListStart, _end);
        return [.. prefix, .. header[..headerBytes], .. Items];
    }

    private static int WriteHeader(Span<byte> destination, byte start, int length)
    {
        if (length <= ShortLengthMax)
        {
            destination[0] = (byte)(start + length);
            return 1;
        }

        var digits = sizeof(int) - (System.Numerics.BitOperations.LeadingZeroCount((uint)length) / 8);
        destination[0] = (byte)(start + ShortLengthMax + digits);
        for (var i = 0; i < digits; i++)
        {
            destination[digits - i] = (byte)(length >> (8 * i));
        }

        return 1 + digits;
    }

    private void AddHeader(byte start, int length)
    {
        Span<byte> header = stackalloc byte[HeaderBytesMax];
        header = header[..WriteHeader(header, start, length)];
        header.CopyTo(Reserve(header.Length));
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_buffer.Length - _end < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _end + bytes));
        }

        _end += bytes;
        return _buffer.AsSpan(_end - bytes, bytes);
    }
}
