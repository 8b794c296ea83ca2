namespace Sdk.Core.Networking.Mdns;

/// <summary>The data of a TXT record: strings of at most 255 bytes, each after its length (RFC 1035, section 3.3.14).</summary>
internal static class DnsText
{
    public const int MaxStringBytes = 255;

    /// <summary>The strings; those before a string that goes beyond the end.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty && data.Span[0] < data.Length)
        {
            var length = data.Span[0];
            yield return data.Slice(1, length);
            data = data[(1 + length)..];
        }
    }

    /// <exception cref="ArgumentException">A string is longer than 255 bytes.</exception>
    public static byte[] Write(IEnumerable<byte[]> strings) => [.. strings.SelectMany<byte[], byte>(text =>
        text.Length <= MaxStringBytes ? [(byte)text.Length, .. text] : throw new ArgumentException("A string has at most 255 bytes.", nameof(strings)))];
}
