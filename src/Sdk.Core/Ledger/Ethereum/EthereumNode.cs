using System.Text.Json;
using System.Text.Json.Nodes;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>
/// What the ledger asks of a node, in types. An answer is checked against its question here: a receipt is of the transaction that was asked
/// for, a block has the number that was asked for, events match their filter.
/// </summary>
internal sealed class EthereumNode(JsonRpcClient client, int? confirmations) : IDisposable
{
    private const string Latest = "latest";
    private const string Pending = "pending";

    public void Dispose() => client.Dispose();

    public async Task<ulong> ChainIdAsync(CancellationToken cancellationToken) =>
        EthereumJson.UInt64(await ResultAsync(new("eth_chainId"), cancellationToken).ConfigureAwait(false));

    /// <summary>The newest block.</summary>
    public async Task<EthereumBlock> LatestAsync(CancellationToken cancellationToken) =>
        EthereumBlock.Read(await ResultAsync(BlockByTag(Latest), cancellationToken).ConfigureAwait(false));

    /// <summary>The number of the newest block that counts as final, below a newest block.</summary>
    public async Task<ulong> FinalNumberAsync(EthereumBlock latest, CancellationToken cancellationToken)
    {
        if (confirmations is { } count)
        {
            return latest.Number - Math.Min(latest.Number, (ulong)count);
        }

        var final = EthereumBlock.Read(await ResultAsync(BlockByTag("finalized"), cancellationToken).ConfigureAwait(false));
        return Math.Min(final.Number, latest.Number);
    }

    /// <summary>The block of a number; null where there is none yet.</summary>
    public async Task<EthereumBlock?> BlockAsync(ulong number, CancellationToken cancellationToken) =>
        ReadBlock(await CallAsync(BlockByTag(EthereumJson.Quantity(number)), cancellationToken).ConfigureAwait(false), number);

    public async Task<TokenAmount> BalanceAsync(AccountAddress account, ulong? block, CancellationToken cancellationToken) =>
        EthereumJson.Amount(await ResultAsync(new("eth_getBalance", account.ToString(), Tag(block)), cancellationToken).ConfigureAwait(false));

    /// <summary>The code of a contract; empty where there is none.</summary>
    public async Task<byte[]> CodeAsync(AccountAddress contract, CancellationToken cancellationToken) =>
        EthereumJson.Bytes(await ResultAsync(new("eth_getCode", contract.ToString(), Latest), cancellationToken).ConfigureAwait(false));

    /// <summary>How many transactions of an account are in blocks up to one; null: up to the newest.</summary>
    public async Task<ulong> NonceAsync(AccountAddress account, ulong? block, CancellationToken cancellationToken) =>
        EthereumJson.UInt64(await ResultAsync(new("eth_getTransactionCount", account.ToString(), Tag(block)), cancellationToken).ConfigureAwait(false));

    /// <summary>How many transactions of an account are in blocks or wait for one.</summary>
    public async Task<ulong> PendingNonceAsync(AccountAddress account, CancellationToken cancellationToken) =>
        EthereumJson.UInt64(await ResultAsync(new("eth_getTransactionCount", account.ToString(), Pending), cancellationToken).ConfigureAwait(false));

    /// <summary>What the node would give for a unit of gas to who makes the block.</summary>
    public async Task<TokenAmount> SuggestedTipAsync(CancellationToken cancellationToken) =>
        EthereumJson.Amount(await ResultAsync(new("eth_maxPriorityFeePerGas"), cancellationToken).ConfigureAwait(false));

    /// <summary>Runs a call; an error may be a revert.</summary>
    public Task<JsonRpcAnswer> QueryAsync(EthereumCall call, ulong? block, CancellationToken cancellationToken) =>
        CallAsync(new("eth_call", call.ToJson(), Tag(block)), cancellationToken);

    /// <summary>How much gas a call takes after all that waits for a block; an error may be a revert.</summary>
    public Task<JsonRpcAnswer> EstimateGasAsync(EthereumCall call, CancellationToken cancellationToken) =>
        CallAsync(new("eth_estimateGas", call.ToJson(), Pending), cancellationToken);

    /// <summary>Sends a signed transaction; errors are many, and some mean that it is there already.</summary>
    public Task<JsonRpcAnswer> SendAsync(ReadOnlySpan<byte> transaction, CancellationToken cancellationToken) =>
        CallAsync(new("eth_sendRawTransaction", EthereumJson.Data(transaction)), cancellationToken);

    /// <summary>Whether the node has a transaction, in a block or waiting.</summary>
    public async Task<bool> KnowsAsync(Hash256 transaction, CancellationToken cancellationToken) =>
        (await ResultAsync(new("eth_getTransactionByHash", Hex(transaction)), cancellationToken).ConfigureAwait(false)).ValueKind != JsonValueKind.Null;

    /// <summary>The receipts of some transactions; null for those that are in no block.</summary>
    public async Task<IReadOnlyList<EthereumReceipt?>> ReceiptsAsync(IReadOnlyList<Hash256> transactions, CancellationToken cancellationToken)
    {
        var answers = await client.CallAsync([.. transactions.Select(Receipt)], cancellationToken).ConfigureAwait(false);
        return [.. answers.Select((answer, i) => ReadReceipt(answer, transactions[i]))];
    }

    /// <summary>Whether a receipt holds in the chain as it is now.</summary>
    /// <returns>False where a reorganisation is taking the receipt's block away: ask for the receipt again.</returns>
    /// <exception cref="LedgerException">
    /// The node contradicts itself: the receipt's block does not exist or does not hold the transaction, or the receipt says something
    /// else when it is asked for again (<see cref="LedgerFailure.Untrustworthy"/>).
    /// </exception>
    public async Task<bool> HoldsAsync(EthereumReceipt receipt, CancellationToken cancellationToken)
    {
        var answers = await client.CallAsync(
            [new("eth_getBlockByHash", Hex(receipt.BlockHash), false), BlockByTag(EthereumJson.Quantity(receipt.BlockNumber)), Receipt(receipt.Transaction)],
            cancellationToken).ConfigureAwait(false);
        var block = ReadBlock(answers[0], receipt.BlockNumber);
        var canonical = ReadBlock(answers[1], receipt.BlockNumber);
        var again = ReadReceipt(answers[2], receipt.Transaction);
        if (again is null || again.BlockHash != receipt.BlockHash)
        {
            return false;
        }

        if (!again.Agrees(receipt))
        {
            throw EthereumJson.Wrong($"the receipt of {receipt.Transaction} says one thing now and another then");
        }

        if (block is null || block.Hash != receipt.BlockHash || !block.Transactions.Contains(receipt.Transaction))
        {
            throw EthereumJson.Wrong($"the receipt of {receipt.Transaction} names a block that does not exist, or does not hold it");
        }

        return canonical?.Hash == receipt.BlockHash;
    }

    /// <summary>Events of a range of blocks, in their order; null where the node says that the range is too much.</summary>
    public async Task<IReadOnlyList<LedgerEvent>?> EventsAsync(LedgerEventFilter filter, ulong first, ulong last, CancellationToken cancellationToken)
    {
        var query = FilterJson(filter);
        query["fromBlock"] = EthereumJson.Quantity(first);
        query["toBlock"] = EthereumJson.Quantity(last);
        JsonRpcAnswer answer;
        try
        {
            answer = await CallAsync(new("eth_getLogs", query), cancellationToken).ConfigureAwait(false);
        }
        catch (LedgerException tooLarge) when (tooLarge.Reason == LedgerFailure.TooLarge && last > first)
        {
            return null;
        }

        return answer.Error is not null && last > first
            ? null
            : ReadEvents(Result(answer), filter, told => told.BlockNumber >= first && told.BlockNumber <= last);
    }

    /// <summary>Events of one block, by its hash (EIP-234); null where the node does not have it any more.</summary>
    public async Task<IReadOnlyList<LedgerEvent>?> EventsAsync(LedgerEventFilter filter, EthereumBlock block, CancellationToken cancellationToken)
    {
        var query = FilterJson(filter);
        query["blockHash"] = Hex(block.Hash);
        var answer = await CallAsync(new("eth_getLogs", query), cancellationToken).ConfigureAwait(false);
        return answer.Error is null ? ReadEvents(Result(answer), filter, told => told.BlockHash == block.Hash && told.BlockNumber == block.Number) : null;
    }

    /// <summary>The exception for an error that is no revert.</summary>
    public static LedgerException Refusal(JsonRpcError error) => new(
        error.Says("insufficient funds") ? LedgerFailure.InsufficientFunds : error.Says("nonce too low") ? LedgerFailure.Nonce : LedgerFailure.Refused,
        $"The node refuses: {error.Message} ({error.Code}).");

    private static string Hex(Hash256 hash) => $"0x{hash}";

    private static string Tag(ulong? block) => block is { } number ? EthereumJson.Quantity(number) : Latest;

    private static JsonRpcRequest BlockByTag(string tag) => new("eth_getBlockByNumber", tag, false);

    private static JsonRpcRequest Receipt(Hash256 transaction) => new("eth_getTransactionReceipt", Hex(transaction));

    private static JsonObject FilterJson(LedgerEventFilter filter)
    {
        var query = new JsonObject();
        if (filter.Contracts.Count > 0)
        {
            query["address"] = new JsonArray([.. filter.Contracts.Select(contract => JsonValue.Create(contract.ToString()))]);
        }

        if (filter.Kinds.Count > 0)
        {
            query["topics"] = new JsonArray(new JsonArray([.. filter.Kinds.Select(kind => JsonValue.Create(Hex(kind)))]));
        }

        return query;
    }

    private static List<LedgerEvent> ReadEvents(JsonElement json, LedgerEventFilter filter, Func<LedgerEvent, bool> isInside)
    {
        var events = EthereumJson.List(json, EthereumReceipt.ReadEvent).Where(told => !told.IsRemoved).ToList();
        for (var i = 0; i < events.Count; i++)
        {
            var isAfter = i == 0 || (events[i - 1].BlockNumber, events[i - 1].Index).CompareTo((events[i].BlockNumber, events[i].Index)) < 0;
            if (!isAfter || !isInside(events[i]) || (filter.Kinds.Count > 0 && events[i].Topics.Count == 0) || !filter.Takes(events[i]))
            {
                throw EthereumJson.Wrong("events are out of order, twice there, or not those that were asked for");
            }
        }

        return events;
    }

    private static EthereumBlock? ReadBlock(JsonRpcAnswer answer, ulong number)
    {
        if (answer.IsNull)
        {
            return null;
        }

        var block = EthereumBlock.Read(Result(answer));
        return block.Number == number ? block : throw EthereumJson.Wrong($"block {block.Number} stands where {number} should");
    }

    private static EthereumReceipt? ReadReceipt(JsonRpcAnswer answer, Hash256 transaction)
    {
        if (answer.IsNull)
        {
            return null;
        }

        var receipt = EthereumReceipt.Read(Result(answer));
        return receipt.Transaction == transaction ? receipt : throw EthereumJson.Wrong("a receipt is of another transaction");
    }

    private static JsonElement Result(JsonRpcAnswer answer) => answer.Error is { } error ? throw Refusal(error) : answer.Result;

    private async Task<JsonElement> ResultAsync(JsonRpcRequest request, CancellationToken cancellationToken) =>
        Result(await CallAsync(request, cancellationToken).ConfigureAwait(false));

    private Task<JsonRpcAnswer> CallAsync(JsonRpcRequest request, CancellationToken cancellationToken) => client.CallAsync(request, cancellationToken);
}
