namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>What the vault knows of one issuer's cheques to one beneficiary.</summary>
/// <param name="PaidOut">How much of them was paid in all, in base units.</param>
/// <param name="Hard">What the issuer has reserved for the beneficiary.</param>
/// <param name="Missing">What was presented and could not be paid yet: the bounce on record.</param>
public readonly record struct VaultBook(TokenAmount PaidOut, TokenAmount Hard, TokenAmount Missing);
