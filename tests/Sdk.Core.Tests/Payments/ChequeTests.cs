using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Payments;

namespace Sdk.Core.Tests.Payments;

public sealed class ChequeTests
{
    private const string SwarmKey = "634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd";

    private static readonly KeyPair Issuer = KeyPair.FromPrivateKey(Convert.FromHexString(SwarmKey));
    private static readonly KeyPair Other = KeyPair.GenerateTestOnly();
    private static readonly AccountAddress Us = KeyPair.GenerateTestOnly().Address;
    private static readonly AccountAddress Vault = AccountAddress.Parse("0xfa02D396842E6e1D319E8E3D4D870338F791AA25");
    private static readonly ChequeDomain Domain = new(31337, Vault);
    private static readonly ChequeExpectation Expected = new(Domain, Issuer.Address, Us, Held: 100, MinValue: 10, MaxValue: 1000);

    [Fact]
    public void The_known_answer_of_Swarm_comes_out_of_the_encoder()
    {
        var typeHash = Keccak256.Hash("Cheque(address chequebook,address beneficiary,uint256 cumulativePayout)"u8);
        var structHash = ChequeEncoding.StructHash(typeHash, Vault, AccountAddress.Parse("0x98E6C644aFeB94BBfB9FF60EB26fc9D83BBEcA79"), 500);
        var digest = TypedStruct.Digest(TypedStruct.Domain("Chequebook", "1.0", 1), structHash);

        Assert.Equal("48ebe6deff4a5ee645c01506a026031e2a945d6f41f1f4e5098ad65347492c12", typeHash.ToString());
        Assert.Equal("4d7eac16e51edfea83966a068f9dcdfd2bbabf6336b85136e8b8b6bc31acc4f5", structHash.ToString());
        Assert.Equal("69e9ee0a6b81c55324f9ba67f2307cd7ccc86a924ea857eca1818a2392bddf55", digest.ToString());
        Assert.Equal(
            "171b63fc598ae2c7987f4a756959dadddd84ccd2071e7b5c3aa3437357be47286125edc370c344a163ba7f4183dfd3611996274a13e4b3496610fc00c0e2fc421c",
            Issuer.SignDigest(digest.Bytes).ToString());
    }

    [Fact]
    public void Our_digest_is_what_the_general_encoder_of_typed_data_gives()
    {
        var cheque = new Cheque(Issuer.Address, Us, TokenAmount.MaxValue);
        var structHash = new TypedStruct("Cheque(address issuer,address beneficiary,uint256 cumulativePayout)")
            .Add(cheque.Issuer).Add(cheque.Beneficiary).Add(cheque.CumulativePayout.ToWord()).Hash();

        Assert.Equal(TypedStruct.Digest(TypedStruct.Domain("Vault", "1", 31337, Vault), structHash), Domain.DigestOf(cheque));
    }

    [Fact]
    public void A_cheque_is_read_as_it_was_written()
    {
        var signed = Sign(500);

        Assert.True(SignedCheque.TryDecode(signed.Encode(), out var read));
        Assert.Equal(signed.Cheque, read.Cheque);
        Assert.Equal(signed.Signature, read.Signature);
        Assert.Equal((Domain.ChainId, Domain.Vault), (read.ChainId, read.Vault));
    }

    [Fact]
    public void A_cheque_cut_short_or_lengthened_is_no_cheque()
    {
        var encoded = Sign(500).Encode();

        Assert.False(SignedCheque.TryDecode(encoded.AsSpan(1), out _));
        Assert.False(SignedCheque.TryDecode([.. encoded, 0], out _));
        Assert.False(SignedCheque.TryDecode([], out _));
    }

    [Fact]
    public void A_high_s_is_no_signature()
    {
        var encoded = Sign(500).Encode();
        var s = new System.Numerics.BigInteger(encoded.AsSpan(SignedCheque.LengthBytes - 33, 32), isUnsigned: true, isBigEndian: true);
        var high = new System.Numerics.BigInteger(Secp256k1.Order, isUnsigned: true, isBigEndian: true) - s;
        high.TryWriteBytes(encoded.AsSpan(SignedCheque.LengthBytes - 33, 32), out _, isUnsigned: true, isBigEndian: true);
        encoded[^1] = (byte)(55 - encoded[^1]);

        Assert.False(SignedCheque.TryDecode(encoded, out _));
    }

    [Fact]
    public void A_cheque_for_another_chain_or_vault_does_not_verify()
    {
        var signed = Sign(500);

        Assert.True(Domain.Verify(signed));
        Assert.False(new ChequeDomain(1, Vault).Verify(signed));
        Assert.False(new ChequeDomain(Domain.ChainId, Us).Verify(signed));
        Assert.False(new ChequeDomain(1, Vault).Verify(new SignedCheque(1, Vault, signed.Cheque, signed.Signature)));
    }

    [Fact]
    public void Only_the_issuer_signs()
    {
        Assert.Throws<ArgumentException>(() => Domain.Sign(new Cheque(Us, Us, 1), Issuer));
    }

    [Fact]
    public void A_good_cheque_is_taken() => Assert.Null(Expected.FindFault(Sign(110)));

    [Fact]
    public void A_cheque_on_another_chain_is_refused() =>
        Assert.Equal(ChequeFault.WrongChain, Expected.FindFault(new ChequeDomain(1, Vault).Sign(new Cheque(Issuer.Address, Us, 110), Issuer)));

    [Fact]
    public void A_cheque_on_a_foreign_vault_is_refused() =>
        Assert.Equal(ChequeFault.ForeignVault, Expected.FindFault(new ChequeDomain(Domain.ChainId, Us).Sign(new Cheque(Issuer.Address, Us, 110), Issuer)));

    [Fact]
    public void A_cheque_for_somebody_else_is_refused() =>
        Assert.Equal(ChequeFault.WrongBeneficiary, Expected.FindFault(Domain.Sign(new Cheque(Issuer.Address, Other.Address, 110), Issuer)));

    [Fact]
    public void A_cheque_of_somebody_else_is_refused() =>
        Assert.Equal(ChequeFault.WrongIssuer, Expected.FindFault(Domain.Sign(new Cheque(Other.Address, Us, 110), Other)));

    [Theory]
    [InlineData(100)]
    [InlineData(99)]
    [InlineData(0)]
    public void A_cheque_that_is_replayed_or_shrinks_is_refused(ulong payout) => Assert.Equal(ChequeFault.NotRising, Expected.FindFault(Sign(payout)));

    [Fact]
    public void A_cheque_of_too_little_or_too_much_is_refused()
    {
        Assert.Equal(ChequeFault.TooSmall, Expected.FindFault(Sign(109)));
        Assert.Null(Expected.FindFault(Sign(1100)));
        Assert.Equal(ChequeFault.TooLarge, Expected.FindFault(Sign(1101)));
        Assert.Equal(ChequeFault.TooLarge, Expected.FindFault(Domain.Sign(new Cheque(Issuer.Address, Us, TokenAmount.MaxValue), Issuer)));
    }

    [Fact]
    public void A_cheque_that_somebody_else_signed_is_refused()
    {
        var forged = new SignedCheque(Domain.ChainId, Vault, new Cheque(Issuer.Address, Us, 110), Domain.Sign(new Cheque(Other.Address, Us, 110), Other).Signature);

        Assert.Equal(ChequeFault.Signature, Expected.FindFault(forged));
    }

    [Fact]
    public void Cover_is_what_is_deposited_and_not_leaving_and_what_is_set_aside()
    {
        var cover = new ChequeCover(Deposit: 100, PendingWithdrawal: 40, HardDeposit: 5, PaidOut: 1000);

        Assert.True(cover.Covers(1065));
        Assert.False(cover.Covers(1066));
        Assert.True(cover.Covers(3));
        Assert.False(new ChequeCover(100, 200, 0, 0).Covers(1));
        Assert.True(new ChequeCover(TokenAmount.MaxValue, 0, TokenAmount.MaxValue, 0).Covers(TokenAmount.MaxValue));
    }

    private static SignedCheque Sign(ulong payout) => Domain.Sign(new Cheque(Issuer.Address, Us, payout), Issuer);
}
