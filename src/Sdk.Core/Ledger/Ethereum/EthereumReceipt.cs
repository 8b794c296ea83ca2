using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>What a node says became of a transaction.</summary>
/// <param name="Transaction">The transaction's hash.</param>
/// <param name="BlockNumber">The block that holds it.</param>
/// <param name="BlockHash">The block's hash.</param>
/// <param name="IsSuccess">False: it was reverted.</param>
/// <param name="GasUsed">Gas that it took.</param>
/// <param name="Contract">The contract that it made; null where it made none.</param>
/// <param name="Events">What contracts told.</param>
internal sealed record EthereumReceipt(
    Hash256 Transaction, ulong BlockNumber, Hash256 BlockHash, bool IsSuccess, ulong GasUsed, AccountAddress? Contract, IReadOnlyList<LedgerEvent> Events)
{
    private const int TopicsMax = 4;

    /// <exception cref="LedgerException">It is no receipt, or its events are of another transaction or block (<see cref="LedgerFailure.Untrustworthy"/>).</exception>
    public static EthereumReceipt Read(JsonElement json)
    {
        var receipt = new EthereumReceipt(
            EthereumJson.Hash(EthereumJson.Member(json, "transactionHash")),
            EthereumJson.UInt64(EthereumJson.Member(json, "blockNumber")),
            EthereumJson.Hash(EthereumJson.Member(json, "blockHash")),
            EthereumJson.UInt64(EthereumJson.Member(json, "status")) switch
            {
                0 => false,
                1 => true,
                _ => throw EthereumJson.Wrong("a receipt's status is neither 0 nor 1"),
            },
            EthereumJson.UInt64(EthereumJson.Member(json, "gasUsed")),
            EthereumJson.Optional(json, "contractAddress") is { } made ? EthereumJson.Address(made) : null,
            EthereumJson.List(EthereumJson.Member(json, "logs"), ReadEvent));
        var index = -1;
        foreach (var told in receipt.Events)
        {
            if (told.Transaction != receipt.Transaction || told.BlockHash != receipt.BlockHash || told.BlockNumber != receipt.BlockNumber
                || told.IsRemoved || told.Index <= index)
            {
                throw EthereumJson.Wrong("a receipt has events of something else");
            }

            index = told.Index;
        }

        return receipt;
    }

    /// <summary>One event, as receipts and <c>eth_getLogs</c> have them.</summary>
    public static LedgerEvent ReadEvent(JsonElement json)
    {
        var index = EthereumJson.UInt64(EthereumJson.Member(json, "logIndex"));
        return new LedgerEvent(
            EthereumJson.Address(EthereumJson.Member(json, "address")),
            EthereumJson.List(EthereumJson.Member(json, "topics"), EthereumJson.Hash, TopicsMax),
            EthereumJson.Bytes(EthereumJson.Member(json, "data")),
            EthereumJson.UInt64(EthereumJson.Member(json, "blockNumber")),
            EthereumJson.Hash(EthereumJson.Member(json, "blockHash")),
            EthereumJson.Hash(EthereumJson.Member(json, "transactionHash")),
            index <= int.MaxValue ? (int)index : throw EthereumJson.Wrong("an event's index is too large"),
            EthereumJson.Optional(json, "removed") is { } removed && EthereumJson.Boolean(removed));
    }

    /// <summary>Whether two receipts of a transaction in one block say the same.</summary>
    public bool Agrees(EthereumReceipt other) =>
        Transaction == other.Transaction && BlockHash == other.BlockHash && BlockNumber == other.BlockNumber && IsSuccess == other.IsSuccess
        && GasUsed == other.GasUsed && Contract == other.Contract && Events.Count == other.Events.Count
        && Events.Zip(other.Events).All(pair => pair.First.Contract == pair.Second.Contract && pair.First.Topics.SequenceEqual(pair.Second.Topics)
            && pair.First.Data.Span.SequenceEqual(pair.Second.Data.Span));

    public LedgerReceipt ToLedgerReceipt() => new(Transaction, BlockNumber, BlockHash, Events, GasUsed);
}
