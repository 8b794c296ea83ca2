using System.Globalization;

namespace Sdk.ReferenceNode;

/// <summary>Sizes as people type them (<c>256MiB</c>, <c>1GiB</c>, <c>4096</c>) and as they like to read them. Units are binary.</summary>
internal static class ByteSize
{
    public const long KiB = 1024;
    public const long MiB = 1024 * KiB;
    public const long GiB = 1024 * MiB;

    private static readonly (string Suffix, long Bytes)[] Units = [("TiB", 1024 * GiB), ("GiB", GiB), ("MiB", MiB), ("KiB", KiB), ("B", 1)];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var number = text.Trim();
        var factor = 1L;
        foreach (var (suffix, unit) in Units)
        {
            if (number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                number = number[..^suffix.Length].TrimEnd();
                factor = unit;
                break;
            }
        }

        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > long.MaxValue / factor)
        {
            return false;
        }

        bytes = count * factor;
        return true;
    }

    public static string Format(long bytes)
    {
        foreach (var (suffix, unit) in Units)
        {
            if (bytes >= unit && unit > 1)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / unit:0.0} {suffix}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
    }

    public static double MiBPerSecond(long bytes, TimeSpan elapsed) =>
        elapsed > TimeSpan.Zero ? (double)bytes / MiB / elapsed.TotalSeconds : 0;
}
