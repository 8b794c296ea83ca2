using System.Numerics;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Abi;
using Sdk.Core.Tests.Cryptography;

namespace Sdk.Core.Tests.Ledger.Abi;

public sealed class AbiCodecTests
{
    /// <summary>Contract ABI Specification, "Examples": sam("dave", true, [1,2,3]).</summary>
    [Fact]
    public void The_first_example_of_the_specification_comes_out()
    {
        var type = AbiType.Parse("(bytes,bool,uint256[])");
        var value = AbiValue.List(AbiValue.Bytes("dave"u8.ToArray()), true, AbiValue.List(1, 2, 3));
        var expected = Words("60", "01", "a0", "04", "!64617665", "03", "01", "02", "03");
        Assert.Equal(expected, AbiCodec.Encode(type, value));
        Assert.Equal(value, AbiCodec.Decode(type, expected));
    }

    /// <summary>The same, "Use of Dynamic Types": f(0x123, [0x456, 0x789], "1234567890", "Hello, world!").</summary>
    [Fact]
    public void The_example_of_dynamic_types_comes_out()
    {
        var type = AbiType.Parse("(uint256,uint32[],bytes10,bytes)");
        var value = AbiValue.List(0x123, AbiValue.List(0x456, 0x789), AbiValue.FixedBytes("1234567890"u8), AbiValue.Bytes("Hello, world!"u8.ToArray()));
        var expected = Words("0123", "80", "!31323334353637383930", "e0", "02", "0456", "0789", "0d", "!48656c6c6f2c20776f726c6421");
        Assert.Equal(expected, AbiCodec.Encode(type, value));
        Assert.Equal(value, AbiCodec.Decode(type, expected));
    }

    /// <summary>The same, g([[1, 2], [3]], ["one", "two", "three"]).</summary>
    [Fact]
    public void The_example_of_nested_arrays_comes_out()
    {
        var type = AbiType.Parse("(uint256[][],string[])");
        var value = AbiValue.List(AbiValue.List(AbiValue.List(1, 2), AbiValue.List(3)), AbiValue.List("one", "two", "three"));
        var expected = Words(
            "40", "0140", "02", "40", "a0", "02", "01", "02", "01", "03",
            "03", "60", "a0", "e0", "03", "!6f6e65", "03", "!74776f", "05", "!7468726565");
        Assert.Equal(expected, AbiCodec.Encode(type, value));
        Assert.Equal(value, AbiCodec.Decode(type, expected));
    }

    [Fact]
    public void Static_tuples_and_arrays_stand_in_the_head()
    {
        var type = AbiType.Parse("((uint8,bool)[2],int16)");
        var value = AbiValue.List(AbiValue.List(AbiValue.List(7, true), AbiValue.List(8, false)), AbiValue.Number(-2));
        var expected = Words("07", "01", "08", "00", new string('f', 63) + "e");
        Assert.Equal(expected, AbiCodec.Encode(type, value));
        Assert.Equal(value, AbiCodec.Decode(type, expected));
    }

    [Fact]
    public void Numbers_keep_their_sign_and_their_edges()
    {
        var type = AbiType.Parse("(uint256,int256,int256,int8)");
        var largest = (BigInteger.One << 256) - 1;
        var smallest = -(BigInteger.One << 255);
        var value = AbiValue.List(AbiValue.Number(largest), AbiValue.Number(smallest), AbiValue.Number(-1), AbiValue.Number(-128));
        var decoded = AbiCodec.Decode(type, AbiCodec.Encode(type, value));
        Assert.Equal(new[] { largest, smallest, -1, -128 }, decoded.Items.Select(item => item.ToInteger()));
        Assert.Equal(TokenAmount.MaxValue, decoded.Items[0].ToAmount());
        Assert.Throws<InvalidOperationException>(() => decoded.Items[2].ToAmount());
        Assert.Throws<ArgumentOutOfRangeException>(() => AbiValue.Number(largest + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => AbiValue.Number(smallest - 1));
    }

    [Theory]
    [InlineData("(uint8)", 256)]
    [InlineData("(uint256)", -1)]
    [InlineData("(int8)", 128)]
    [InlineData("(int8)", -129)]
    [InlineData("(bool)", 2)]
    [InlineData("(bytes1)", 1)]
    [InlineData("(string)", 1)]
    [InlineData("(bytes)", 1)]
    [InlineData("(bool[])", 1)]
    [InlineData("(bool[1])", 1)]
    [InlineData("(bool,bool)", 1)]
    public void A_value_that_does_not_fit_is_not_encoded(string type, int number) =>
        Assert.Throws<ArgumentException>(() => AbiCodec.Encode(AbiType.Parse(type), AbiValue.List(AbiValue.Number(number))));

    [Theory]
    [InlineData("(uint8)", "0100")]
    [InlineData("(bool)", "02")]
    [InlineData("(int8)", "80")]
    [InlineData("(address)", "010000000000000000000000000000000000000000")]
    [InlineData("(bytes4)", "!1122334455")]
    public void A_word_with_bits_outside_its_type_is_refused(string type, string word) =>
        Assert.Throws<AbiException>(() => AbiCodec.Decode(AbiType.Parse(type), Words(word)));

    [Theory]
    [InlineData("(bytes)", "21", "00")] // the offset leaves the data by a byte of the length's word
    [InlineData("(bytes)", "20", "21", "00")] // the length leaves it
    [InlineData("(bytes)", "20", "ffffffffffffffff", "00")]
    [InlineData("(bytes)", "8000000000000000", "00")]
    [InlineData("(bytes)", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0", "00")]
    [InlineData("(uint256[])", "20", "02", "00")]
    [InlineData("(uint256[])", "20", "0800000000000001", "00")]
    [InlineData("(uint256[2])", "00")]
    [InlineData("(string)", "20", "01", "!ff")]
    public void A_length_or_an_offset_that_leaves_the_data_is_refused(string type, params string[] words) =>
        Assert.Throws<AbiException>(() => AbiCodec.Decode(AbiType.Parse(type), Words(words)));

    [Fact]
    public void Offsets_that_lead_to_the_same_place_make_no_more_than_the_input()
    {
        // Each level says: two elements, both of them there. Sixteen levels would be 65 536 values of three words each.
        var type = AbiType.Parse("(bool" + string.Concat(Enumerable.Repeat("[]", 15)) + ")");
        var words = new List<string> { "20" };
        for (var level = 0; level < 15; level++)
        {
            words.AddRange(["02", "40", "40"]);
        }

        words.AddRange(["00", "00"]);
        Assert.Throws<AbiException>(() => AbiCodec.Decode(type, Words([.. words])));
    }

    [Fact]
    public void What_no_offset_leads_to_is_ignored()
    {
        var type = AbiType.Parse("(bool)");
        Assert.True(AbiCodec.Decode(type, [.. Words("01"), 1, 2, 3]).Items[0].ToBoolean());
        Assert.Empty(AbiCodec.Decode(AbiType.Parse("()"), [1]).Items);
    }

    [Fact]
    public void Only_a_tuple_is_encoded()
    {
        Assert.Throws<ArgumentException>(() => AbiCodec.Encode(AbiType.Parse("bool"), true));
        Assert.Throws<ArgumentException>(() => AbiCodec.Decode(AbiType.Parse("bool[]"), Words("01")));
    }

    [Fact]
    public void A_value_says_what_it_is()
    {
        var account = AccountAddress.Parse("0x00000000000000000000000000000000000000aa");
        var value = AbiValue.List(account, "text", true, AbiValue.Bytes([1, 2]), Hash256.FromHex(new string('a', 64)), 5UL);
        Assert.Equal(account, value.Items[0].ToAddress());
        Assert.Equal("text", value.Items[1].ToText());
        Assert.True(value.Items[2].ToBoolean());
        Assert.Equal(new byte[] { 1, 2 }, value.Items[3].ToBytes().ToArray());
        Assert.Equal(32, value.Items[4].ToBytes().Length);
        Assert.Equal($"(170, \"text\", 1, 0x0102, 0x{new string('a', 64)}, 5)", value.ToString());
        Assert.Throws<InvalidOperationException>(() => value.ToText());
        Assert.Throws<InvalidOperationException>(() => value.Items[5].ToBoolean());
        Assert.Throws<InvalidOperationException>(() => value.Items[5].ToBytes());
    }

    /// <summary>Words of 32 bytes: digits stand at the end, or at the start where an exclamation mark says so.</summary>
    private static byte[] Words(params string[] words) =>
        [.. words.SelectMany(word => Hex.Bytes(word.StartsWith('!') ? word[1..].PadRight(64, '0') : word.PadLeft(64, '0')))];
}
