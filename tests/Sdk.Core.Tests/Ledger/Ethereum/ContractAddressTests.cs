using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Tests.Cryptography;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class ContractAddressTests
{
    /// <summary>The first contracts of the account that the Ethereum wiki computes as an example.</summary>
    [Theory]
    [InlineData(0UL, "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d")]
    [InlineData(1UL, "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8")]
    [InlineData(2UL, "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91")]
    [InlineData(3UL, "0xfffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c")]
    public void A_transaction_makes_a_contract_by_sender_and_nonce(ulong nonce, string address) =>
        Assert.Equal(AccountAddress.Parse(address), ContractAddress.Create(AccountAddress.Parse("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"), nonce));

    /// <summary>EIP-1014, "Examples".</summary>
    [Theory]
    [InlineData("0x0000000000000000000000000000000000000000", "00", "00", "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38")]
    [InlineData("0xdeadbeef00000000000000000000000000000000", "00", "00", "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3")]
    [InlineData("0xdeadbeef00000000000000000000000000000000", "feed000000000000000000000000000000000000", "00", "0xD04116cDd17beBE565EB2422F2497E06cC1C9833")]
    [InlineData("0x0000000000000000000000000000000000000000", "00", "deadbeef", "0x70f2b2914A2a4b783FaEFb75f459A580616Fcb5e")]
    [InlineData("0x00000000000000000000000000000000deadbeef", "cafebabe", "deadbeef", "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7")]
    [InlineData("0x00000000000000000000000000000000deadbeef", "cafebabe",
        "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef", "0x1d8bfDC5D46DC4f61D6b6115972536eBE6A8854C")]
    [InlineData("0x0000000000000000000000000000000000000000", "00", "", "0xE33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0")]
    public void A_contract_makes_a_contract_by_salt_and_code(string creator, string salt, string code, string address) => Assert.Equal(
        AccountAddress.Parse(address),
        ContractAddress.Create2(AccountAddress.Parse(creator), Hash256.FromHex(salt.PadLeft(64, '0')), Keccak256.Hash(Hex.Bytes(code))));
}
