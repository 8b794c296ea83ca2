using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class AccountAddressTests
{
    // The test cases of EIP-55.
    [Theory]
    [InlineData("0x52908400098527886E0F7030069857D2E4169EE7")]
    [InlineData("0x8617E340B3D01FA5F11F306F4090FD50E238070D")]
    [InlineData("0xde709f2102306220921060314715629080e2fb77")]
    [InlineData("0x27b1fdb04752bbc536007a920d24acb045561c26")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")]
    [InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")]
    [InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")]
    public void Text_has_the_capitals_of_EIP_55(string text)
    {
        Assert.Equal(text, AccountAddress.Parse(text).ToString());
        Assert.Equal(text, AccountAddress.Parse(text.AsSpan(2)).ToString());
        Assert.Equal(text, AccountAddress.Parse(text.ToLowerInvariant()).ToString());
        Assert.Equal(text, AccountAddress.Parse(text.ToUpperInvariant().AsSpan(2)).ToString());
    }

    [Theory]
    [InlineData("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0")]
    [InlineData("0x5gAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA d")]
    [InlineData("0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("")]
    public void A_wrong_checksum_or_shape_is_refused(string text)
    {
        Assert.False(AccountAddress.TryParse(text, out _));
        Assert.Throws<FormatException>(() => AccountAddress.Parse(text));
    }

    // Web3 Secret Storage Definition, test vectors: the address of the private key.
    [Fact]
    public void The_address_of_a_known_key_is_the_published_one()
    {
        using var key = KeyPair.FromPrivateKey(Hex.Bytes("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"));
        Assert.Equal(AccountAddress.Parse("008aeeda4d805471df9b2a5b0f38a0c3bcba786b"), key.Address);
    }
}
