namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>An announced withdrawal, or decrease of a hard deposit.</summary>
/// <param name="Amount">How much, in base units; zero where nothing is announced.</param>
/// <param name="AvailableAt">Since when it can be carried out, in seconds since 1970.</param>
public readonly record struct VaultRequest(TokenAmount Amount, ulong AvailableAt);
