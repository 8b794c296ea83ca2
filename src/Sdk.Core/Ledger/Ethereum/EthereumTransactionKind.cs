namespace Sdk.Core.Ledger.Ethereum;

/// <summary>The form of a transaction; the number is its first byte (EIP-2718), except of the oldest form, which has none.</summary>
internal enum EthereumTransactionKind : byte
{
    /// <summary>One gas price; with the chain's id in the signature (EIP-155), or without.</summary>
    Legacy = 0,

    /// <summary>One gas price and an access list (EIP-2930).</summary>
    AccessList = 1,

    /// <summary>A tip, a cap on the whole fee, and an access list (EIP-1559).</summary>
    DynamicFee = 2,
}
