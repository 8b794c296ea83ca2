using System.Diagnostics.CodeAnalysis;

namespace Sdk.Core.Networking;

/// <summary>
/// The text forms that peer ids come in: base58btc bare, and the multibase prefixes <c>z</c> (base58btc), <c>b</c> (base32) and
/// <c>k</c> (base36) of a CID. Conversion is quadratic, so the input length is bounded before any work.
/// </summary>
internal static class Multibase
{
    /// <summary>A CID of a 42-byte key is 46 bytes, 74 characters in base32; more is not an identifier.</summary>
    public const int MaxTextLength = 128;

    private const string Base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const string Base36Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const string Base32Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string ToBase58(ReadOnlySpan<byte> data) => Encode(data, Base58Alphabet);

    public static bool TryFromBase58(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? data) => TryDecode(text, Base58Alphabet, out data);

    /// <summary>RFC 4648 base32 in lower case without padding, with the multibase prefix.</summary>
    public static string ToBase32(ReadOnlySpan<byte> data)
    {
        var text = new System.Text.StringBuilder("b", (data.Length * 8 / 5) + 2);
        int bits = 0, held = 0;
        foreach (var b in data)
        {
            held = (held << 8) | b;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                text.Append(Base32Alphabet[(held >> (bits - 5)) & 31]);
            }

            held &= (1 << bits) - 1;
        }

        if (bits > 0)
        {
            text.Append(Base32Alphabet[(held << (5 - bits)) & 31]);
        }

        return text.ToString();
    }

    /// <summary>Decodes text that begins with a multibase prefix.</summary>
    public static bool TryDecodePrefixed(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        return !text.IsEmpty && text[0] switch
        {
            'z' => TryDecode(text[1..], Base58Alphabet, out data),
            'k' => TryDecode(text[1..], Base36Alphabet, out data),
            'b' => TryFromBase32(text[1..], out data),
            _ => false,
        };
    }

    private static bool TryFromBase32(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        if (text.Length > MaxTextLength)
        {
            return false;
        }

        var bytes = new byte[text.Length * 5 / 8];
        int bits = 0, held = 0, used = 0;
        foreach (var c in text)
        {
            var digit = Base32Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            held = ((held << 5) | digit) & 0xFFF;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[used++] = (byte)(held >> bits);
            }
        }

        // Left-over bits are padding: zero, and fewer than one digit.
        if (bits >= 5 || (held & ((1 << bits) - 1)) != 0)
        {
            return false;
        }

        data = bytes;
        return true;
    }

    private static string Encode(ReadOnlySpan<byte> data, string alphabet)
    {
        var zeros = data.IndexOfAnyExcept((byte)0);
        if (zeros < 0)
        {
            return new string(alphabet[0], data.Length);
        }

        // log2(256)/log2(36) is below 1.55, and base58 is shorter still.
        Span<byte> digits = stackalloc byte[(data.Length * 155 / 100) + 1];
        var used = 0;
        foreach (var b in data[zeros..])
        {
            int carry = b;
            for (var i = 0; i < used; i++)
            {
                carry += digits[i] << 8;
                digits[i] = (byte)(carry % alphabet.Length);
                carry /= alphabet.Length;
            }

            for (; carry > 0; carry /= alphabet.Length)
            {
                digits[used++] = (byte)(carry % alphabet.Length);
            }
        }

        var text = new char[zeros + used];
        text.AsSpan(0, zeros).Fill(alphabet[0]);
        for (var i = 0; i < used; i++)
        {
            text[zeros + i] = alphabet[digits[used - 1 - i]];
        }

        return new string(text);
    }

    private static bool TryDecode(ReadOnlySpan<char> text, string alphabet, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        if (text.Length > MaxTextLength)
        {
            return false;
        }

        var zeros = text.IndexOfAnyExcept(alphabet[0]);
        if (zeros < 0)
        {
            data = new byte[text.Length];
            return true;
        }

        Span<byte> bytes = stackalloc byte[text.Length];
        var used = 0;
        foreach (var c in text[zeros..])
        {
            var carry = alphabet.IndexOf(c, StringComparison.Ordinal);
            if (carry < 0)
            {
                return false;
            }

            for (var i = 0; i < used; i++)
            {
                carry += bytes[i] * alphabet.Length;
                bytes[i] = (byte)carry;
                carry >>= 8;
            }

            for (; carry > 0; carry >>= 8)
            {
                bytes[used++] = (byte)carry;
            }
        }

        data = new byte[zeros + used];
        bytes[..used].CopyTo(data.AsSpan(zeros));
        data.AsSpan(zeros).Reverse();
        return true;
    }
}
