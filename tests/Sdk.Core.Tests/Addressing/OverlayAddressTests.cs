using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Addressing;

public class OverlayAddressTests
{
    // Known answers of Swarm's nodes (bee, pkg/crypto): account, network id, last byte of the nonce.
    [Theory]
    [InlineData("1815cac638d1525b47f848daf02b7953e4edd15c", 1, 1, "a38f7a814d4b249ae9d3821e9b898019c78ac9abe248fff171782c32a3849a17")]
    [InlineData("1815cac638d1525b47f848daf02b7953e4edd15c", 1, 2, "c63c10b1728dfc463c64c264f71a621fe640196979375840be42dc496b702610")]
    [InlineData("d26bc1715e933bd5f8fad16310042f13abc16159", 2, 1, "9f421f9149b8e31e238cfbdc6e5e833bacf1e42f77f60874d49291292858968e")]
    [InlineData("ac485e3c63dcf9b4cda9f007628bb0b6fed1c063", 1, 0, "fe3a6d582c577404fb19df64a44e00d3a3b71230a8464c0dd34af3f0791b45f2")]
    public void Addresses_are_those_of_Swarm(string account, ulong networkId, byte lastByteOfNonce, string expected)
    {
        var nonce = new byte[32];
        nonce[31] = lastByteOfNonce;
        Assert.Equal(expected, OverlayAddress.Create(AccountAddress.Parse(account), networkId, nonce).ToString());
    }

    [Theory]
    [InlineData(0x80, 0)]
    [InlineData(0x40, 1)]
    [InlineData(0x01, 7)]
    public void Proximity_counts_the_leading_bits_in_common(byte difference, int expected)
    {
        for (var i = 0; i < OverlayAddress.LengthBytes; i++)
        {
            byte[] first = new byte[32], second = new byte[32];
            second[i] = difference;
            second[31] |= i < 31 ? (byte)1 : (byte)0;
            var (one, other) = (OverlayAddress.FromBytes(first), OverlayAddress.FromBytes(second));
            Assert.Equal((8 * i) + expected, one.Proximity(other));
            Assert.Equal((8 * i) + expected, other.Proximity(one));
        }
    }

    [Fact]
    public void An_address_is_nearest_to_itself() =>
        Assert.Equal(OverlayAddress.ProximityMax, OverlayAddress.FromBytes(new byte[32]).Proximity(default));

    [Fact]
    public void A_nonce_has_32_bytes() =>
        Assert.Throws<ArgumentException>(() => OverlayAddress.Create(default, 1, new byte[31]));
}
