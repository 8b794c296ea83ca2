using System.Buffers.Binary;
using System.Globalization;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>
/// An amount of the ledger's token in base units, of which 10^18 make one token: a uint256 as ERC-20 contracts count, 0 to 2^256 − 1.
/// Arithmetic is checked. Where a division leaves a part of a base unit, the caller says where it goes.
/// </summary>
public readonly struct TokenAmount : IEquatable<TokenAmount>, IComparable<TokenAmount>
{
    /// <summary>Length in bytes of the big-endian form, a word of the ABI (EIP-712's encodeData too).</summary>
    public const int LengthBytes = 32;

    /// <summary>Decimals of the token: one is 10^18 base units.</summary>
    public const int Decimals = 18;

    /// <summary>Digits of 2^256 − 1.</summary>
    private const int DigitsMax = 78;

    private const int HalfBytes = LengthBytes / 2;

    /// <summary>As many decimal digits as a ulong surely holds, and their power of ten.</summary>
    private const int GroupDigits = 19;

    private const ulong GroupPower = 10_000_000_000_000_000_000;

    private readonly UInt128 _high;
    private readonly UInt128 _low;

    private TokenAmount(UInt128 high, UInt128 low) => (_high, _low) = (high, low);

    /// <summary>Nothing.</summary>
    public static TokenAmount Zero => default;

    /// <summary>2^256 − 1 base units.</summary>
    public static TokenAmount MaxValue => new(UInt128.MaxValue, UInt128.MaxValue);

    /// <summary>10^18 base units.</summary>
    public static TokenAmount OneToken => 1_000_000_000_000_000_000;

    /// <summary>Whether it is nothing.</summary>
    public bool IsZero => _low == 0 && _high == 0;

    /// <summary>So many base units.</summary>
    public static TokenAmount FromBaseUnits(UInt128 baseUnits) => new(0, baseUnits);

    /// <summary>So many whole tokens.</summary>
    public static TokenAmount FromTokens(ulong tokens) => OneToken * tokens;

    /// <summary>Takes 32 bytes, big-endian.</summary>
    /// <exception cref="ArgumentException">The length is not 32.</exception>
    public static TokenAmount FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == LengthBytes
        ? new TokenAmount(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[HalfBytes..]))
        : throw new ArgumentException($"A token amount has {LengthBytes} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is no amount of base units.</exception>
    public static TokenAmount Parse(ReadOnlySpan<char> baseUnits) => TryParse(baseUnits, out var amount)
        ? amount
        : throw new FormatException("An amount in base units is written with decimal digits alone, and is below 2^256.");

    /// <summary>Reads base units: 1 to 78 decimal digits and nothing else, below 2^256.</summary>
    public static bool TryParse(ReadOnlySpan<char> baseUnits, out TokenAmount amount)
    {
        amount = default;
        if (baseUnits.Length is 0 or > DigitsMax)
        {
            return false;
        }

        var read = Zero;
        while (!baseUnits.IsEmpty)
        {
            var group = baseUnits[..Math.Min(GroupDigits, baseUnits.Length)];
            baseUnits = baseUnits[group.Length..];
            if (!ulong.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || !TryMultiply(read, PowerOfTen(group.Length), out read)
                || !TryAdd(read, number, out read))
            {
                return false;
            }
        }

        amount = read;
        return true;
    }

    /// <summary>Reads what <see cref="TryParseTokens"/> reads.</summary>
    /// <exception cref="FormatException">The text is no amount of tokens.</exception>
    public static TokenAmount ParseTokens(ReadOnlySpan<char> tokens) => TryParseTokens(tokens, out var amount)
        ? amount
        : throw new FormatException($"An amount of tokens is written with digits, and at most {Decimals} more behind a point.");

    /// <summary>Reads tokens, such as <c>12</c> or <c>0.5</c>: digits, and after a point 1 to 18 more. No sign, no exponent, no separators.</summary>
    public static bool TryParseTokens(ReadOnlySpan<char> tokens, out TokenAmount amount)
    {
        amount = default;
        var point = tokens.IndexOf('.');
        var whole = point < 0 ? tokens : tokens[..point];
        var part = point < 0 ? "0" : tokens[(point + 1)..];
        if (part.Length is 0 or > Decimals
            || !TryParse(whole, out var wholeTokens)
            || !TryParse(part, out var partUnits)
            || !TryMultiply(wholeTokens, PowerOfTen(Decimals), out var wholeUnits))
        {
            return false;
        }

        return TryMultiply(partUnits, PowerOfTen(Decimals - part.Length), out partUnits) && TryAdd(wholeUnits, partUnits, out amount);
    }

    /// <summary>This amount × numerator / denominator, exact until the one division at the end.</summary>
    /// <param name="numerator">What to multiply by.</param>
    /// <param name="denominator">What to divide by.</param>
    /// <param name="rounding">Where a part of a base unit goes.</param>
    /// <exception cref="AmountOutOfRangeException">The result is 2^256 or more.</exception>
    /// <exception cref="DivideByZeroException">The denominator is zero.</exception>
    public TokenAmount MultiplyBy(TokenAmount numerator, TokenAmount denominator, TokenRounding rounding)
    {
        if (denominator.IsZero)
        {
            throw new DivideByZeroException("A token amount cannot be divided by zero.");
        }

        if (IsSmall && numerator.IsSmall && denominator._high == 0)
        {
            var (quotient, remainder) = UInt128.DivRem(_low * numerator._low, denominator._low);
            return new TokenAmount(0, rounding == TokenRounding.Up && remainder != 0 ? quotient + 1 : quotient);
        }

        return MultiplyWide(numerator, denominator, rounding);
    }

    /// <summary>This amount / divisor.</summary>
    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    public TokenAmount Divide(TokenAmount divisor, TokenRounding rounding) => MultiplyBy(1, divisor, rounding);

    /// <summary>Writes the 32 bytes, big-endian, to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than 32 bytes.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length < LengthBytes)
        {
            throw new ArgumentException($"A token amount takes {LengthBytes} bytes.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt128BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt128BigEndian(destination[HalfBytes..], _low);
    }

    /// <summary>The 32 bytes, big-endian, as a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The amount as base units of 128 bits; false where it has more.</summary>
    public bool TryToBaseUnits(out UInt128 baseUnits)
    {
        baseUnits = _low;
        return _high == 0;
    }

    /// <inheritdoc/>
    public bool Equals(TokenAmount other) => _low == other._low && _high == other._high;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TokenAmount other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_high, _low);

    /// <inheritdoc/>
    public int CompareTo(TokenAmount other) => _high == other._high ? _low.CompareTo(other._low) : _high.CompareTo(other._high);

    /// <summary>Base units in decimal digits; <see cref="Parse"/> reads them.</summary>
    public override string ToString()
    {
        if (_high == 0)
        {
            return _low.ToString(CultureInfo.InvariantCulture);
        }

        Span<char> digits = stackalloc char[DigitsMax + GroupDigits];
        var start = digits.Length;
        var rest = this;
        while (rest._high != 0)
        {
            rest = rest.DivideByGroup(out var group);
            start -= GroupDigits;
            group.TryFormat(digits[start..], out _, "D19", CultureInfo.InvariantCulture);
        }

        return string.Concat(rest._low.ToString(CultureInfo.InvariantCulture), digits[start..]);
    }

    /// <summary>Tokens, with as many decimals as there are, such as <c>12</c> or <c>0.5</c>; <see cref="ParseTokens"/> reads them.</summary>
    public string ToTokenString()
    {
        var digits = ToString().PadLeft(Decimals + 1, '0');
        var part = digits.AsSpan(digits.Length - Decimals).TrimEnd('0');
        var whole = digits.AsSpan(0, digits.Length - Decimals);
        return part.IsEmpty ? whole.ToString() : string.Concat(whole, ".", part);
    }

    /// <summary>So many base units.</summary>
    public static implicit operator TokenAmount(ulong baseUnits) => new(0, baseUnits);

    /// <summary>The sum.</summary>
    /// <exception cref="AmountOutOfRangeException">It is 2^256 or more.</exception>
    public static TokenAmount operator +(TokenAmount left, TokenAmount right) => TryAdd(left, right, out var sum) ? sum : throw TooMuch();

    /// <summary>The difference.</summary>
    /// <exception cref="AmountOutOfRangeException">It is below zero.</exception>
    public static TokenAmount operator -(TokenAmount left, TokenAmount right)
    {
        if (left < right)
        {
            throw new AmountOutOfRangeException("A difference of token amounts is below zero.");
        }

        var borrow = left._low < right._low ? UInt128.One : UInt128.Zero;
        return new TokenAmount(left._high - right._high - borrow, left._low - right._low);
    }

    /// <summary>The product.</summary>
    /// <exception cref="AmountOutOfRangeException">It is 2^256 or more.</exception>
    public static TokenAmount operator *(TokenAmount amount, ulong times) => TryMultiply(amount, times, out var product) ? product : throw TooMuch();

    /// <summary>Equality.</summary>
    public static bool operator ==(TokenAmount left, TokenAmount right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(TokenAmount left, TokenAmount right) => !left.Equals(right);

    /// <summary>Order.</summary>
    public static bool operator <(TokenAmount left, TokenAmount right) => left.CompareTo(right) < 0;

    /// <summary>Order.</summary>
    public static bool operator >(TokenAmount left, TokenAmount right) => left.CompareTo(right) > 0;

    /// <summary>Order.</summary>
    public static bool operator <=(TokenAmount left, TokenAmount right) => left.CompareTo(right) <= 0;

    /// <summary>Order.</summary>
    public static bool operator >=(TokenAmount left, TokenAmount right) => left.CompareTo(right) >= 0;

    /// <summary>The amount as one word of typed data or of a contract's call.</summary>
    internal Hash256 ToWord()
    {
        Span<byte> word = stackalloc byte[LengthBytes];
        CopyTo(word);
        return Hash256.FromBytes(word);
    }

    private bool IsSmall => _high == 0 && _low <= ulong.MaxValue;

    private static AmountOutOfRangeException TooMuch() => new("A token amount would be 2^256 or more.");

    private static ulong PowerOfTen(int exponent)
    {
        ulong power = 1;
        for (var i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }

    private static bool TryAdd(TokenAmount left, TokenAmount right, out TokenAmount sum)
    {
        var low = unchecked(left._low + right._low);
        var carry = low < left._low ? UInt128.One : UInt128.Zero;
        var high = unchecked(left._high + right._high);
        sum = new TokenAmount(unchecked(high + carry), low);
        return high >= left._high && !(carry == 1 && high == UInt128.MaxValue);
    }

    private static bool TryMultiply(TokenAmount amount, ulong times, out TokenAmount product)
    {
        var a = MultiplyLimb((ulong)amount._low, times, 0, out var carry);
        var b = MultiplyLimb((ulong)(amount._low >> 64), times, carry, out carry);
        var c = MultiplyLimb((ulong)amount._high, times, carry, out carry);
        var d = MultiplyLimb((ulong)(amount._high >> 64), times, carry, out carry);
        product = new TokenAmount(new UInt128(d, c), new UInt128(b, a));
        return carry == 0;
    }

    private static ulong MultiplyLimb(ulong limb, ulong times, ulong carryIn, out ulong carryOut)
    {
        var product = Math.BigMul(limb, times, out var low);
        var sum = unchecked(low + carryIn);
        carryOut = product + (sum < low ? 1UL : 0UL);
        return sum;
    }

    /// <summary>Divides by 10^19.</summary>
    private TokenAmount DivideByGroup(out ulong remainder)
    {
        var d = Math.DivRem((ulong)(_high >> 64), GroupPower);
        var (c, rest) = UInt128.DivRem(new UInt128(d.Remainder, (ulong)_high), GroupPower);
        (var b, rest) = UInt128.DivRem(new UInt128((ulong)rest, (ulong)(_low >> 64)), GroupPower);
        (var a, rest) = UInt128.DivRem(new UInt128((ulong)rest, (ulong)_low), GroupPower);
        remainder = (ulong)rest;
        return new TokenAmount(new UInt128(d.Quotient, (ulong)c), new UInt128((ulong)b, (ulong)a));
    }

    private TokenAmount MultiplyWide(TokenAmount numerator, TokenAmount denominator, TokenRounding rounding)
    {
        Span<uint> left = stackalloc uint[WideDivision.Words];
        Span<uint> right = stackalloc uint[WideDivision.Words];
        Span<uint> product = stackalloc uint[WideDivision.ProductWords];
        Span<uint> quotient = stackalloc uint[WideDivision.ProductWords];
        CopyWords(left);
        numerator.CopyWords(right);
        WideDivision.Multiply(left, right, product);
        denominator.CopyWords(right);
        WideDivision.Divide(product, right, quotient);
        if (quotient[WideDivision.Words..].ContainsAnyExcept(0u))
        {
            throw TooMuch();
        }

        var amount = FromWords(quotient);
        return rounding == TokenRounding.Up && product.ContainsAnyExcept(0u) ? amount + 1 : amount;
    }

    private void CopyWords(Span<uint> words)
    {
        for (var i = 0; i < WideDivision.Words / 2; i++)
        {
            words[i] = (uint)(_low >> (32 * i));
            words[i + (WideDivision.Words / 2)] = (uint)(_high >> (32 * i));
        }
    }

    private static TokenAmount FromWords(ReadOnlySpan<uint> words) => new(Half(words[(WideDivision.Words / 2)..]), Half(words));

    private static UInt128 Half(ReadOnlySpan<uint> words) =>
        new(((ulong)words[3] << 32) | words[2], ((ulong)words[1] << 32) | words[0]);
}
