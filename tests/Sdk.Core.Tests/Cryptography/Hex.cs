namespace Sdk.Core.Tests.Cryptography;

/// <summary>Vectors are typed in as hexadecimal digits; blanks between groups are allowed.</summary>
internal static class Hex
{
    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    public static string Text(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
