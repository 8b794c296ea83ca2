namespace Sdk.Core.Ledger;

/// <summary>Multiplication to 512 bits and division back to 256, on words of 32 bits with the lowest first: schoolbook, and Knuth's algorithm D.</summary>
internal static class WideDivision
{
    private const int WordBits = 32;

    /// <summary>Words of an amount.</summary>
    public const int Words = 256 / WordBits;

    /// <summary>Words of a product of two.</summary>
    public const int ProductWords = 2 * Words;

    /// <summary>Writes left × right over <paramref name="product"/>.</summary>
    public static void Multiply(ReadOnlySpan<uint> left, ReadOnlySpan<uint> right, Span<uint> product)
    {
        product.Clear();
        for (var i = 0; i < left.Length; i++)
        {
            ulong carry = 0;
            for (var j = 0; j < right.Length; j++)
            {
                carry += ((ulong)left[i] * right[j]) + product[i + j];
                product[i + j] = (uint)carry;
                carry >>= WordBits;
            }

            product[i + right.Length] = (uint)carry;
        }
    }

    /// <summary>Divides; the dividend becomes the remainder.</summary>
    /// <param name="dividend">At most <see cref="ProductWords"/> words.</param>
    /// <param name="divisor">At most <see cref="Words"/> words, not zero.</param>
    /// <param name="quotient">As long as the dividend; overwritten.</param>
    public static void Divide(Span<uint> dividend, ReadOnlySpan<uint> divisor, Span<uint> quotient)
    {
        quotient.Clear();
        divisor = divisor.TrimEnd(0u);
        if (divisor.Length == 1)
        {
            DivideByWord(dividend, divisor[0], quotient);
            return;
        }

        // Shifted so that the divisor's highest bit is set: then a quotient digit guessed from the top words is too large by two at most.
        var shift = int.CreateTruncating(uint.LeadingZeroCount(divisor[^1]));
        Span<uint> normal = stackalloc uint[Words];
        normal = normal[..divisor.Length];
        divisor.CopyTo(normal);
        ShiftLeft(normal, shift);
        Span<uint> rest = stackalloc uint[ProductWords + 1];
        rest = rest[..(dividend.Length + 1)];
        rest.Clear();
        dividend.CopyTo(rest);
        ShiftLeft(rest, shift);
        for (var at = dividend.Length - divisor.Length; at >= 0; at--)
        {
            quotient[at] = TakeDigit(rest.Slice(at, normal.Length + 1), normal);
        }

        ShiftRight(rest, shift);
        rest[..dividend.Length].CopyTo(dividend);
    }

    /// <summary>Takes the divisor from the window as often as it goes, which is less than 2^32 times.</summary>
    private static uint TakeDigit(Span<uint> window, ReadOnlySpan<uint> divisor)
    {
        var top = ((ulong)window[^1] << WordBits) | window[^2];
        var digit = top / divisor[^1];
        var left = top % divisor[^1];
        while (digit > uint.MaxValue || digit * divisor[^2] > ((left << WordBits) | window[^3]))
        {
            digit--;
            left += divisor[^1];
            if (left > uint.MaxValue)
            {
                break;
            }
        }

        if (Subtract(window, divisor, (uint)digit))
        {
            digit--;
            AddBack(window, divisor);
        }

        return (uint)digit;
    }

    /// <summary>window −= divisor × digit; true where it went below zero.</summary>
    private static bool Subtract(Span<uint> window, ReadOnlySpan<uint> divisor, uint digit)
    {
        ulong carry = 0;
        long borrow = 0;
        for (var i = 0; i < divisor.Length; i++)
        {
            carry += (ulong)divisor[i] * digit;
            borrow += (long)window[i] - (uint)carry;
            window[i] = (uint)borrow;
            borrow >>= WordBits;
            carry >>= WordBits;
        }

        borrow += (long)window[^1] - (uint)carry;
        window[^1] = (uint)borrow;
        return borrow < 0;
    }

    private static void AddBack(Span<uint> window, ReadOnlySpan<uint> divisor)
    {
        ulong carry = 0;
        for (var i = 0; i < divisor.Length; i++)
        {
            carry += (ulong)window[i] + divisor[i];
            window[i] = (uint)carry;
            carry >>= WordBits;
        }

        window[^1] += (uint)carry;
    }

    private static void DivideByWord(Span<uint> dividend, uint divisor, Span<uint> quotient)
    {
        ulong rest = 0;
        for (var i = dividend.Length - 1; i >= 0; i--)
        {
            rest = (rest << WordBits) | dividend[i];
            quotient[i] = (uint)(rest / divisor);
            rest %= divisor;
        }

        dividend.Clear();
        dividend[0] = (uint)rest;
    }

    private static void ShiftLeft(Span<uint> words, int bits)
    {
        for (var i = words.Length - 1; i >= 0; i--)
        {
            var below = i == 0 ? 0UL : words[i - 1];
            words[i] = (uint)(((((ulong)words[i] << WordBits) | below) << bits) >> WordBits);
        }
    }

    private static void ShiftRight(Span<uint> words, int bits)
    {
        for (var i = 0; i < words.Length; i++)
        {
            var above = i == words.Length - 1 ? 0UL : words[i + 1];
            words[i] = (uint)(((above << WordBits) | words[i]) >> bits);
        }
    }
}
