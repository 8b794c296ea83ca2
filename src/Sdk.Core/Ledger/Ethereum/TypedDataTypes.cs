using System.Globalization;
using System.Text;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>The structs of a document of typed data. They may use each other in any way, themselves included.</summary>
internal sealed class TypedDataTypes
{
    private const int TypesMax = 64;
    private const int FieldsMax = 64;
    private const int NameLengthMax = 64;
    private const int ArrayDepthMax = 16;

    private readonly Dictionary<string, IReadOnlyList<TypedDataField>> _structs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Hash256> _hashes = new(StringComparer.Ordinal);

    public TypedDataTypes(JsonElement types)
    {
        foreach (var type in types.EnumerateObject())
        {
            if (type.Value.ValueKind != JsonValueKind.Array || type.Value.GetArrayLength() > FieldsMax || _structs.Count == TypesMax)
            {
                throw TypedData.Refused("there are too many types, or a type is no list, or too long");
            }

            Add(type.Name, [.. type.Value.EnumerateArray().Select(ReadField)]);
        }

        foreach (var field in _structs.Values.SelectMany(fields => fields))
        {
            Resolve(field.Type);
        }
    }

    public bool Has(string name) => _structs.ContainsKey(name);

    public IReadOnlyList<TypedDataField> FieldsOf(string name) =>
        _structs.TryGetValue(name, out var fields) ? fields : throw TypedData.Refused($"there is no type '{Shown(name)}'");

    public void Add(string name, IReadOnlyList<TypedDataField> fields)
    {
        if (!IsName(name) || AbiType.TryParse(name, out _) || fields.DistinctBy(field => field.Name).Count() != fields.Count)
        {
            throw TypedData.Refused("a type bears no proper name, or has a field twice");
        }

        _structs.Add(name, fields);
    }

    /// <summary>EIP-712's encodeType: the type, then all that it uses, by name.</summary>
    public string EncodeType(string name)
    {
        var used = new SortedSet<string>(StringComparer.Ordinal);
        Collect(name, used);
        used.Remove(name);
        var text = new StringBuilder();
        foreach (var type in used.Prepend(name))
        {
            text.Append(type).Append('(').AppendJoin(',', FieldsOf(type).Select(field => $"{field.Type} {field.Name}")).Append(')');
        }

        return text.ToString();
    }

    /// <summary>The hash of <see cref="EncodeType"/>, computed once for each type.</summary>
    public Hash256 TypeHash(string name)
    {
        if (!_hashes.TryGetValue(name, out var hash))
        {
            hash = Keccak256.Hash(Encoding.UTF8.GetBytes(EncodeType(name)));
            _hashes[name] = hash;
        }

        return hash;
    }

    /// <summary>Takes the last brackets off: the type of the elements, and how many there must be; null where any number will do.</summary>
    public static (string Element, int? Count) ElementOf(string arrayType)
    {
        var open = arrayType.LastIndexOf('[');
        var digits = arrayType.AsSpan((open + 1)..^1);
        return (arrayType[..open], digits.IsEmpty ? null : int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private static TypedDataField ReadField(JsonElement field)
    {
        if (field.ValueKind != JsonValueKind.Object
            || !field.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String
            || !field.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String
            || !IsName(name.GetString()!))
        {
            throw TypedData.Refused("a field has no proper name or no type");
        }

        return new TypedDataField(name.GetString()!, type.GetString()!);
    }

    /// <summary>An identifier as Solidity has them.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameLengthMax
        && !char.IsAsciiDigit(name[0])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '$');

    private static string Shown(string name) => name[..Math.Min(name.Length, NameLengthMax)];

    private void Collect(string name, SortedSet<string> used)
    {
        if (!used.Add(name))
        {
            return;
        }

        foreach (var field in FieldsOf(name))
        {
            if (Resolve(field.Type) is { } inner)
            {
                Collect(inner, used);
            }
        }
    }

    /// <summary>The struct that a type comes down to under its brackets; null where it is one of the ABI's own.</summary>
    private string? Resolve(string type)
    {
        var word = type;
        for (var depth = 0; word.EndsWith(']'); depth++)
        {
            var open = word.LastIndexOf('[');
            var digits = word.AsSpan((open + 1)..^1);
            if (open < 0 || depth == ArrayDepthMax || (!digits.IsEmpty && !IsCount(digits)))
            {
                throw TypedData.Refused($"'{Shown(type)}' is no type");
            }

            word = word[..open];
        }

        if (Has(word))
        {
            return word;
        }

        return AbiType.TryParse(word, out var atomic) && atomic.Kind != AbiTypeKind.Tuple && atomic.ToString() == word
            ? null
            : throw TypedData.Refused($"there is no type '{Shown(word)}'");
    }

    private static bool IsCount(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _) && (digits[0] != '0' || digits.Length == 1);
}
