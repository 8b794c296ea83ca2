using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Sdk.Core.Cryptography;
using Sdk.Core.Ledger;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Interop.Ethereum;

/// <summary>Transactions against the public cases: 1 067 of the legacy form, each with and without EIP-155, and 1 792 of EIP-2930 and EIP-1559.</summary>
public sealed class TransactionKnownAnswerTests
{
    [EthereumFact]
    public void All_1067_legacy_cases_are_encoded_signed_decoded_and_recovered()
    {
        KnownAnswers.All(KnownAnswers.Read("transactions", 1067), known =>
        {
            foreach (var (suffix, chainId) in new (string, ulong?)[] { ("", null), ("ChainId5", 5) })
            {
                var transaction = new EthereumTransaction
                {
                    Kind = EthereumTransactionKind.Legacy,
                    ChainId = chainId,
                    Nonce = (ulong)Number(known, "nonce"),
                    MaxFeePerGasWei = Amount(known, "gasPrice"),
                    GasLimit = Amount(known, "gasLimit"),
                    To = Recipient(known),
                    ValueWei = Amount(known, "value"),
                    Data = known.Bytes("data"),
                };
                Check(transaction, known.Bytes($"unsignedTransaction{suffix}"), known.Bytes($"signedTransaction{suffix}"), known.Bytes("privateKey"), known.Bytes("accountAddress"));
            }
        });
    }

    [EthereumFact]
    public void All_1792_typed_cases_are_encoded_signed_decoded_and_recovered()
    {
        KnownAnswers.All(KnownAnswers.Read("typed-transactions", 1792), known =>
        {
            var fields = known.GetProperty("tx");
            var kind = (EthereumTransactionKind)fields.GetProperty("type").GetInt32();
            var transaction = new EthereumTransaction
            {
                Kind = kind,
                ChainId = (ulong)Number(fields, "chainId"),
                Nonce = (ulong)Number(fields, "nonce"),
                MaxFeePerGasWei = Amount(fields, kind == EthereumTransactionKind.AccessList ? "gasPrice" : "maxFeePerGas"),
                MaxPriorityFeePerGasWei = Amount(fields, "maxPriorityFeePerGas"),
                GasLimit = Amount(fields, "gasLimit"),
                To = Recipient(fields),
                ValueWei = Amount(fields, "value"),
                Data = fields.Bytes("data"),
                AccessList = fields.TryGetProperty("accessList", out var list) ? [.. list.EnumerateArray().Select(Entry)] : [],
            };
            Check(transaction, known.Bytes("unsigned"), known.Bytes("signed"), known.Bytes("key"), known.Bytes("address"));
        });
    }

    private static void Check(EthereumTransaction transaction, byte[] unsigned, byte[] signed, byte[] privateKey, byte[] account)
    {
        using var key = KeyPair.FromPrivateKey(privateKey);
        Assert.Equal(unsigned, transaction.EncodeUnsigned());
        Assert.Equal(signed, transaction.Sign(key).Encode());
        var decoded = EthereumTransaction.Decode(signed);
        Assert.Equal(signed, decoded.Encode());
        Assert.Equal(unsigned, decoded.EncodeUnsigned());
        Assert.Equal(account, decoded.RecoverSender().Bytes.ToArray());
        Assert.Equal(transaction.Nonce, decoded.Nonce);
        Assert.Equal(transaction.ValueWei, decoded.ValueWei);
        Assert.Equal(transaction.ChainId, decoded.ChainId);
    }

    private static AccessListEntry Entry(JsonElement entry) => new(
        AccountAddress.Parse(entry.GetProperty("address").GetString()!),
        [.. entry.GetProperty("storageKeys").EnumerateArray().Select(key => Hash256.FromBytes(KnownAnswers.Bytes(key.GetString()!)))]);

    private static AccountAddress? Recipient(JsonElement fields) =>
        fields.TryGetProperty("to", out var to) && to.GetString() is { Length: > 2 } text ? AccountAddress.Parse(text) : null;

    private static TokenAmount Amount(JsonElement fields, string name) => TokenAmount.Parse(Number(fields, name).ToString(CultureInfo.InvariantCulture));

    private static BigInteger Number(JsonElement fields, string name)
    {
        if (!fields.TryGetProperty(name, out var number))
        {
            return 0;
        }

        return number.ValueKind == JsonValueKind.Number
            ? number.GetUInt64()
            : new BigInteger(KnownAnswers.Bytes(number.GetString()!), isUnsigned: true, isBigEndian: true);
    }
}
