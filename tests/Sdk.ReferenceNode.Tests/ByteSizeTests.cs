namespace Sdk.ReferenceNode.Tests;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("64KiB", 65536)]
    [InlineData("256MiB", 268435456)]
    [InlineData("256 mib", 268435456)]
    [InlineData("1GiB", 1073741824)]
    [InlineData("2TiB", 2199023255552)]
    public void Sizes_are_read_as_people_type_them(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("-1MiB")]
    [InlineData("1.5GiB")]
    [InlineData("12 monkeys")]
    [InlineData("99999999999TiB")]
    public void What_is_no_size_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(268435456, "256.0 MiB")]
    public void Sizes_are_shown_in_the_largest_unit_that_fits(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));
}
