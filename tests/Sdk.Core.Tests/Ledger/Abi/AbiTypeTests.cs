using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Tests.Ledger.Abi;

public sealed class AbiTypeTests
{
    [Theory]
    [InlineData("(uint256,(address,bytes)[2],string[])", true)]
    [InlineData("uint8", false)]
    [InlineData("int248[3][4]", false)]
    [InlineData("(bool,bytes32)", false)]
    [InlineData("(bytes1[])", true)]
    [InlineData("()", false)]
    public void A_type_is_read_and_written(string text, bool isDynamic)
    {
        var type = AbiType.Parse(text);
        Assert.Equal(text, type.ToString());
        Assert.Equal(isDynamic, type.IsDynamic);
        Assert.Equal(type, AbiType.Parse(type.ToString()));
    }

    [Fact]
    public void Names_of_256_bits_may_be_short_and_are_written_in_full() =>
        Assert.Equal("(uint256,int256[])", AbiType.Parse("(uint,int[])").ToString());

    [Fact]
    public void The_head_counts_static_values_whole_and_dynamic_ones_as_an_offset()
    {
        Assert.Equal(32 * 6, AbiType.Parse("(address,bool)[3]").HeadBytes);
        Assert.Equal(32, AbiType.Parse("(address,string)[3]").HeadBytes);
        Assert.Equal(32, AbiType.Parse("bytes").HeadBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" uint256")]
    [InlineData("uint7")]
    [InlineData("uint0")]
    [InlineData("uint08")]
    [InlineData("uint264")]
    [InlineData("int+8")]
    [InlineData("bytes0")]
    [InlineData("bytes33")]
    [InlineData("fixed128x18")]
    [InlineData("function")]
    [InlineData("tuple(uint256)")]
    [InlineData("uint256[0]")]
    [InlineData("uint256[01]")]
    [InlineData("uint256[-1]")]
    [InlineData("uint256[")]
    [InlineData("uint256]")]
    [InlineData("(uint256")]
    [InlineData("(uint256,)")]
    [InlineData("(,uint256)")]
    [InlineData("uint256,uint256")]
    [InlineData("()[]")]
    [InlineData("(())")]
    [InlineData("(uint256)x")]
    [InlineData("uint256[4294967297]")]
    [InlineData("uint8[100000][100000]")]
    public void What_is_no_type_or_too_large_is_refused(string text)
    {
        Assert.False(AbiType.TryParse(text, out _));
        Assert.Throws<FormatException>(() => AbiType.Parse(text));
    }

    [Fact]
    public void Depth_and_length_have_limits()
    {
        Assert.True(AbiType.TryParse("bool" + string.Concat(Enumerable.Repeat("[]", AbiType.DepthMax)), out _));
        Assert.False(AbiType.TryParse("bool" + string.Concat(Enumerable.Repeat("[]", AbiType.DepthMax + 1)), out _));
        Assert.False(AbiType.TryParse(new string('(', 4000), out _));
        Assert.True(AbiType.TryParse($"({string.Join(',', Enumerable.Repeat("bool", 800))})", out _));
        Assert.False(AbiType.TryParse($"({string.Join(',', Enumerable.Repeat("bool", 900))})", out _));
    }
}
