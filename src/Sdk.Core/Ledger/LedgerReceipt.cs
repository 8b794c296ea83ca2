using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger;

/// <summary>An operation was included and its contract did what was asked.</summary>
/// <param name="Transaction">The operation's hash.</param>
/// <param name="BlockNumber">The block.</param>
/// <param name="BlockHash">The block's hash: on an EVM, a reorganisation may put the operation into another block.</param>
/// <param name="Events">What contracts told.</param>
/// <param name="GasUsed">What it took to run it; zero on the embedded ledger.</param>
public sealed record LedgerReceipt(Hash256 Transaction, ulong BlockNumber, Hash256 BlockHash, IReadOnlyList<LedgerEvent> Events, ulong GasUsed);
