using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class Hash256Tests
{
    [Fact]
    public void The_default_value_is_all_zeros() =>
        Assert.Equal(Hash256.FromBytes(new byte[32]), default);

    [Fact]
    public void Bytes_survive_the_round_trip()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        var hash = Hash256.FromBytes(bytes);
        Assert.Equal(bytes, hash.ToArray());
        Assert.Equal(hash, Hash256.FromHex(hash.ToString()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Other_lengths_are_refused(int length) =>
        Assert.Throws<ArgumentException>(() => Hash256.FromBytes(new byte[length]));

    // FIPS 180-4 example "abc".
    [Fact]
    public void Sha256_of_abc_is_the_published_value() => Assert.Equal(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Hash256.Sha256("abc"u8).ToString());

    [Theory]
    [InlineData(0, 0)]
    [InlineData(32, 32)]
    [InlineData(200, 56)]
    [InlineData(200, 57)]
    [InlineData(5000, 1)]
    public void Hashing_two_parts_is_hashing_them_joined(int firstLength, int secondLength)
    {
        var all = RandomNumberGenerator.GetBytes(firstLength + secondLength);
        Assert.Equal(Hash256.Sha256(all), Hash256.Sha256(all.AsSpan(0, firstLength), all.AsSpan(firstLength)));
    }

    [Fact]
    public void Order_is_that_of_big_endian_numbers()
    {
        var small = Hash256.FromHex("00" + new string('f', 62));
        var large = Hash256.FromHex("01" + new string('0', 62));
        Assert.True(small < large);
        Assert.True(large >= small);
        Assert.True(small != large);
    }
}
