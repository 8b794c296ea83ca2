using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Tests.Cryptography;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class RlpTests
{
    /// <summary>The examples of ethereum.org's "Recursive-length prefix serialization".</summary>
    [Theory]
    [InlineData("", "80")]
    [InlineData("00", "00")]
    [InlineData("0f", "0f")]
    [InlineData("0400", "820400")]
    [InlineData("646f67", "83646f67")]
    [InlineData("4c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974",
        "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974")]
    public void Bytes_are_written_and_read(string bytes, string encoded)
    {
        Assert.Equal(encoded, Hex.Text(new RlpWriter().Add(Hex.Bytes(bytes)).Items));
        var reader = new RlpReader(Hex.Bytes(encoded));
        Assert.Equal(bytes, Hex.Text(reader.ReadBytes()));
        reader.ReadEnd();
    }

    [Fact]
    public void The_set_theoretic_three_is_written_and_read()
    {
        var zero = new RlpWriter();
        var one = new RlpWriter().AddList(zero);
        var two = new RlpWriter().AddList(zero).AddList(one);
        Assert.Equal("c7c0c1c0c3c0c1c0", Hex.Text(new RlpWriter().AddList(zero).AddList(one).AddList(two).ToList()));
        var reader = new RlpReader(Hex.Bytes("c7c0c1c0c3c0c1c0"));
        var three = reader.ReadList();
        reader.ReadEnd();
        three.ReadList().ReadEnd();
        var first = three.ReadList();
        first.ReadList().ReadEnd();
        first.ReadEnd();
        Assert.True(three.IsAtList);
        three.ReadList();
        Assert.True(three.IsAtEnd);
    }

    [Theory]
    [InlineData(0UL, "80")]
    [InlineData(15UL, "0f")]
    [InlineData(1024UL, "820400")]
    [InlineData(ulong.MaxValue, "88ffffffffffffffff")]
    public void Numbers_have_no_leading_zeros(ulong number, string encoded)
    {
        Assert.Equal(encoded, Hex.Text(new RlpWriter().Add(number).Items));
        var reader = new RlpReader(Hex.Bytes(encoded));
        Assert.Equal(number, reader.ReadUInt64());
    }

    [Theory]
    [InlineData("")] // nothing
    [InlineData("8100")] // one small byte with a prefix
    [InlineData("817f")]
    [InlineData("b800")] // long form of a short length
    [InlineData("b83700")]
    [InlineData("b90038")] // a length with a leading zero
    [InlineData("83646f")] // too short
    [InlineData("b8")]
    [InlineData("b9ff")]
    [InlineData("bbffffffff00")] // 4 GiB
    [InlineData("bbffffffffffffffff")] // 2^64
    [InlineData("c0")] // a list
    public void What_are_no_canonical_bytes_is_refused(string encoded) => AssertMalformed(encoded, reader => reader.ReadBytes());

    [Theory]
    [InlineData("80")]
    [InlineData("f800")]
    [InlineData("f83700")]
    [InlineData("c2")]
    [InlineData("f90038")]
    public void What_is_no_canonical_list_is_refused(string encoded) => AssertMalformed(encoded, reader => reader.ReadList());

    [Theory]
    [InlineData("00")]
    [InlineData("820001")]
    [InlineData("a1010000000000000000000000000000000000000000000000000000000000000000")]
    public void What_is_no_number_is_refused(string encoded) => AssertMalformed(encoded, reader => reader.ReadNumber());

    [Fact]
    public void What_follows_the_end_is_refused() => AssertMalformed("8080", reader =>
    {
        reader.ReadBytes();
        reader.ReadEnd();
    });

    private delegate void Read(RlpReader reader);

    private static void AssertMalformed(string encoded, Read read) =>
        Assert.Equal(LedgerFailure.Malformed, Assert.Throws<LedgerException>(() => read(new RlpReader(Hex.Bytes(encoded)))).Reason);
}
