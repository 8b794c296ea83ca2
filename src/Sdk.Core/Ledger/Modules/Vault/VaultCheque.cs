using Sdk.Core.Cryptography;

namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>One cheque of a batch; the beneficiary is that of the batch.</summary>
/// <param name="Issuer">Whose deposit pays.</param>
/// <param name="CumulativePayout">What the beneficiary shall have been paid by the issuer in all, in base units.</param>
/// <param name="Signature">The issuer's signature.</param>
public readonly record struct VaultCheque(AccountAddress Issuer, TokenAmount CumulativePayout, Signature Signature);
