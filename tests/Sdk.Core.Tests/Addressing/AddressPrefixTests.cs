using FsCheck;
using FsCheck.Fluent;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

public class AddressPrefixTests
{
    private static readonly Arbitrary<(OverlayAddress Address, int Length)> Cases =
        (from address in Addresses.Any from length in Gen.Choose(0, 256) select (address, length)).ToArbitrary();

    [Fact]
    public void A_prefix_reads_back_from_its_text_and_from_its_bytes() => Prop.ForAll(Cases, of =>
    {
        var prefix = AddressPrefix.Create(of.Address, of.Length);
        var bytes = new byte[prefix.EncodedBytes];
        return prefix.WriteTo(bytes) == bytes.Length
            && AddressPrefix.TryRead(bytes, out var read) && read == prefix
            && AddressPrefix.Parse(prefix.ToString()) == prefix
            && AddressPrefix.Parse(prefix.ToString().ToUpperInvariant()) == prefix
            && !AddressPrefix.TryRead([.. bytes, 0], out _)
            && !AddressPrefix.TryRead(bytes.AsSpan(0, bytes.Length - 1), out _);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_prefix_holds_the_addresses_that_share_its_bits_and_no_others() => Prop.ForAll(Cases, Addresses.Any.ToArbitrary(), (of, other) =>
    {
        var prefix = AddressPrefix.Create(of.Address, of.Length);
        var shared = of.Address.Proximity(other);
        return prefix.Contains(of.Address)
            && prefix.Contains(prefix.First)
            && prefix.Contains(other) == (shared >= of.Length)
            && prefix.Proximity(other) == Math.Min(shared, of.Length);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_bit_that_the_length_does_not_count_must_be_zero_in_an_encoding()
    {
        for (var length = 0; length < 256; length++)
        {
            var bytes = new byte[2 + ((length + 7) / 8)];
            (bytes[0], bytes[1]) = ((byte)(length >> 8), (byte)length);
            Assert.True(AddressPrefix.TryRead(bytes, out var read));
            Assert.Equal(length, read.LengthBits);
            for (var unused = length; unused < 8 * (bytes.Length - 2); unused++)
            {
                var damaged = (byte[])bytes.Clone();
                damaged[2 + (unused / 8)] |= (byte)(0x80 >> (unused % 8));
                Assert.False(AddressPrefix.TryRead(damaged, out _));
            }
        }
    }

    [Theory]
    [InlineData("/0", 0)]
    [InlineData("a38/12", 12)]
    [InlineData("a38/11", 11)]
    [InlineData("8/1", 1)]
    public void Text_of_the_canonical_form_is_read(string text, int length)
    {
        Assert.True(AddressPrefix.TryParse(text, out var prefix));
        Assert.Equal(length, prefix.LengthBits);
        Assert.Equal(text, prefix.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("a38")]
    [InlineData("/00")]
    [InlineData("0/0")]
    [InlineData("a38/012")]
    [InlineData("a380/12")]
    [InlineData("a3c/9")]
    [InlineData("a38f/12")]
    [InlineData("a3/12")]
    [InlineData("4/1 ")]
    [InlineData("4/1")]
    [InlineData("g/4")]
    [InlineData("/257")]
    [InlineData("/-1")]
    public void Text_of_any_other_form_is_refused(string text)
    {
        Assert.False(AddressPrefix.TryParse(text, out _));
        Assert.Throws<FormatException>(() => AddressPrefix.Parse(text));
    }

    [Fact]
    public void Lengths_beyond_an_address_are_refused()
    {
        Assert.False(AddressPrefix.TryRead([1, 1, .. new byte[33]], out _));
        Assert.False(AddressPrefix.TryRead([], out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => AddressPrefix.Create(default, 257));
        Assert.Throws<ArgumentOutOfRangeException>(() => AddressPrefix.Create(default, -1));
        Assert.False(AddressPrefix.TryParse(new string('0', 65) + "/256", out _));
    }
}
