using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>A call of a contract, or a payment in the native coin.</summary>
/// <param name="To">The contract, or who is paid.</param>
/// <param name="Data">The function's selector and arguments as Solidity's ABI encodes them; empty for a payment.</param>
/// <param name="Value">What is paid with it, in the smallest unit of the native coin.</param>
public readonly record struct LedgerCall(AccountAddress To, ReadOnlyMemory<byte> Data, TokenAmount Value = default);
