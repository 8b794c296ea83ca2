using System.Numerics;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Abi;

/// <summary>
/// A value of any ABI type: a number (also a boolean or an address), bytes, a text, or a list (an array or a tuple). It does not know
/// its <see cref="AbiType"/>; <see cref="AbiCodec"/> checks that it fits. Immutable, as long as nobody changes bytes that it was given.
/// </summary>
public readonly struct AbiValue : IEquatable<AbiValue>
{
    private const int WordBytes = 32;

    // Bytes of a type such as bytes4 stand at the start of the word, as they travel; numbers are two's complement.
    private readonly TokenAmount _word;
    private readonly object? _reference;
    private readonly Form _form;
    private readonly byte _fixedBytes;
    private readonly bool _isNegative;

    private AbiValue(Form form, TokenAmount word, object? reference = null, int fixedBytes = 0, bool isNegative = false) =>
        (_form, _word, _reference, _fixedBytes, _isNegative) = (form, word, reference, (byte)fixedBytes, isNegative);

    private enum Form : byte
    {
        Number,
        FixedBytes,
        Bytes,
        Text,
        List,
    }

    /// <summary>The elements of an array, the members of a tuple.</summary>
    /// <exception cref="InvalidOperationException">It is no list.</exception>
    public IReadOnlyList<AbiValue> Items => (AbiValue[])Reference(Form.List);

    internal AbiValue[] ItemArray => (AbiValue[])Reference(Form.List);

    internal bool IsNumber => _form == Form.Number;

    internal bool IsNegative => _isNegative;

    internal bool IsList => _form == Form.List;

    internal bool IsText => _form == Form.Text;

    internal bool IsBytes => _form == Form.Bytes;

    /// <summary>The length of a value such as bytes4; zero of any other.</summary>
    internal int FixedBytesLength => _fixedBytes;

    internal TokenAmount Word => _word;

    /// <summary>A signed or unsigned number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below −2^255 or above 2^256 − 1.</exception>
    public static AbiValue Number(BigInteger number)
    {
        Span<byte> word = stackalloc byte[WordBytes];
        word.Fill(number.Sign < 0 ? (byte)0xFF : (byte)0);
        var isUnsigned = number.Sign >= 0;
        var length = number.GetByteCount(isUnsigned);
        if (length > WordBytes || !number.TryWriteBytes(word[^length..], out _, isUnsigned, isBigEndian: true))
        {
            throw new ArgumentOutOfRangeException(nameof(number), "A number of the ABI has at most 256 bits.");
        }

        return number.Sign >= 0 || (sbyte)word[0] < 0
            ? NumberOfWord(word, isNegative: number.Sign < 0)
            : throw new ArgumentOutOfRangeException(nameof(number), "A negative number of the ABI is not below -2^255.");
    }

    /// <summary>A value of a type bytes1 to bytes32.</summary>
    /// <exception cref="ArgumentException">There are none, or more than 32.</exception>
    public static AbiValue FixedBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > WordBytes)
        {
            throw new ArgumentException($"Fixed bytes are 1 to {WordBytes}, not {bytes.Length}.", nameof(bytes));
        }

        Span<byte> word = stackalloc byte[WordBytes];
        word.Clear();
        bytes.CopyTo(word);
        return new(Form.FixedBytes, TokenAmount.FromBytes(word), fixedBytes: bytes.Length);
    }

    /// <summary>A value of type bytes, without a copy.</summary>
    public static AbiValue Bytes(byte[] bytes) => new(Form.Bytes, default, bytes ?? throw new ArgumentNullException(nameof(bytes)));

    /// <summary>An array or a tuple.</summary>
    public static AbiValue List(params AbiValue[] items) => new(Form.List, default, items ?? throw new ArgumentNullException(nameof(items)));

    /// <summary>A number that is not negative.</summary>
    public static implicit operator AbiValue(TokenAmount number) => new(Form.Number, number);

    /// <summary>A number that is not negative.</summary>
    public static implicit operator AbiValue(ulong number) => new(Form.Number, number);

    /// <summary>A boolean.</summary>
    public static implicit operator AbiValue(bool value) => new(Form.Number, value ? 1UL : 0UL);

    /// <summary>An address.</summary>
    public static implicit operator AbiValue(AccountAddress address)
    {
        Span<byte> word = stackalloc byte[WordBytes];
        word.Clear();
        address.CopyTo(word[^AccountAddress.LengthBytes..]);
        return TokenAmount.FromBytes(word);
    }

    /// <summary>A value of type bytes32.</summary>
    public static implicit operator AbiValue(Hash256 word) => FixedBytes(word.Bytes);

    /// <summary>A text.</summary>
    public static implicit operator AbiValue(string text) => new(Form.Text, default, text ?? throw new ArgumentNullException(nameof(text)));

    /// <summary>A number that is not negative.</summary>
    /// <exception cref="InvalidOperationException">It is no such number.</exception>
    public TokenAmount ToAmount() => IsNumber && !_isNegative ? _word : throw No("unsigned number");

    /// <summary>A number with its sign.</summary>
    /// <exception cref="InvalidOperationException">It is no number.</exception>
    public BigInteger ToInteger()
    {
        if (!IsNumber)
        {
            throw No("number");
        }

        Span<byte> word = stackalloc byte[WordBytes];
        _word.CopyTo(word);
        return new BigInteger(word, isUnsigned: !_isNegative, isBigEndian: true);
    }

    /// <summary>A boolean.</summary>
    /// <exception cref="InvalidOperationException">It is none.</exception>
    public bool ToBoolean() => IsNumber && _word <= 1 ? !_word.IsZero : throw No("boolean");

    /// <summary>An address.</summary>
    /// <exception cref="InvalidOperationException">It is none.</exception>
    public AccountAddress ToAddress()
    {
        Span<byte> word = stackalloc byte[WordBytes];
        ToAmount().CopyTo(word);
        return word[..^AccountAddress.LengthBytes].ContainsAnyExcept((byte)0) ? throw No("address") : AccountAddress.FromBytes(word[^AccountAddress.LengthBytes..]);
    }

    /// <summary>Bytes, of a fixed length or any.</summary>
    /// <exception cref="InvalidOperationException">It is none.</exception>
    public ReadOnlyMemory<byte> ToBytes() => _form == Form.FixedBytes ? _word.ToArray().AsMemory(0, _fixedBytes) : (byte[])Reference(Form.Bytes);

    /// <summary>A text.</summary>
    /// <exception cref="InvalidOperationException">It is none.</exception>
    public string ToText() => (string)Reference(Form.Text);

    /// <inheritdoc/>
    public bool Equals(AbiValue other) => _form == other._form && _word == other._word && _fixedBytes == other._fixedBytes && _isNegative == other._isNegative && _form switch
    {
        Form.Bytes => ((byte[])_reference!).AsSpan().SequenceEqual((byte[])other._reference!),
        Form.Text => (string)_reference! == (string)other._reference!,
        Form.List => ItemArray.AsSpan().SequenceEqual(other.ItemArray),
        _ => true,
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AbiValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(_form);
        hash.Add(_word);
        if (_reference is byte[] bytes)
        {
            hash.AddBytes(bytes);
        }
        else if (_reference is AbiValue[] items)
        {
            hash.Add(items.Length);
        }
        else
        {
            hash.Add(_reference);
        }

        return hash.ToHashCode();
    }

    /// <summary>For people: numbers in decimal digits, bytes in hexadecimal, lists in parentheses.</summary>
    public override string ToString() => _form switch
    {
        Form.Number => ToInteger().ToString(System.Globalization.CultureInfo.InvariantCulture),
        Form.Text => $"\"{_reference}\"",
        Form.List => $"({string.Join(", ", ItemArray)})",
        _ => $"0x{Convert.ToHexStringLower(ToBytes().Span)}",
    };

    /// <summary>Equality of form and content.</summary>
    public static bool operator ==(AbiValue left, AbiValue right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(AbiValue left, AbiValue right) => !left.Equals(right);

    internal static AbiValue NumberOfWord(ReadOnlySpan<byte> word, bool isNegative) => new(Form.Number, TokenAmount.FromBytes(word), isNegative: isNegative);

    internal static AbiValue FixedBytesOfWord(ReadOnlySpan<byte> word, int length) => new(Form.FixedBytes, TokenAmount.FromBytes(word), fixedBytes: length);

    private static InvalidOperationException No(string what) => new($"The value is no {what}.");

    private object Reference(Form form) => _form == form ? _reference! : throw No(form switch
    {
        Form.List => "list",
        Form.Text => "text",
        _ => "bytes",
    });
}
