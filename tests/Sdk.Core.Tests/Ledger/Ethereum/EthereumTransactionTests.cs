using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;
using Sdk.Core.Tests.Cryptography;

namespace Sdk.Core.Tests.Ledger.Ethereum;

public sealed class EthereumTransactionTests
{
    private static readonly KeyPair Key = KeyPair.FromPrivateKey(Enumerable.Repeat((byte)0x46, 32).ToArray());

    private static readonly EthereumTransaction Payment = new()
    {
        ChainId = 1337,
        Nonce = 7,
        MaxFeePerGasWei = 30_000_000_000,
        MaxPriorityFeePerGasWei = 1_000_000_000,
        GasLimit = 21_000,
        To = AccountAddress.Parse("0x3535353535353535353535353535353535353535"),
        ValueWei = TokenAmount.OneToken,
        Data = new byte[] { 1, 2, 3 },
        AccessList = [new(AccountAddress.Parse("0x00000000000000000000000000000000000000aa"), [default, Hash256.FromHex(new string('b', 64))])],
    };

    /// <summary>EIP-155, "Example".</summary>
    [Fact]
    public void The_example_of_EIP_155_is_signed_and_read()
    {
        var transaction = new EthereumTransaction
        {
            Kind = EthereumTransactionKind.Legacy,
            ChainId = 1,
            Nonce = 9,
            MaxFeePerGasWei = 20_000_000_000,
            GasLimit = 21_000,
            To = AccountAddress.Parse("0x3535353535353535353535353535353535353535"),
            ValueWei = TokenAmount.OneToken,
        };
        Assert.Equal("ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080", Hex.Text(transaction.EncodeUnsigned()));
        Assert.Equal("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53", transaction.SigningHash().ToString());
        const string Signed = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d"
            + "3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
        Assert.Equal(Signed, Hex.Text(transaction.Sign(Key).Encode()));
        var decoded = EthereumTransaction.Decode(Hex.Bytes(Signed));
        Assert.Equal(1UL, decoded.ChainId);
        Assert.Equal(Key.Address, decoded.RecoverSender());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_transaction_survives_the_wire(byte form)
    {
        var kind = (EthereumTransactionKind)form;
        var signed = (Payment with { Kind = kind, AccessList = kind == EthereumTransactionKind.Legacy ? [] : Payment.AccessList }).Sign(Key);
        var decoded = EthereumTransaction.Decode(signed.Encode());
        Assert.Equal(signed.Encode(), decoded.Encode());
        Assert.Equal(signed.Hash(), decoded.Hash());
        Assert.Equal(Key.Address, decoded.RecoverSender());
        Assert.Equal(signed.AccessList.Count, decoded.AccessList.Count);
    }

    [Fact]
    public void A_transaction_that_makes_a_contract_names_no_recipient()
    {
        var decoded = EthereumTransaction.Decode((Payment with { To = null }).Sign(Key).Encode());
        Assert.Null(decoded.To);
    }

    [Fact]
    public void A_transaction_without_a_signature_is_not_sent()
    {
        Assert.Throws<InvalidOperationException>(() => Payment.Encode());
        Assert.Throws<LedgerException>(() => Payment.RecoverSender());
        Assert.Throws<InvalidOperationException>(() => (Payment with { ChainId = null }).EncodeUnsigned());
    }

    [Fact]
    public void A_high_s_is_refused()
    {
        // n − s with the other parity is the same signature to the curve, and another transaction to the world.
        var encoded = Payment.Sign(Key).Encode();
        var s = encoded.AsSpan(^32);
        var high = (new System.Numerics.BigInteger(Secp256k1.Order, isUnsigned: true, isBigEndian: true)
            - new System.Numerics.BigInteger(s, isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        high.CopyTo(s);
        encoded[^67] = (byte)(encoded[^67] == 1 ? 0x80 : 1);
        AssertMalformed(encoded);
    }

    [Fact]
    public void Every_byte_that_is_missing_or_too_many_is_refused()
    {
        var encoded = Payment.Sign(Key).Encode();
        for (var length = 0; length < encoded.Length; length++)
        {
            AssertMalformed(encoded[..length]);
        }

        AssertMalformed([.. encoded, 0]);
        AssertMalformed(new byte[EthereumTransaction.LengthBytesMax + 1]);
        AssertMalformed([3, .. encoded[1..]]);
    }

    [Theory]
    [InlineData("c0")]
    [InlineData("80")]
    [InlineData("02c0")]
    [InlineData("01f8")]
    public void What_is_no_transaction_is_refused(string encoded) => AssertMalformed(Hex.Bytes(encoded));

    [Theory]
    [InlineData(26)]
    [InlineData(29)]
    [InlineData(34)]
    public void A_v_that_names_no_chain_is_refused(ulong v)
    {
        var fields = new RlpWriter().Add(1UL).Add(1UL).Add(1UL).Add([]).Add(1UL).Add([]).Add(v).Add(1UL).Add(1UL);
        AssertMalformed(fields.ToList());
    }

    [Fact]
    public void A_parity_above_one_and_the_last_nonce_are_refused()
    {
        RlpWriter Fields(ulong nonce, ulong parity) =>
            new RlpWriter().Add(1UL).Add(nonce).Add(1UL).Add(1UL).Add(1UL).Add([]).Add(1UL).Add([]).AddList(new RlpWriter()).Add(parity).Add(1UL).Add(1UL);
        Assert.Equal(ulong.MaxValue - 1, EthereumTransaction.Decode(Fields(ulong.MaxValue - 1, 1).ToList([2])).Nonce);
        AssertMalformed(Fields(ulong.MaxValue, 1).ToList([2]));
        AssertMalformed(Fields(1, 2).ToList([2]));
    }

    private static void AssertMalformed(byte[] encoded) =>
        Assert.Equal(LedgerFailure.Malformed, Assert.Throws<LedgerException>(() => EthereumTransaction.Decode(encoded)).Reason);
}
