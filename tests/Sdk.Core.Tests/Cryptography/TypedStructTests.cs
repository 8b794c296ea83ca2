using System.Text;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class TypedStructTests
{
    private const string PersonType = "Person(string name,address wallet)";

    // EIP-712's own example, "Mail", with its published digest and the signature by the key Keccak-256("cow").
    [Fact]
    public void The_example_of_EIP_712_has_its_published_digest_and_signature()
    {
        var domain = TypedStruct.Domain("Ether Mail", "1", 1, AccountAddress.Parse("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"));
        var mail = new TypedStruct("Mail(Person from,Person to,string contents)" + PersonType)
            .Add(Person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"))
            .Add(Person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"))
            .Add("Hello, Bob!");
        var digest = TypedStruct.Digest(domain, mail.Hash());

        Assert.Equal("f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f", domain.ToString());
        Assert.Equal("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2", digest.ToString());

        using var cow = KeyPair.FromPrivateKey(Keccak256.Hash(Encoding.ASCII.GetBytes("cow")).Bytes);
        Assert.Equal(
            "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
            + "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c",
            cow.SignDigest(digest.Bytes).ToString());
    }

    // The struct hash and digest of a cheque as Swarm's nodes sign it (bee, pkg/settlement/swap/chequebook).
    [Fact]
    public void A_known_cheque_has_its_known_digest()
    {
        var cheque = new TypedStruct("Cheque(address chequebook,address beneficiary,uint256 cumulativePayout)")
            .Add(AccountAddress.Parse("0xfa02D396842E6e1D319E8E3D4D870338F791AA25"))
            .Add(AccountAddress.Parse("0x98E6C644aFeB94BBfB9FF60EB26fc9D83BBEcA79"))
            .Add(500)
            .Hash();
        Assert.Equal("4d7eac16e51edfea83966a068f9dcdfd2bbabf6336b85136e8b8b6bc31acc4f5", cheque.ToString());
        Assert.Equal(
            "69e9ee0a6b81c55324f9ba67f2307cd7ccc86a924ea857eca1818a2392bddf55",
            TypedStruct.Digest(TypedStruct.Domain("Chequebook", "1.0", 1), cheque).ToString());
    }

    private static Hash256 Person(string name, string wallet) =>
        new TypedStruct(PersonType).Add(name).Add(AccountAddress.Parse(wallet)).Hash();
}
