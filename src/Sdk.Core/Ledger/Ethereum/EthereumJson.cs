using System.Globalization;
using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// Values as Ethereum's JSON-RPC writes them (execution-apis, "Hex value encoding"): quantities as 0x and hexadecimal digits, bytes as 0x
/// and two digits each. What a node answers is read here, so every reader throws <see cref="LedgerException"/>
/// (<see cref="LedgerFailure.Untrustworthy"/>) where it is something else.
/// </summary>
internal static class EthereumJson
{
    private const int QuantityDigitsMax = 2 * TokenAmount.LengthBytes;

    public static string Quantity(ulong number) => $"0x{number:x}";

    public static string Quantity(TokenAmount number)
    {
        var digits = number.ToWord().ToString().AsSpan().TrimStart('0');
        return digits.IsEmpty ? "0x0" : $"0x{digits}";
    }

    public static string Data(ReadOnlySpan<byte> bytes) => $"0x{Convert.ToHexStringLower(bytes)}";

    public static JsonElement Member(JsonElement parent, string name) => TryMember(parent, name, out var member) ? member : throw Wrong($"'{name}' is missing");

    /// <summary>A member that may be null or missing.</summary>
    public static JsonElement? Optional(JsonElement parent, string name) =>
        TryMember(parent, name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    /// <summary>A member that may be missing.</summary>
    public static bool TryMember(JsonElement parent, string name, out JsonElement member)
    {
        member = default;
        try
        {
            return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out member);
        }
        catch (InvalidOperationException broken)
        {
            // What JsonElement throws where a name holds half of a surrogate pair.
            throw new LedgerException(LedgerFailure.Untrustworthy, "The node's answer is not Unicode.", broken);
        }
    }

    public static TokenAmount Amount(JsonElement value)
    {
        var digits = Digits(value);
        if (digits.Length is 0 or > QuantityDigitsMax)
        {
            throw Wrong("a quantity is empty or has more than 256 bits");
        }

        Span<byte> word = stackalloc byte[TokenAmount.LengthBytes];
        var padded = digits.PadLeft(QuantityDigitsMax, '0');
        return Convert.FromHexString(padded, word, out _, out _) == System.Buffers.OperationStatus.Done
            ? TokenAmount.FromBytes(word)
            : throw Wrong("a quantity is not hexadecimal");
    }

    public static ulong UInt64(JsonElement value)
    {
        var digits = Digits(value);
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong("a quantity is not hexadecimal, or has more than 64 bits");
    }

    public static byte[] Bytes(JsonElement value)
    {
        var digits = Digits(value);
        var bytes = new byte[digits.Length / 2];
        return digits.Length % 2 == 0 && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? bytes
            : throw Wrong("bytes are not hexadecimal");
    }

    public static Hash256 Hash(JsonElement value) => Hash256.FromBytes(Bytes(value, Hash256.LengthBytes));

    public static AccountAddress Address(JsonElement value) => AccountAddress.FromBytes(Bytes(value, AccountAddress.LengthBytes));

    public static bool Boolean(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong("a boolean is none");

    /// <summary>The items of an array, at most so many.</summary>
    public static IReadOnlyList<T> List<T>(JsonElement value, Func<JsonElement, T> read, int max = int.MaxValue) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= max ? [.. value.EnumerateArray().Select(read)] : throw Wrong("a list is none, or too long");

    public static LedgerException Wrong(string what) => new(LedgerFailure.Untrustworthy, $"The node's answer cannot be true: {what}.");

    private static byte[] Bytes(JsonElement value, int length)
    {
        var bytes = Bytes(value);
        return bytes.Length == length ? bytes : throw Wrong($"{bytes.Length} bytes stand where {length} should");
    }

    private static string Digits(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Wrong("a value is no text");
        }

        try
        {
            var text = value.GetString()!;
            return text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : throw Wrong("a value does not start with 0x");
        }
        catch (InvalidOperationException broken)
        {
            // What JsonElement throws where a text holds half of a surrogate pair.
            throw new LedgerException(LedgerFailure.Untrustworthy, "The node's answer is not Unicode.", broken);
        }
    }
}
