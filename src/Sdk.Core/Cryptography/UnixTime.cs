namespace Sdk.Core.Cryptography;

/// <summary>Times in signed structures are whole seconds since 1970, never before.</summary>
internal static class UnixTime
{
    // 9999-12-31T23:59:59Z, where the calendar of DateTimeOffset ends.
    public const ulong SecondsMax = 253_402_300_799;

    public static ulong Seconds(DateTimeOffset time) => (ulong)time.ToUnixTimeSeconds();

    /// <exception cref="ArgumentOutOfRangeException">The time is before 1970.</exception>
    public static DateTimeOffset Truncate(DateTimeOffset time, string parameterName)
    {
        var seconds = time.ToUnixTimeSeconds();
        return seconds >= 0
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new ArgumentOutOfRangeException(parameterName, "A time in a signed structure is not before 1970.");
    }
}
