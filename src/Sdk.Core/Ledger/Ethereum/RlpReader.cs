namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// Reads Ethereum's recursive length prefix (Yellow Paper, appendix B): a sequence of items, each a string of bytes or a list of items.
/// Only the one canonical encoding of each item is taken; a length is checked before anything else is done with it. Nothing is copied
/// or allocated, and a list is entered only where the caller asks for it, so depth costs nothing by itself.
/// </summary>
/// <remarks>Every method throws <see cref="LedgerException"/> (<see cref="LedgerFailure.Malformed"/>) where the bytes are something else.</remarks>
internal ref struct RlpReader
{
    private const byte StringStart = 0x80;
    private const byte ListStart = 0xC0;

    /// <summary>The longest payload whose length stands in the first byte.</summary>
    private const int ShortLengthMax = 55;

    private ReadOnlySpan<byte> _rest;

    /// <summary>A reader of the items that stand in these bytes one after another.</summary>
    public RlpReader(ReadOnlySpan<byte> items) => _rest = items;

    /// <summary>Whether no item is left.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Whether the next item is a list.</summary>
    public readonly bool IsAtList => !_rest.IsEmpty && _rest[0] >= ListStart;

    /// <summary>A string of bytes, where it stands.</summary>
    public ReadOnlySpan<byte> ReadBytes() => IsAtList ? throw Malformed("a list stands where bytes should") : Next();

    /// <summary>A string of exactly so many bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes(int lengthBytes)
    {
        var bytes = ReadBytes();
        return bytes.Length == lengthBytes ? bytes : throw Malformed($"{bytes.Length} bytes stand where {lengthBytes} should");
    }

    /// <summary>A number of at most 256 bits: big-endian, without leading zeros, zero as no bytes.</summary>
    public TokenAmount ReadNumber()
    {
        var bytes = ReadBytes();
        if (bytes.Length > TokenAmount.LengthBytes || (!bytes.IsEmpty && bytes[0] == 0))
        {
            throw Malformed("a number is too long or has leading zeros");
        }

        Span<byte> word = stackalloc byte[TokenAmount.LengthBytes];
        word.Clear();
        bytes.CopyTo(word[^bytes.Length..]);
        return TokenAmount.FromBytes(word);
    }

    /// <summary>A number of at most 64 bits.</summary>
    public ulong ReadUInt64() => ReadNumber().TryToBaseUnits(out var number) && number <= ulong.MaxValue
        ? (ulong)number
        : throw Malformed("a number has more than 64 bits");

    /// <summary>The items of a list.</summary>
    public RlpReader ReadList() => IsAtList ? new RlpReader(Next()) : throw Malformed("bytes stand where a list should");

    /// <summary>That no item is left.</summary>
    public readonly void ReadEnd()
    {
        if (!IsAtEnd)
        {
            throw Malformed("something stands after the end");
        }
    }

    private static LedgerException Malformed(string what) => new(LedgerFailure.Malformed, $"RLP is malformed: {what}.");

    private ReadOnlySpan<byte> Next()
    {
        if (_rest.IsEmpty)
        {
            throw Malformed("an item is missing");
        }

        var first = _rest[0];
        if (first < StringStart)
        {
            return Take(headerBytes: 0, lengthBytes: 1);
        }

        var start = first >= ListStart ? ListStart : StringStart;
        var length = first - start;
        if (length > ShortLengthMax)
        {
            return TakeLong(lengthOfLength: length - ShortLengthMax);
        }

        var bytes = Take(headerBytes: 1, length);
        return start == StringStart && length == 1 && bytes[0] < StringStart ? throw Malformed("a small byte has a prefix") : bytes;
    }

    private ReadOnlySpan<byte> TakeLong(int lengthOfLength)
    {
        // Four bytes of length are 4 GiB: more than any span.
        if (lengthOfLength > sizeof(int) || lengthOfLength >= _rest.Length)
        {
            throw Malformed("a length leaves the data");
        }

        long length = 0;
        foreach (var digit in _rest.Slice(1, lengthOfLength))
        {
            length = (length << 8) | digit;
        }

        return _rest[1] != 0 && length > ShortLengthMax
            ? Take(1 + lengthOfLength, length)
            : throw Malformed("a length is not written in the shortest way");
    }

    private ReadOnlySpan<byte> Take(int headerBytes, long lengthBytes)
    {
        if (lengthBytes > _rest.Length - headerBytes)
        {
            throw Malformed("a length leaves the data");
        }

        var payload = _rest.Slice(headerBytes, (int)lengthBytes);
        _rest = _rest[(headerBytes + payload.Length)..];
        return payload;
    }
}
