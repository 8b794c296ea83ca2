using Sdk.Core.Cryptography;
using Sdk.Core.Ledger.Ethereum;

namespace Sdk.Core.Ledger.Embedded;

/// <summary>
/// What an account asks of an embedded ledger, signed: an EIP-1559 transaction without a fee, so that one signature scheme serves every
/// ledger, and its chain id and nonce keep it from counting twice.
/// </summary>
/// <param name="Sender">Who signed.</param>
/// <param name="Nonce">How many operations the account had before.</param>
/// <param name="Call">The call.</param>
/// <param name="Hash">The transaction's hash.</param>
/// <param name="Encoded">The transaction.</param>
internal sealed record LedgerOperation(AccountAddress Sender, ulong Nonce, LedgerCall Call, Hash256 Hash, ReadOnlyMemory<byte> Encoded)
{
    /// <summary>Longest encoding in bytes, as Ethereum's nodes have it.</summary>
    public const int LengthBytesMax = EthereumTransaction.LengthBytesMax;

    public static LedgerOperation Sign(LedgerCall call, ulong nonce, ulong chainId, KeyPair signer)
    {
        var transaction = new EthereumTransaction
        {
            ChainId = chainId,
            Nonce = nonce,
            To = call.To,
            ValueWei = call.Value,
            Data = call.Data,
        }.Sign(signer);
        var encoded = transaction.Encode();
        return new LedgerOperation(signer.Address, nonce, call, Keccak256.Hash(encoded), encoded);
    }

    /// <summary>Reads a signed operation, and recovers who signed it.</summary>
    /// <exception cref="LedgerException">It is none, it is forged, or it is for another chain.</exception>
    public static LedgerOperation Read(ReadOnlyMemory<byte> encoded, ulong chainId)
    {
        var transaction = Decode(encoded.Span, chainId);
        return Of(transaction, transaction.RecoverSender(), encoded);
    }

    /// <summary>Reads an operation from the ledger's own log, where its signature was checked before it got there.</summary>
    public static LedgerOperation ReadChecked(AccountAddress sender, ReadOnlyMemory<byte> encoded, ulong chainId) =>
        Of(Decode(encoded.Span, chainId), sender, encoded);

    private static EthereumTransaction Decode(ReadOnlySpan<byte> encoded, ulong chainId)
    {
        if (encoded.Length > LengthBytesMax)
        {
            throw new LedgerException(LedgerFailure.TooLarge, $"An operation has at most {LengthBytesMax} bytes, not {encoded.Length}.");
        }

        var transaction = EthereumTransaction.Decode(encoded);
        return transaction.Kind != EthereumTransactionKind.DynamicFee || transaction.To is null || transaction.AccessList.Count > 0
            ? throw new LedgerException(LedgerFailure.Malformed, "An embedded ledger takes EIP-1559 transactions that call somebody.")
            : transaction.ChainId != chainId
            ? throw new LedgerException(LedgerFailure.WrongChain, $"The operation is for chain {transaction.ChainId}, this is {chainId}.")
            : transaction;
    }

    private static LedgerOperation Of(EthereumTransaction transaction, AccountAddress sender, ReadOnlyMemory<byte> encoded) =>
        new(sender, transaction.Nonce, new LedgerCall(transaction.To!.Value, transaction.Data, transaction.ValueWei), Keccak256.Hash(encoded.Span), encoded);
}
