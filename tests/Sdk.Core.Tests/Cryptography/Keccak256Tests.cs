using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Digests;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class Keccak256Tests
{
    // The empty string's hash is Ethereum's code hash of an account without code (yellow paper, 4.1); "abc" and the event and
    // function signatures are constants of deployed contracts (ERC-20).
    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    [InlineData("Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")]
    public void Hashes_are_the_published_values(string text, string hash) =>
        Assert.Equal(hash, Keccak256.Hash(Encoding.UTF8.GetBytes(text)).ToString());

    [Fact]
    public void Every_length_around_the_rate_agrees_with_an_independent_implementation()
    {
        for (var length = 0; length <= 3 * 136 + 1; length++)
        {
            var data = RandomNumberGenerator.GetBytes(length);
            var oracle = new KeccakDigest(256);
            oracle.BlockUpdate(data, 0, data.Length);
            var expected = new byte[32];
            oracle.DoFinal(expected, 0);
            Assert.Equal(Hex.Text(expected), Keccak256.Hash(data).ToString());
        }
    }

    [Fact]
    public void The_destination_may_be_the_data()
    {
        var buffer = new byte[32];
        var expected = Keccak256.Hash(buffer);
        Keccak256.Hash(buffer, buffer);
        Assert.Equal(expected.ToArray(), buffer);
    }

    [Fact]
    public void A_short_destination_is_refused() =>
        Assert.Throws<ArgumentException>(() => Keccak256.Hash([], new byte[31]));
}
