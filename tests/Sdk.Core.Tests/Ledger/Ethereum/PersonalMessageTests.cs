using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class PersonalMessageTests
{
    /// <summary>What the documentation of web3.js computes for the same text and key.</summary>
    [Fact]
    public void A_text_is_signed_as_wallets_sign_it()
    {
        var digest = PersonalMessage.Digest("Some data");
        Assert.Equal("1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655", digest.ToString());
        using var key = KeyPair.FromPrivateKey(Convert.FromHexString("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"));
        Assert.Equal(
            "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c",
            key.SignDigest(digest.Bytes).ToString());
    }

    [Fact]
    public void The_length_is_counted_in_bytes() => Assert.NotEqual(PersonalMessage.Digest("é"), PersonalMessage.Digest("e"));
}
