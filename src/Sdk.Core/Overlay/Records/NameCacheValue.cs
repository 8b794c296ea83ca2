using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// The value of a <see cref="RecordKinds.NameCache"/> record: the name, so that everybody can see that it stands under its own key, and what
/// the resolver that wrote it makes of the rest. Encoding: length of the name (1 byte), the name in UTF-8, the answer.
/// </summary>
/// <param name="Name">1 to 255 bytes of UTF-8.</param>
/// <param name="Answer">The resolver's own encoding, with the proof that readers check.</param>
public sealed record NameCacheValue(string Name, ReadOnlyMemory<byte> Answer)
{
    /// <summary>The longest name in bytes of UTF-8.</summary>
    public const int NameLengthBytesMax = byte.MaxValue;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The encoding.</summary>
    /// <exception cref="ArgumentException">The name is empty, too long, or no well-formed text.</exception>
    public byte[] Encode()
    {
        var name = StrictUtf8.GetBytes(Name);
        return name.Length is > 0 and <= NameLengthBytesMax
            ? [(byte)name.Length, .. name, .. Answer.Span]
            : throw new ArgumentException($"A name has 1 to {NameLengthBytesMax} bytes of UTF-8, not {name.Length}.");
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; refuses a name that is empty, cut or no UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out NameCacheValue? value)
    {
        value = null;
        if (bytes.IsEmpty || bytes[0] == 0 || bytes.Length < 1 + bytes[0])
        {
            return false;
        }

        var name = bytes.Slice(1, bytes[0]);
        if (!System.Text.Unicode.Utf8.IsValid(name))
        {
            return false;
        }

        value = new NameCacheValue(StrictUtf8.GetString(name), bytes[(1 + name.Length)..].ToArray());
        return true;
    }
}
