using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Ethereum;

/// <summary>What a transaction says beforehand that it will touch (EIP-2930).</summary>
/// <param name="Account">The account.</param>
/// <param name="StorageKeys">The words of its storage.</param>
internal sealed record AccessListEntry(AccountAddress Account, IReadOnlyList<Hash256> StorageKeys);
