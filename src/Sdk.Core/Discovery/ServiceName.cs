using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sdk.Core.Discovery;

/// <summary>Names that services, means of payment and terms go by: short, lower case, so that there is one way to write each.</summary>
internal static class ServiceName
{
    /// <summary>The longest name, in characters and bytes.</summary>
    public const int MaxLength = 32;

    /// <summary>1 to <see cref="MaxLength"/> of a–z, 0–9 and hyphens, beginning with a letter.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name) =>
        name is { Length: > 0 and <= MaxLength }
        && char.IsAsciiLetterLower(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <exception cref="FormatException">It is no name.</exception>
    public static string Checked(string name) => IsValid(name)
        ? name
        : throw new FormatException($"A name is 1 to {MaxLength} of a–z, 0–9 and hyphens, and begins with a letter.");

    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? name)
    {
        name = bytes.Length is > 0 and <= MaxLength && Ascii.IsValid(bytes) ? Encoding.ASCII.GetString(bytes) : null;
        return IsValid(name);
    }
}
