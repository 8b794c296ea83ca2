namespace Sdk.Core.Ledger.Modules.Vault;

/// <summary>What an account has in the vault.</summary>
/// <param name="Amount">All of it, in base units.</param>
/// <param name="HardTotal">The part that is reserved for single beneficiaries.</param>
public readonly record struct VaultDeposit(TokenAmount Amount, TokenAmount HardTotal)
{
    /// <summary>What any beneficiary's cheque can be paid from.</summary>
    public TokenAmount Free => Amount - HardTotal;
}
