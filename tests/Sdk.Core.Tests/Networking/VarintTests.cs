using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Networking;

namespace Sdk.Core.Tests.Networking;

public class VarintTests
{
    [Fact]
    public void Every_number_of_63_bits_reads_back() => Prop.ForAll(ArbMap.Default.ArbFor<ulong>(), value =>
    {
        value >>= 1;
        Span<byte> bytes = stackalloc byte[Varint.MaxBytes];
        var length = Varint.Write(bytes, value);
        return length == Varint.LengthOf(value)
            && Varint.TryRead(bytes, out var read, out var consumed) == OperationStatus.Done
            && read == value && consumed == length;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("8000", "InvalidData")]
    [InlineData("ff00", "InvalidData")]
    [InlineData("ffffffffffffffffff01", "InvalidData")]
    [InlineData("80", "NeedMoreData")]
    [InlineData("", "NeedMoreData")]
    [InlineData("ffffffffffffffff7f", "Done")]
    [InlineData("00", "Done")]
    public void Only_the_shortest_form_of_at_most_nine_bytes_is_accepted(string hex, string expected) =>
        Assert.Equal(expected, Varint.TryRead(Convert.FromHexString(hex), out _, out _).ToString());
}
