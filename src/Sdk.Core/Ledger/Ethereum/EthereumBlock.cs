using System.Text.Json;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>What the client needs to know of a block.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Parent">The hash of the block before it.</param>
/// <param name="TimestampSeconds">Its time, unix seconds.</param>
/// <param name="BaseFeeWei">What a unit of gas costs in it at least (EIP-1559).</param>
/// <param name="Transactions">The hashes of the transactions in it.</param>
internal sealed record EthereumBlock(
    ulong Number, Hash256 Hash, Hash256 Parent, ulong TimestampSeconds, TokenAmount BaseFeeWei, IReadOnlyList<Hash256> Transactions)
{
    /// <exception cref="LedgerException">It is no block, or one without a base fee (<see cref="LedgerFailure.Untrustworthy"/>).</exception>
    public static EthereumBlock Read(JsonElement json) => new(
        EthereumJson.UInt64(EthereumJson.Member(json, "number")),
        EthereumJson.Hash(EthereumJson.Member(json, "hash")),
        EthereumJson.Hash(EthereumJson.Member(json, "parentHash")),
        EthereumJson.UInt64(EthereumJson.Member(json, "timestamp")),
        EthereumJson.Amount(EthereumJson.Member(json, "baseFeePerGas")),
        EthereumJson.List(EthereumJson.Member(json, "transactions"), EthereumJson.Hash));

    /// <summary>The time as a date.</summary>
    /// <exception cref="LedgerException">It is after the year 9999 (<see cref="LedgerFailure.Untrustworthy"/>).</exception>
    public DateTimeOffset Time => TimestampSeconds <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds()
        ? DateTimeOffset.FromUnixTimeSeconds((long)TimestampSeconds)
        : throw EthereumJson.Wrong("a block's time is after the year 9999");
}
