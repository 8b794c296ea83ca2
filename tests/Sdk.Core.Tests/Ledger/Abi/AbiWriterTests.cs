using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Abi;

namespace Sdk.Core.Tests.Ledger.Abi;

/// <summary>Known answers: the examples of Solidity's ABI specification.</summary>
public sealed class AbiWriterTests
{
    private static readonly AbiFunction Sam = new("sam(bytes,bool,uint256[])");
    private static readonly AbiFunction G = new("g(uint256[][],string[])");

    [Fact]
    public void A_call_with_bytes_and_an_array_is_what_the_specification_prints()
    {
        var call = new AbiWriter().AddBytes("dave"u8).Add(true).AddArray(3, new AbiWriter().Add(1).Add(2).Add(3)).ToCall(Sam);
        Assert.Equal(
            "a5643bf2"
            + "0000000000000000000000000000000000000000000000000000000000000060"
            + "0000000000000000000000000000000000000000000000000000000000000001"
            + "00000000000000000000000000000000000000000000000000000000000000a0"
            + "0000000000000000000000000000000000000000000000000000000000000004"
            + "6461766500000000000000000000000000000000000000000000000000000000"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "0000000000000000000000000000000000000000000000000000000000000001"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000003",
            Convert.ToHexStringLower(call));
    }

    [Fact]
    public void Arrays_of_arrays_are_what_the_specification_prints()
    {
        var inner = new AbiWriter()
            .AddArray(2, new AbiWriter().Add(1).Add(2))
            .AddArray(1, new AbiWriter().Add(3));
        var call = new AbiWriter()
            .AddArray(2, inner)
            .AddArray(3, new AbiWriter().AddString("one").AddString("two").AddString("three"))
            .ToCall(G);
        Assert.Equal(
            "2289b18c"
            + "0000000000000000000000000000000000000000000000000000000000000040"
            + "0000000000000000000000000000000000000000000000000000000000000140"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000040"
            + "00000000000000000000000000000000000000000000000000000000000000a0"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000001"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000001"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "0000000000000000000000000000000000000000000000000000000000000060"
            + "00000000000000000000000000000000000000000000000000000000000000a0"
            + "00000000000000000000000000000000000000000000000000000000000000e0"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "6f6e650000000000000000000000000000000000000000000000000000000000"
            + "0000000000000000000000000000000000000000000000000000000000000003"
            + "74776f0000000000000000000000000000000000000000000000000000000000"
            + "0000000000000000000000000000000000000000000000000000000000000005"
            + "7468726565000000000000000000000000000000000000000000000000000000",
            Convert.ToHexStringLower(call));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var account = AccountAddress.Parse("0x98E6C644aFeB94BBfB9FF60EB26fc9D83BBEcA79");
        var written = new AbiWriter().Add(account).AddString("Grüße").Add(TokenAmountOf(7))
            .AddTuple(new AbiWriter().Add(5UL).AddBytes([1, 2, 3])).AddArray(2, new AbiWriter().Add(1).Add(true).Add(2).Add(false)).ToArray();

        var reader = new AbiReader(written);
        Assert.Equal(account, reader.ReadAddress());
        Assert.Equal("Grüße", reader.ReadString(100));
        Assert.Equal(TokenAmountOf(7), reader.ReadAmount());
        var tuple = reader.ReadTuple();
        Assert.Equal(5UL, tuple.ReadUInt64());
        Assert.Equal([1, 2, 3], tuple.ReadBytes(3).ToArray());
        var array = reader.ReadArray(maxCount: 2, elementBytes: 64, out var count);
        Assert.Equal(2, count);
        Assert.Equal((1UL, true, 2UL, false), (array.ReadUInt64(), array.ReadBool(), array.ReadUInt64(), array.ReadBool()));
    }

    [Theory]
    [InlineData("0000000000000000000000010000000000000000000000000000000000000001", "address")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000002", "bool")]
    [InlineData("0000000000000000000000000000000000000000000000010000000000000000", "uint64")]
    [InlineData("0000000000000000000000000000000100000000000000000000000000000000", "uint128")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000010000", "uint16")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000021", "bytes")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "bytes")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "bytes")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000", "uint64")]
    public void A_word_that_is_not_of_its_type_is_refused(string hex, string type) => Assert.Throws<AbiException>(() =>
    {
        // As bytes, a word of zero points at itself: a length of zero. A word follows, so that this is refused for its length alone.
        var bytes = Convert.FromHexString(type == "bytes" && hex[^1] == '0' ? $"{new string('0', 62)}20{new string('f', 64)}" : hex);
        var reader = new AbiReader(bytes);
        _ = type switch
        {
            "address" => (object)reader.ReadAddress(),
            "bool" => reader.ReadBool(),
            "uint64" => reader.ReadUInt64(),
            "uint128" => reader.ReadUInt128(),
            "uint16" => reader.ReadUInt(16),
            _ => reader.ReadBytes(int.MaxValue).ToArray(),
        };
    });

    [Fact]
    public void An_array_longer_than_its_data_is_refused_before_anything_is_allocated() => Assert.Throws<AbiException>(() =>
    {
        var array = new AbiWriter().AddArray(1_000_000, new AbiWriter().Add(1)).ToArray();
        var reader = new AbiReader(array);
        reader.ReadArray(int.MaxValue, 32, out _);
    });

    [Theory]
    [InlineData("no parentheses")]
    [InlineData("transfer(address, uint256)")]
    [InlineData("(uint256)")]
    public void A_signature_that_is_not_canonical_is_refused(string signature) =>
        Assert.Throws<ArgumentException>(() => new AbiFunction(signature));

    [Fact]
    public void Selectors_and_topics_are_those_of_erc_20()
    {
        Assert.Equal("a9059cbb", Convert.ToHexStringLower(new AbiFunction("transfer(address,uint256)").Selector));
        Assert.Equal(
            "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            new AbiEvent("Transfer(address indexed,address indexed,uint256)").Topic.ToString());
        Assert.Equal("08c379a0", Convert.ToHexStringLower(AbiError.Text.Selector));
        Assert.Equal("4e487b71", Convert.ToHexStringLower(AbiError.Panic.Selector));
    }

    private static Core.Ledger.TokenAmount TokenAmountOf(ulong units) => units;
}
