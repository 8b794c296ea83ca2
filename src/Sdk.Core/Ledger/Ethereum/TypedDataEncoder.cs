using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>EIP-712's encodeData of JSON values. How deep they lie in each other, the JSON reader bounds (64).</summary>
internal sealed class TypedDataEncoder(TypedDataTypes types)
{
    private const int WordBytes = Hash256.LengthBytes;

    /// <summary>−2^255 in decimal digits has 78 characters, and so has 2^256 − 1.</summary>
    private const int NumberLengthMax = 78;

    /// <summary>The type's hash, and a word for each field.</summary>
    public byte[] EncodeStruct(string name, JsonElement value)
    {
        var fields = types.FieldsOf(name);
        if (value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() != fields.Count)
        {
            throw TypedData.Refused($"a value of '{name}' is no object, or has other fields");
        }

        var words = new byte[(1 + fields.Count) * WordBytes];
        types.TypeHash(name).CopyTo(words);
        for (var i = 0; i < fields.Count; i++)
        {
            if (!value.TryGetProperty(fields[i].Name, out var field))
            {
                throw TypedData.Refused($"'{fields[i].Name}' is missing");
            }

            EncodeField(fields[i].Type, field, words.AsSpan((1 + i) * WordBytes, WordBytes));
        }

        return words;
    }

    private void EncodeField(string type, JsonElement value, Span<byte> word)
    {
        if (type.EndsWith(']'))
        {
            EncodeArray(type, value).CopyTo(word);
        }
        else if (types.Has(type))
        {
            Keccak256.Hash(EncodeStruct(type, value), word);
        }
        else
        {
            EncodeAtomic(AbiType.Parse(type), value, word);
        }
    }

    private Hash256 EncodeArray(string type, JsonElement value)
    {
        var (element, count) = TypedDataTypes.ElementOf(type);
        if (value.ValueKind != JsonValueKind.Array || (count is { } wanted && value.GetArrayLength() != wanted))
        {
            throw TypedData.Refused($"a value of '{type}' is no array, or of another length");
        }

        var words = new byte[value.GetArrayLength() * WordBytes];
        var place = 0;
        foreach (var item in value.EnumerateArray())
        {
            EncodeField(element, item, words.AsSpan(place, WordBytes));
            place += WordBytes;
        }

        return Keccak256.Hash(words);
    }

    private static void EncodeAtomic(AbiType type, JsonElement value, Span<byte> word)
    {
        switch (type.Kind)
        {
            case AbiTypeKind.Text when value.ValueKind == JsonValueKind.String:
                Keccak256.Hash(Encoding.UTF8.GetBytes(value.GetString()!), word);
                return;
            case AbiTypeKind.Bytes when TryReadHex(value, out var bytes):
                Keccak256.Hash(bytes, word);
                return;
            case AbiTypeKind.Text or AbiTypeKind.Bytes:
                break;
            default:
                if (ReadWord(type, value) is { } read && AbiWord.TryWrite(type, read, word))
                {
                    return;
                }

                break;
        }

        throw TypedData.Refused($"a value is no {type}");
    }

    private static AbiValue? ReadWord(AbiType type, JsonElement value) => type.Kind switch
    {
        AbiTypeKind.Boolean when value.ValueKind is JsonValueKind.True or JsonValueKind.False => (AbiValue)value.GetBoolean(),
        AbiTypeKind.Address when IsPrefixed(value) && AccountAddress.TryParse(value.GetString(), out var address) => (AbiValue)address,
        AbiTypeKind.FixedBytes when TryReadHex(value, out var bytes) && bytes.Length is > 0 and <= WordBytes => AbiValue.FixedBytes(bytes),
        AbiTypeKind.UnsignedInteger or AbiTypeKind.SignedInteger when TryReadNumber(value, out var number) => AbiValue.Number(number),
        _ => default(AbiValue?),
    };

    private static bool IsPrefixed(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString()!.StartsWith("0x", StringComparison.Ordinal);

    private static bool TryReadHex(JsonElement value, out byte[] bytes)
    {
        bytes = [];
        if (!IsPrefixed(value))
        {
            return false;
        }

        var hex = value.GetString().AsSpan(2);
        bytes = new byte[hex.Length / 2];
        return hex.Length % 2 == 0 && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>A JSON number without fraction or exponent, or a text of decimal digits, or of hexadecimal ones after 0x; below 2^256 in size.</summary>
    private static bool TryReadNumber(JsonElement value, out BigInteger number)
    {
        number = default;
        var text = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => value.GetString()!,
            _ => "",
        };
        if (text.Length is 0 or > NumberLengthMax)
        {
            return false;
        }

        // The zero in front keeps a first digit of 8 or more from meaning a negative number.
        var isRead = IsPrefixed(value)
            ? BigInteger.TryParse($"0{text.AsSpan(2)}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number) && text.Length > 2
            : BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && text[0] != '+';
        return isRead && (number.Sign >= 0 ? number.GetBitLength() <= 256 : number.GetBitLength() <= 255);
    }
}
