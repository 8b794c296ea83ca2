using System.Text.Json;

namespace Sdk.Interop.Ethereum;

/// <summary>What became of a transaction that anvil itself signed.</summary>
/// <param name="Hash">The transaction's hash, with 0x.</param>
/// <param name="IsSuccess">False: it was reverted.</param>
/// <param name="GasUsed">Gas that the whole transaction took, intrinsic gas and refunds included.</param>
/// <param name="BlockNumber">The block that holds it.</param>
/// <param name="ContractAddress">The contract that it made, with 0x; null where it made none.</param>
/// <param name="Json">All that anvil says.</param>
public sealed record AnvilReceipt(string Hash, bool IsSuccess, ulong GasUsed, ulong BlockNumber, string? ContractAddress, JsonElement Json);

/// <summary>anvil answered a call with an error.</summary>
/// <param name="code">JSON-RPC's code.</param>
/// <param name="message">What anvil says.</param>
/// <param name="data">What came with it: a reverted call's data, with 0x; null without.</param>
public sealed class AnvilErrorException(int code, string message, string? data) : Exception($"{code}: {message} {data}")
{
    public int Code => code;

    /// <summary>The data of a revert, with 0x; null where there are none.</summary>
    public string? RevertData => data;
}
