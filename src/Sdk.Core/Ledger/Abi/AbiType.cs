using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// A type of Solidity's ABI, such as <c>(uint256,(address,bytes)[2],string[])</c>: integers, addresses, booleans, bytes, strings, arrays
/// of fixed and of any length, tuples. Immutable and safe for many threads.
/// </summary>
public sealed class AbiType : IEquatable<AbiType>
{
    /// <summary>How deep arrays and tuples may lie in each other.</summary>
    public const int DepthMax = 16;

    /// <summary>The longest text that is read, in characters.</summary>
    public const int TextLengthMax = 4096;

    /// <summary>The longest head that a value may have (1 MiB): bounds what <c>uint8[100000][100000]</c> asks for.</summary>
    public const int HeadBytesMax = 1 << 20;

    private const int WordBytes = 32;
    private const int WordBits = 256;

    private readonly string _text;

    private AbiType(AbiTypeKind kind, string text, int size, IReadOnlyList<AbiType> components, bool isDynamic, long headBytes, int depth) =>
        (Kind, _text, Size, Components, IsDynamic, StaticBytes, Depth) = (kind, text, size, components, isDynamic, (int)headBytes, depth);

    /// <summary>The kind.</summary>
    public AbiTypeKind Kind { get; }

    /// <summary>Bits of an integer, bytes of fixed bytes, elements of a fixed array; otherwise zero.</summary>
    public int Size { get; }

    /// <summary>The members of a tuple; of an array the one type of its elements; otherwise none.</summary>
    public IReadOnlyList<AbiType> Components { get; }

    /// <summary>Whether its length depends on the value: it stands in the tail, and the head holds its offset.</summary>
    public bool IsDynamic { get; }

    /// <summary>What a value takes in the head of what it stands in: 32 bytes of offset where it is dynamic, otherwise the value itself.</summary>
    public int HeadBytes => IsDynamic ? WordBytes : StaticBytes;

    /// <summary>Of a static type the value's length; of a dynamic fixed array or tuple that of its own head.</summary>
    internal int StaticBytes { get; }

    /// <summary>How many arrays and tuples lie in each other.</summary>
    internal int Depth { get; }

    /// <summary>The type of an array's elements.</summary>
    internal AbiType Element => Components[0];

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is no type, or one that is too deep or too large.</exception>
    public static AbiType Parse(ReadOnlySpan<char> text) => TryParse(text, out var type)
        ? type
        : throw new FormatException($"'{text[..Math.Min(text.Length, 100)]}' is no type of the ABI, or it is too deep or too large.");

    /// <summary>
    /// Reads a type without spaces and names. <c>uint</c> and <c>int</c> mean 256 bits. Function types and fixed-point numbers, which
    /// contracts do not use, arrays of no elements, empty tuples inside other types, and whatever is beyond the limits of this class are refused.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out AbiType? type)
    {
        type = null;
        if (text.Length > TextLengthMax)
        {
            return false;
        }

        type = text is "()" ? TupleOf([]) : ParseNext(ref text, depth: 0);
        type = type is null || text is not ("" or "()") ? null : type;
        return type is not null;
    }

    /// <summary>The tuple of these types, such as a function's arguments.</summary>
    /// <exception cref="ArgumentException">It is too deep or too large.</exception>
    public static AbiType Tuple(params ReadOnlySpan<AbiType> members) =>
        TupleOf(members.ToArray()) ?? throw new ArgumentException("The tuple is too deep or too large.", nameof(members));

    /// <summary>The canonical text, of which selectors and topics are made.</summary>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public bool Equals(AbiType? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AbiType);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Reads a type from the start of the text, and leaves what follows.</summary>
    private static AbiType? ParseNext(ref ReadOnlySpan<char> text, int depth)
    {
        if (depth > DepthMax)
        {
            return null;
        }

        var type = text.StartsWith("(") ? ParseTuple(ref text, depth) : ParseWord(ref text);
        while (type is not null && text.StartsWith("["))
        {
            var close = text.IndexOf(']');
            type = close < 0 ? null : ArrayOf(type, text[1..close]);
            text = text[(close + 1)..];
        }

        return type;
    }

    private static AbiType? ParseTuple(ref ReadOnlySpan<char> text, int depth)
    {
        var members = new List<AbiType>();
        do
        {
            text = text[1..];
            if (ParseNext(ref text, depth + 1) is not { } member)
            {
                return null;
            }

            members.Add(member);
        }
        while (text.StartsWith(","));

        if (!text.StartsWith(")"))
        {
            return null;
        }

        text = text[1..];
        return TupleOf(members);
    }

    private static AbiType? ParseWord(ref ReadOnlySpan<char> text)
    {
        var length = text.IndexOfAny(",)[");
        var word = length < 0 ? text : text[..length];
        text = text[word.Length..];
        return word switch
        {
            "address" => Word(AbiTypeKind.Address, "address", 0),
            "bool" => Word(AbiTypeKind.Boolean, "bool", 0),
            "bytes" => Tail(AbiTypeKind.Bytes, "bytes"),
            "string" => Tail(AbiTypeKind.Text, "string"),
            "uint" => Word(AbiTypeKind.UnsignedInteger, "uint256", WordBits),
            "int" => Word(AbiTypeKind.SignedInteger, "int256", WordBits),
            _ when word.StartsWith("uint") => Sized(AbiTypeKind.UnsignedInteger, word, "uint".Length, step: 8, WordBits),
            _ when word.StartsWith("int") => Sized(AbiTypeKind.SignedInteger, word, "int".Length, step: 8, WordBits),
            _ when word.StartsWith("bytes") => Sized(AbiTypeKind.FixedBytes, word, "bytes".Length, step: 1, WordBytes),
            _ => null,
        };
    }

    private static AbiType? Sized(AbiTypeKind kind, ReadOnlySpan<char> word, int prefix, int step, int max) =>
        TryReadCount(word[prefix..], max, out var size) && size % step == 0 ? Word(kind, word.ToString(), size) : null;

    /// <summary>A number from 1, without sign or leading zeros.</summary>
    private static bool TryReadCount(ReadOnlySpan<char> digits, int max, out int count) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count >= 1 && count <= max && digits[0] != '0';

    private static AbiType Word(AbiTypeKind kind, string text, int size) => new(kind, text, size, [], isDynamic: false, WordBytes, depth: 0);

    private static AbiType Tail(AbiTypeKind kind, string text) => new(kind, text, 0, [], isDynamic: true, headBytes: 0, depth: 0);

    private static AbiType? ArrayOf(AbiType element, ReadOnlySpan<char> count)
    {
        var text = $"{element._text}[{count}]";
        var depth = element.Depth + 1;
        if (depth > DepthMax || element.Components is [] && element.Kind == AbiTypeKind.Tuple)
        {
            return null;
        }

        if (count.IsEmpty)
        {
            return new AbiType(AbiTypeKind.Array, text, 0, [element], isDynamic: true, headBytes: 0, depth);
        }

        return TryReadCount(count, HeadBytesMax / element.HeadBytes, out var size)
            ? new AbiType(AbiTypeKind.FixedArray, text, size, [element], element.IsDynamic, (long)size * element.HeadBytes, depth)
            : null;
    }

    private static AbiType? TupleOf(IReadOnlyList<AbiType> members)
    {
        var headBytes = members.Sum(member => (long)member.HeadBytes);
        var depth = 1 + members.Select(member => member.Depth).DefaultIfEmpty(0).Max();
        var text = $"({string.Join(',', members)})";
        return depth > DepthMax || headBytes > HeadBytesMax || text.Length > TextLengthMax
            ? null
            : new AbiType(AbiTypeKind.Tuple, text, 0, members, members.Any(member => member.IsDynamic), headBytes, depth);
    }
}
